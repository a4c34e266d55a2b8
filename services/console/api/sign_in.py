"""Routes of the sign-in: an API key, stored in a cookie of this site, for addresses that are not trusted."""

import logging
from typing import Annotated

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from services.console.api.rendering import html
from services.console.api.viewer import ROLES
from shared.base.ids import is_uuid
from shared.web.http import principal_of_key, same_origin

log = logging.getLogger(__name__)
WRONG_KEY = "This key does not open the console; ask the admin who created it."
SESSION_SECONDS = 12 * 3600
SECURE_COOKIE, PLAIN_COOKIE = COOKIES = ("__Host-baton", "baton")


def sign_in_routes() -> APIRouter:
    """The routes to sign in and out."""
    router = APIRouter()

    @router.get("/sign-in", include_in_schema=False)
    async def sign_in_page(to: str = "/") -> Response:
        """The sign-in page."""
        return html("sign_in.html", problem="", to=_safe_return_path(to))

    @router.post("/sign-in", include_in_schema=False)
    async def sign_in(request: Request, key: Annotated[str, Form()] = "", to: Annotated[str, Form()] = "/") -> Response:
        """Sign in with an API key, which is stored in a cookie of this site."""
        principal = await principal_of_key(request, key.strip())
        if principal is None or not principal.may(*ROLES) or not same_origin(request):
            log.warning("A sign-in was refused.", extra={"request": request.scope.get("request_id")})
            return html("sign_in.html", status=401, problem=WRONG_KEY, to=_safe_return_path(to))
        response = RedirectResponse(_safe_return_path(to), 303)
        secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
        response.set_cookie(
            SECURE_COOKIE if secure else PLAIN_COOKIE,
            key.strip(),
            httponly=True,
            samesite="strict",
            secure=secure,
            path="/",
            max_age=SESSION_SECONDS,
        )
        return response

    @router.post("/sign-out", include_in_schema=False)
    async def sign_out(request: Request) -> Response:
        """Delete the cookies with the key."""
        response = RedirectResponse("/sign-in", 303)
        for name in COOKIES:
            response.delete_cookie(name, path="/", secure=name.startswith("__"), httponly=True, samesite="strict")
        return response

    return router


def _safe_return_path(to: str) -> str:
    """The page to show after the sign-in: a lead's page, else the live board; never another site."""
    return to if to.startswith("/leads/") and is_uuid(to.removeprefix("/leads/")) else "/"
