"""Submission of one request: its body is read up to a cap, and stored by the process's group commit."""

from starlette.requests import Request
from starlette.responses import Response

from services.router.handlers.webhook_store import IncomingWebhook, WebhookStore
from services.router.sources import responses
from services.router.sources.responses import WebhookResponse
from services.router.sources.source import Source
from shared.base.telemetry import WEBHOOKS_RECEIVED
from shared.store.failures import is_infrastructure_error
from shared.store.group_commit import GroupCommit
from shared.web.http import access_of, database


class BodyTooLarge(Exception):
    """The body is longer than the cap; reading has stopped."""


async def read_body(request: Request, cap: int) -> bytes:
    """The raw body, of at most `cap` bytes. Raises BodyTooLarge."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > cap:
            raise BodyTooLarge
        chunks.append(chunk)
    return b"".join(chunks)


async def submit(request: Request, kind: Source, webhook: IncomingWebhook) -> WebhookResponse:
    """Store a request with others in one commit; 503 if the database cannot be reached."""
    try:
        return await _group_commit(request).submit(webhook)
    except Exception as error:
        if not is_infrastructure_error(error):
            raise
        return responses.unavailable(kind.response_policy)


def _group_commit(request: Request) -> GroupCommit[IncomingWebhook, WebhookResponse]:
    """The group commit of this process, created at its first request."""
    state = request.app.state
    if not hasattr(state, "webhook_commit"):
        state.webhook_commit = GroupCommit(WebhookStore(database(request, "router"), access_of(request)).store)
    commit: GroupCommit[IncomingWebhook, WebhookResponse] = state.webhook_commit
    return commit


def http_response(source_name: str, response: WebhookResponse) -> Response:
    """Build the HTTP response, and count it by source and status."""
    WEBHOOKS_RECEIVED.labels(source_name, str(response.status)).inc()
    return Response(response.body, response.status, dict(response.headers))
