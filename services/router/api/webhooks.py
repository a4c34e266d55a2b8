"""The webhook door: authenticate raw bytes, commit, answer as that source needs."""

import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.router.handlers.door import Door, Knock
from services.router.handlers.reading import setup_of
from services.router.sources import responses
from services.router.sources.delivery import Delivery
from services.router.sources.first_response import first_response
from services.router.sources.registry import source_named, stored_headers
from services.router.sources.request import WebhookRequest, lower_case_headers, signed_url
from services.router.sources.responses import WebhookResponse
from services.router.sources.source import Source
from services.router.sources.verify import Verification
from shared.base import failpoints
from shared.base.credentials import Endpoint
from shared.base.ids import new_id
from shared.base.telemetry import WEBHOOKS_RECEIVED
from shared.store.failures import is_infrastructure_error
from shared.store.group_commit import GroupCommit
from shared.web.http import access_of, database

log = logging.getLogger(__name__)
METHODS = ["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"]


class TooLarge(Exception):
    """The body is over the cap; reading stopped."""


async def body_of(request: Request, cap: int) -> bytes:
    """The raw body, read no further than the cap. Raises TooLarge."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > cap:
            raise TooLarge
        chunks.append(chunk)
    return b"".join(chunks)


def gather_of(request: Request) -> GroupCommit[Knock, WebhookResponse]:
    """The group commit of this process."""
    state = request.app.state
    if not hasattr(state, "door"):
        state.door = GroupCommit(Door(database(request, "router"), access_of(request)).store)
    found: GroupCommit[Knock, WebhookResponse] = state.door
    return found


async def webhook(request: Request) -> Response:
    """One request of a sender."""
    path_secret = request.path_params.get("path_secret")
    endpoint = await _endpoint(request, request.path_params["endpoint_id"])
    if endpoint is None:
        return _sent("unknown", responses.unknown_endpoint())
    if endpoint.revoked:
        return _sent(endpoint.source, responses.tombstone())
    kind = source_named(endpoint.source)
    headers = lower_case_headers(request.headers.raw)
    length = request.headers.get("content-length", "")
    refused = kind.early_refusal(request.method, int(length) if length.isdecimal() else None)
    if refused:
        return _sent(kind.name, refused)
    try:
        body = await body_of(request, kind.max_body_bytes)
    except TooLarge:
        return _sent(kind.name, responses.too_large(kind.max_body_bytes))
    query = request.scope["query_string"].decode("latin-1")
    received = WebhookRequest(request.method, signed_url(endpoint.url, query), headers, body, path_secret)
    return _sent(kind.name, await _let_in(request, kind, endpoint, received, query))


async def _let_in(
    request: Request, kind: Source, endpoint: Endpoint, received: WebhookRequest, query: str
) -> WebhookResponse:
    verdict = _verified(request, kind, endpoint, received)
    if not verdict.ok:
        traces = {"service": "router", "endpoint": endpoint.id, "request": request.scope.get("request_id")}
        log.info(
            "Endpoint %s refused a request (%s). %s", endpoint.name, verdict.reason, verdict.explanation, extra=traces
        )
        return kind.verification_refusal(verdict)
    failpoints.hit("verified")
    unfit = kind.unsupported_content(received.headers)
    if unfit:
        return unfit
    intake = new_id()
    delivery = Delivery(
        received.body,
        received.headers.get("content-type", ""),
        stored_headers(received.headers),
        received.method,
        query,
    )
    first = first_response(kind, intake, delivery, setup_of(endpoint))
    if first.status >= 400:
        return first
    key, named = kind.delivery_key(received.headers, received.body, query)

    def still() -> WebhookResponse | None:
        now = access_of(request).endpoint(endpoint.id)
        if now is None or now.revoked:
            return responses.tombstone()
        return None if _verified(request, kind, now, received).ok else responses.unauthorized()

    knock = Knock(
        intake=intake,
        endpoint=endpoint.id,
        source=kind.name,
        dedupe_key=key,
        window=kind.dedupe_window(verdict.scheme, named),
        method=received.method,
        query=query,
        content_type=delivery.content_type,
        headers=dict(delivery.headers),
        body=received.body,
        answer=first,
        still=still,
    )
    try:
        return await gather_of(request).submit(knock)
    except Exception as error:
        if not is_infrastructure_error(error):
            log.exception("A request could not be stored, in a way that is not known.")
        return responses.unavailable(kind.response_policy)


# Plain routes: FastAPI's dependencies would cost more than verifying and storing do.
doors = (
    Route("/webhooks/{endpoint_id}", webhook, methods=METHODS),
    Route("/webhooks/{endpoint_id}/{path_secret}", webhook, methods=METHODS),
)


async def _endpoint(request: Request, endpoint_id: str) -> Endpoint | None:
    access = access_of(request)
    found = access.endpoint(endpoint_id)
    if found is None and access.db.dialect == "postgresql":
        async with access.db.reading() as tx:
            await access.reload_if_stale(tx)
        found = access.endpoint(endpoint_id)
    return found


def _verified(request: Request, kind: Source, endpoint: Endpoint, received: WebhookRequest) -> Verification:
    clock = database(request, "router").clock
    schemes = endpoint.options.get("schemes") or ([endpoint.scheme] if endpoint.scheme else [])
    return kind.verify(schemes, received, endpoint.secrets, clock.local().wall.timestamp())


def _sent(source_name: str, answer: WebhookResponse) -> Response:
    WEBHOOKS_RECEIVED.labels(source_name, str(answer.status)).inc()
    return Response(answer.body, answer.status, dict(answer.headers))
