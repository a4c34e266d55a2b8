"""HTTP helpers for the routes of every service: transactions, authentication, and errors as problem+json."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.access.cache import Access
from shared.base.credentials import Principal
from shared.base.errors import BatonError, NotAllowed
from shared.base.hosts import is_loopback
from shared.base.ids import new_id
from shared.store.database import Database
from shared.store.failures import is_infrastructure_error
from shared.store.tx import Tx

log = logging.getLogger(__name__)

UNAVAILABLE = "The database or the bus is unavailable at the moment; send the request again."
INTERNAL = "The request failed inside Baton; the log has the cause under the request id."

LOCAL_ADMIN = Principal("local", None, frozenset({"admin"}))


def in_transaction(service: str) -> Callable[[Request], AsyncIterator[Tx]]:
    """A dependency: a write transaction of the service. Use it with scope="function", so it commits before the response."""

    async def transaction(request: Request) -> AsyncIterator[Tx]:
        async with database(request, service).transaction() as tx:
            yield tx

    return transaction


def reading(service: str) -> Callable[[Request], AsyncIterator[Tx]]:
    """A dependency: a read-only transaction of the service."""

    async def read(request: Request) -> AsyncIterator[Tx]:
        async with database(request, service).reading() as tx:
            yield tx

    return read


def database(request: Request, service: str) -> Database:
    """The database of a service in this process."""
    service_database: Database = request.app.state.databases[service]
    return service_database


def access_of(request: Request) -> Access:
    """The cache of API keys, endpoints and destinations."""
    access: Access = request.app.state.access
    return access


def allow(*roles: str, local: bool = True) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency: the principal of the request, who must have one of the roles.

    In embedded mode on loopback no key is needed, if `local` allows that; a key that is sent must be valid all the same.
    Raises NotAllowed: 401 without a valid key, 403 without the role.
    """

    async def check(request: Request) -> Principal:
        principal = await authenticate(request)
        if principal is None and "authorization" in request.headers:
            raise NotAllowed("This key is not known, or revoked; `baton keys list` shows the valid ones.", status=401)
        if principal is None and local and is_local_trusted(request):
            return LOCAL_ADMIN
        if principal is None:
            raise NotAllowed("This needs an API key: send `Authorization: Bearer KEY`.", status=401)
        if not principal.may(*roles):
            raise NotAllowed(f"The key {principal.name!r} lacks the role; this needs one of: {', '.join(roles)}.")
        return principal

    return check


async def authenticate(request: Request) -> Principal | None:
    """The principal of the request's API key (header, or the console's cookie); None without a valid key."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        token = request.cookies.get("__Host-baton", "") or request.cookies.get("baton", "")
        if token and not same_origin(request):
            return None
    return await principal_of_key(request, token.strip()) if token else None


async def principal_of_key(request: Request, key: str) -> Principal | None:
    """The principal of an API key; None when the key is not valid."""
    access = access_of(request)
    await access.reload_if_changed_elsewhere()
    return access.principal(key)


def is_local_trusted(request: Request) -> bool:
    """Whether the request needs no key: embedded mode bound to loopback, a loopback host name, no other site's page."""
    return bool(request.app.state.loopback) and is_loopback(request.url.hostname or "") and same_origin(request)


def same_origin(request: Request) -> bool:
    """Whether the request's headers name no other site as its origin."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def json_response(
    body: Any, status: int = 200, headers: dict[str, str] | None = None, *, media_type: str = "application/json"
) -> Response:
    """A response with a JSON body; datetimes become RFC 3339 UTC."""
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS), status, headers, media_type)


def problem(request: Request, status: int, kind: str, detail: str, **extra: Any) -> Response:
    """An RFC 9457 problem+json response; a 503 tells the client to retry after 2 seconds."""
    body = {
        "type": f"/problems/{kind}",
        "status": status,
        "detail": detail,
        "request": request.scope.get("request_id"),
        **extra,
    }
    headers = {"Retry-After": "2"} if status == 503 else {}
    return json_response(body, status, headers, media_type="application/problem+json")


def add_error_handlers(app: FastAPI) -> None:
    """Map every error to a problem+json response."""

    @app.exception_handler(BatonError)
    async def baton_error(request: Request, error: BatonError) -> Response:
        return problem(request, error.status, error.kind, error.sentence, **error.extra)

    @app.exception_handler(RequestValidationError)
    async def invalid_request(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return problem(request, 422, "invalid", f"{where}: {first['msg']}.")

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        response = problem(request, error.status_code, "http", str(error.detail))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(Exception)
    async def unexpected_error(request: Request, error: Exception) -> Response:
        if is_infrastructure_error(error):
            return unavailable(request)
        log.error("A request failed with an unexpected error.", exc_info=error)
        return problem(request, 500, "internal", INTERNAL)


def unavailable(request: Request) -> Response:
    """The 503 response for a failure of the database or the bus."""
    return problem(request, 503, "unavailable", UNAVAILABLE)


class SafetyMiddleware:
    """Adds a request id and safe headers to every response, and turns failures of the database into 503 instead of 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["request_id"] = new_id()

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": _with_safe_headers(message["headers"], scope["request_id"])}
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            if not is_infrastructure_error(error):
                raise
            response = unavailable(Request(scope, receive))
            await response(scope, receive, send_with_headers)


def _with_safe_headers(headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    present = {name.lower() for name, _ in headers}
    missing = [pair for pair in SAFE_HEADERS if pair[0] not in present]
    return [*headers, *missing, (b"x-request-id", request_id.encode())]


SAFE_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
    (
        b"content-security-policy",
        b"""default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; \
connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'""",
    ),
]


def combine_routers(*routers: APIRouter) -> APIRouter:
    """One router with the routes of several."""
    combined = APIRouter()
    for router in routers:
        combined.include_router(router)
    return combined
