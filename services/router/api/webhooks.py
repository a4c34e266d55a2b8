"""Webhooks over HTTP: verify the raw bytes of a request, commit them, and respond as its source needs it."""

import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.router.api.submit import BodyTooLarge, http_response, read_body, submit
from services.router.handlers.parse_intake import endpoint_config
from services.router.handlers.webhook_store import IncomingWebhook
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
from shared.web.http import access_of, database

log = logging.getLogger(__name__)
METHODS = ["GET", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"]


async def receive_webhook(request: Request) -> Response:
    """Answer one request of a sender."""
    endpoint = await _find_endpoint(request, request.path_params["endpoint_id"])
    if endpoint is None:
        return http_response("unknown", responses.unknown_endpoint())
    if endpoint.revoked:
        return http_response(endpoint.source, responses.tombstone())
    kind = source_named(endpoint.source)
    headers = lower_case_headers(request.headers.raw)
    length = request.headers.get("content-length", "")
    refusal = kind.early_refusal(request.method, int(length) if length.isdecimal() else None)
    if refusal:
        return http_response(kind.name, refusal)
    try:
        body = await read_body(request, kind.max_body_bytes)
    except BodyTooLarge:
        return http_response(kind.name, responses.too_large(kind.max_body_bytes))
    query = request.scope["query_string"].decode("latin-1")
    url, path_secret = signed_url(endpoint.url, query), request.path_params.get("path_secret")
    received = WebhookRequest(request.method, url, headers, body, path_secret)
    return http_response(kind.name, await _accept(request, kind, endpoint, received, query))


# Plain routes: FastAPI's dependencies would cost more than verifying and storing do.
routes = (
    Route("/webhooks/{endpoint_id}", receive_webhook, methods=METHODS),
    Route("/webhooks/{endpoint_id}/{path_secret}", receive_webhook, methods=METHODS),
)


async def _accept(
    request: Request, kind: Source, endpoint: Endpoint, received: WebhookRequest, query: str
) -> WebhookResponse:
    """Verify a request and store it."""
    verification = _verify(request, kind, endpoint, received)
    if not verification.ok:
        extra = {"service": "router", "endpoint": endpoint.id, "request": request.scope.get("request_id")}
        reason, explanation = verification.reason, verification.explanation
        log.info("Endpoint %s refused a request (%s). %s", endpoint.name, reason, explanation, extra=extra)
        return kind.verification_refusal(verification)
    failpoints.hit("verified")
    unsupported = kind.unsupported_content(received.headers)
    if unsupported:
        return unsupported
    intake = new_id()
    content_type, headers = received.headers.get("content-type", ""), stored_headers(received.headers)
    delivery = Delivery(received.body, content_type, headers, received.method, query)
    response = first_response(kind, intake, delivery, endpoint_config(endpoint))
    if response.status >= 400:
        return response
    key, named_by_sender = kind.delivery_key(received.headers, received.body, query)
    webhook = IncomingWebhook(
        intake=intake,
        endpoint=endpoint.id,
        source=kind.name,
        dedupe_key=key,
        dedupe_window=kind.dedupe_window(verification.scheme, named_by_sender),
        method=received.method,
        query=query,
        content_type=content_type,
        headers=dict(headers),
        body=received.body,
        response=response,
        reverify=lambda: _reverify(request, kind, endpoint.id, received),
    )
    try:
        return await submit(request, kind, webhook)
    except Exception:
        log.exception("A request could not be stored for an unknown reason.")
        return responses.unavailable(kind.response_policy)


def _reverify(request: Request, kind: Source, endpoint_id: str, received: WebhookRequest) -> WebhookResponse | None:
    """Verify a request again by the endpoint as it is now; returns the response that refuses it, or None."""
    endpoint = access_of(request).endpoint(endpoint_id)
    if endpoint is None or endpoint.revoked:
        return responses.tombstone()
    return None if _verify(request, kind, endpoint, received).ok else responses.unauthorized()


def _verify(request: Request, kind: Source, endpoint: Endpoint, received: WebhookRequest) -> Verification:
    clock = database(request, "router").clock
    schemes = endpoint.options.get("schemes") or ([endpoint.scheme] if endpoint.scheme else [])
    return kind.verify(schemes, received, endpoint.secrets, clock.local().wall.timestamp())


async def _find_endpoint(request: Request, endpoint_id: str) -> Endpoint | None:
    """The endpoint with this id; another process may have created it since the cache was read."""
    access = access_of(request)
    endpoint = access.endpoint(endpoint_id)
    if endpoint is None:
        await access.reload_if_changed_elsewhere()
        endpoint = access.endpoint(endpoint_id)
    return endpoint
