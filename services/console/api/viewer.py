"""Who looks at a page: whoever has a key with a reading role; embedded on loopback, anybody."""

from fastapi import Request

from shared.base.credentials import Principal
from shared.web.http import LOCAL_ADMIN, authenticate, is_local_trusted

ROLES = ("manager", "marketing", "executive", "ops")
"""Who may read; an admin may everything."""


async def viewer(request: Request) -> Principal | None:
    """Who looks; None when they must sign in first."""
    who = await authenticate(request)
    if who is not None:
        return who if who.may(*ROLES) else None
    return LOCAL_ADMIN if is_local_trusted(request) else None
