"""The webhook store: verified requests are stored with the response they get, many of them in one commit."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.router.sources.responses import WebhookResponse
from services.router.store import intake as store
from services.router.store.intake import EndpointKey
from shared.access.cache import Access
from shared.base import failpoints
from shared.events.intake import IntakeReceived
from shared.store.database import Database
from shared.store.tx import Tx


@dataclass(frozen=True, slots=True)
class IncomingWebhook:
    """One verified request, ready to be stored; a repetition within `dedupe_window` gets the stored response again.

    `reverify` checks the request against the endpoints as they are now: the response that refuses it, or None.
    """

    intake: str
    endpoint: str
    source: str
    dedupe_key: str
    dedupe_window: timedelta
    method: str
    query: str
    content_type: str
    headers: dict[str, str]
    body: bytes
    response: WebhookResponse
    reverify: Callable[[], WebhookResponse | None] = lambda: None

    @property
    def endpoint_key(self) -> EndpointKey:
        """The key that recognises a repetition of the request."""
        return self.endpoint, self.dedupe_key


class WebhookStore:
    """Stores requests for one process; its group commit calls `store`."""

    def __init__(self, db: Database, access: Access) -> None:
        self._db = db
        self._access = access

    async def store(self, webhooks: list[IncomingWebhook]) -> list[WebhookResponse]:
        """Store new requests and emit an event for each; returns each response, for a repetition that of the first."""
        responses = await self._db.run(lambda tx: self._store(tx, webhooks))
        failpoints.hit("tx_committed_before_2xx")
        return responses

    async def _store(self, tx: Tx, webhooks: list[IncomingWebhook]) -> list[WebhookResponse]:
        refused: dict[str, WebhookResponse] = {}
        if not await self._access.reload_if_stale(tx):
            refused = {webhook.intake: refusal for webhook in webhooks if (refusal := webhook.reverify())}
        firsts: dict[EndpointKey, IncomingWebhook] = {}
        for webhook in webhooks:
            if webhook.intake not in refused:
                firsts.setdefault(webhook.endpoint_key, webhook)
        inserted = await store.insert_deliveries(tx, [_row(tx, webhook) for webhook in firsts.values()])
        repeated = [key for key, webhook in firsts.items() if webhook.intake not in inserted]
        stored = await store.find_deliveries(tx, repeated)
        for webhook in firsts.values():
            if webhook.intake in inserted:
                tx.emit(_intake_event(tx, webhook), subject=webhook.intake)
        return [refused.get(webhook.intake) or _response(webhook, firsts, stored) for webhook in webhooks]


def _response(
    webhook: IncomingWebhook, firsts: dict[EndpointKey, IncomingWebhook], stored: dict[EndpointKey, Any]
) -> WebhookResponse:
    row = stored.get(webhook.endpoint_key)
    if row is None:
        return firsts[webhook.endpoint_key].response
    return WebhookResponse(row["response_status"], row["response_headers"], row["response_body"])


def _row(tx: Tx, webhook: IncomingWebhook) -> dict[str, Any]:
    return {
        "id": webhook.intake,
        "endpoint": webhook.endpoint,
        "dedupe_key": webhook.dedupe_key,
        "dedupe_until": tx.wall + webhook.dedupe_window,
        "source": webhook.source,
        "received_at": tx.now,
        "method": webhook.method,
        "query": webhook.query,
        "content_type": webhook.content_type,
        "headers": webhook.headers,
        "body": webhook.body,
        "response_status": webhook.response.status,
        "response_headers": dict(webhook.response.headers),
        "response_body": webhook.response.body,
        "item_count": None,
    }


def _intake_event(tx: Tx, webhook: IncomingWebhook) -> IntakeReceived:
    return IntakeReceived(
        endpoint=webhook.endpoint,
        source=webhook.source,
        received_at=tx.now,
        method=webhook.method,
        query=webhook.query,
        content_type=webhook.content_type,
        headers=webhook.headers,
        body=base64.b64encode(webhook.body).decode(),
    )
