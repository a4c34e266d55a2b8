"""The web part of every service: one transaction for each request, who may ask, and errors as problem+json."""

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

LOCAL_ADMIN = Principal("local", None, frozenset({"admin"}))


def in_transaction(service: str) -> Callable[[Request], AsyncIterator[Tx]]:
    """A dependency: a write transaction of the service; use with scope="function", so it commits before the answer."""

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
    """The service's database of this process."""
    found: Database = request.app.state.databases[service]
    return found


def access_of(request: Request) -> Access:
    """Keys, doors and targets."""
    found: Access = request.app.state.access
    return found


def allow(*roles: str, local: bool = True) -> Callable[[Request], Awaitable[Principal]]:
    """A dependency: whoever has one of the roles. Embedded on loopback no key is needed, where `local` allows that;
    a key that is sent and does not count is refused all the same."""

    async def check(request: Request) -> Principal:
        who = await authenticate(request)
        if who is None and "authorization" in request.headers:
            raise NotAllowed("This key is not known, or revoked; `baton keys list` shows those that count.", status=401)
        if who is None and local and is_local_trusted(request):
            return LOCAL_ADMIN
        if who is None:
            raise NotAllowed("This needs an API key: send `Authorization: Bearer KEY`.", status=401)
        if not who.may(*roles):
            raise NotAllowed(f"The key {who.name!r} lacks the role; this needs one of: {', '.join(roles)}.")
        return who

    return check


async def authenticate(request: Request) -> Principal | None:
    """Whose key the request carries (header, or the console's cookie); None when it carries none that is valid."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        token = request.cookies.get("__Host-baton", "") or request.cookies.get("baton", "")
        if token and not same_origin(request):
            return None
    if not token:
        return None
    access = access_of(request)
    if access.db.dialect == "postgresql":
        async with access.db.reading() as tx:
            await access.reload_if_stale(tx)
    return access.principal(token.strip())


def is_local_trusted(request: Request) -> bool:
    """Whether this is embedded mode, bound to loopback, asked under a loopback name, and not from another site's page."""
    return bool(request.app.state.loopback) and is_loopback(request.url.hostname or "") and same_origin(request)


def same_origin(request: Request) -> bool:
    """Whether no browser says that another site sent this."""
    if request.headers.get("sec-fetch-site", "same-origin") not in {
        "same-origin",
        "none",
    }:
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def json_response(
    body: Any, status: int = 200, headers: dict[str, str] | None = None, *, media_type: str = "application/json"
) -> Response:
    """Anything that JSON can hold, as an answer; moments become RFC 3339 UTC."""
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS), status, headers, media_type)


def problem(request: Request, status: int, kind: str, detail: str, **extra: Any) -> Response:
    """An RFC 9457 answer."""
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
    """Map the error tree to answers, in one place."""

    @app.exception_handler(BatonError)
    async def known(request: Request, error: BatonError) -> Response:
        return problem(request, error.status, error.kind, error.sentence, **error.extra)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        return problem(request, 422, "invalid", f"{where}: {first['msg']}.")

    @app.exception_handler(HTTPException)
    async def plain(request: Request, error: HTTPException) -> Response:
        told = problem(request, error.status_code, "http", str(error.detail))
        told.headers.update(error.headers or {})
        return told

    @app.exception_handler(Exception)
    async def unknown(request: Request, error: Exception) -> Response:
        if is_infrastructure_error(error):
            return problem(
                request,
                503,
                "unavailable",
                "The database or the bus is away for a moment; send it again.",
            )
        log.error("A request failed in a way that is not known.", exc_info=error)
        return problem(
            request,
            500,
            "internal",
            "Something failed here; the log has it under the request id.",
        )


class SafetyMiddleware:
    """Around every answer: a request id, safe headers, and failures of the database as 503 before they become 500."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        scope["request_id"] = new_id()

        async def dressed(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name.lower() for name, _ in message["headers"]}
                safe = [pair for pair in SAFE_HEADERS if pair[0] not in present]
                message = {
                    **message,
                    "headers": [
                        *message["headers"],
                        *safe,
                        (b"x-request-id", scope["request_id"].encode()),
                    ],
                }
            await send(message)

        try:
            await self.app(scope, receive, dressed)
        except Exception as error:
            if not is_infrastructure_error(error):
                raise
            request = Request(scope, receive)
            answer = problem(
                request,
                503,
                "unavailable",
                "The database or the bus is away for a moment; send it again.",
            )
            await answer(scope, receive, dressed)


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
    """Several doors as one."""
    whole = APIRouter()
    for router in routers:
        whole.include_router(router)
    return whole
