"""Decides who may view the console: keys with a reading role; in embedded mode on loopback, anybody."""

from fastapi import Request

from shared.base.credentials import Principal
from shared.base.errors import NotAllowed
from shared.web.http import LOCAL_ADMIN, authenticate, is_local_trusted

ROLES = ("manager", "marketing", "executive", "ops")
"""Roles that may view; an admin may do everything."""


async def viewer_of(request: Request) -> Principal | None:
    """The viewer of a page; None when the viewer must sign in first."""
    principal = await authenticate(request)
    if principal is not None:
        return principal if principal.may(*ROLES) else None
    return LOCAL_ADMIN if is_local_trusted(request) else None


async def require_viewer(request: Request) -> Principal:
    """The viewer of a page. Raises NotAllowed (401) when the viewer must sign in first."""
    viewer = await viewer_of(request)
    if viewer is None:
        raise NotAllowed("Sign in first.", status=401)
    return viewer
