"""The sign-in for addresses that need one: an API key, kept in a cookie of this site."""

import logging
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from services.console.api.pages import html
from services.console.api.viewer import ROLES
from shared.base.ids import is_uuid
from shared.web.http import access_of, same_origin

log = logging.getLogger(__name__)
WRONG_KEY = "This key does not open the console; ask whoever made it."
SESSION_HOURS = 12
COOKIES = ("__Host-baton", "baton")


def sign_in_routes() -> APIRouter:
    """Sign in, sign out."""
    router = APIRouter()

    @router.get("/sign-in", include_in_schema=False)
    async def ask(to: str = "/") -> Response:
        """The sign-in page."""
        return html("sign_in.html", wrong="", to=_safe_return_path(to))

    @router.post("/sign-in", include_in_schema=False)
    async def enter(request: Request, key: Annotated[str, Form()] = "", to: Annotated[str, Form()] = "/") -> Response:
        """Sign in with an API key; it is kept in a cookie of this site."""
        access = access_of(request)
        if access.db.dialect == "postgresql":
            async with access.db.reading() as tx:
                await access.reload_if_stale(tx)
        who = access.principal(key.strip())
        if who is None or not who.may(*ROLES) or not same_origin(request):
            log.warning("A sign-in was refused.", extra={"request": request.scope.get("request_id")})
            return html("sign_in.html", status=401, wrong=WRONG_KEY, to=_safe_return_path(to))
        secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
        answer = RedirectResponse(_safe_return_path(to), 303)
        name = COOKIES[0] if secure else COOKIES[1]
        answer.set_cookie(
            name, key.strip(), httponly=True, samesite="strict", secure=secure, path="/", max_age=SESSION_HOURS * 3600
        )
        return answer

    @router.post("/sign-out", include_in_schema=False)
    async def leave(request: Request) -> Response:
        """Forget the key."""
        answer = RedirectResponse("/sign-in", 303)
        for name in COOKIES:
            answer.delete_cookie(name, path="/", secure=name.startswith("__"), httponly=True, samesite="strict")
        return answer

    return router


def _safe_return_path(to: str) -> str:
    """Where to go after: a lead's page, else the floor; never another site."""
    return to if to.startswith("/leads/") and is_uuid(to.removeprefix("/leads/")) else "/"
