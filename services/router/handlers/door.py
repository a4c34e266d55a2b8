"""The door: what is authentic is stored with the answer it gets, many requests in one commit."""

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.router.sources.responses import WebhookResponse
from services.router.store import intake
from shared.access.cache import Access
from shared.base import failpoints
from shared.events.intake import IntakeReceived
from shared.store.database import Database
from shared.store.tx import Tx


@dataclass(frozen=True, slots=True)
class Knock:
    """One authentic request, ready to be stored. `still` says whether it is authentic by the doors as they are now."""

    intake: str
    endpoint: str
    source: str
    dedupe_key: str
    window: timedelta
    method: str
    query: str
    content_type: str
    headers: dict[str, str]
    body: bytes
    answer: WebhookResponse
    still: Callable[[], WebhookResponse | None] = lambda: None

    @property
    def place(self) -> tuple[str, str]:
        """Where it would be known."""
        return self.endpoint, self.dedupe_key


class Door:
    """Stores requests for one process; used by its Gather."""

    def __init__(self, db: Database, access: Access) -> None:
        self._db = db
        self._access = access

    async def store(self, knocks: list[Knock]) -> list[WebhookResponse]:
        """Answer each request: what is new is stored and announced, what is known gets its first answer again."""
        answers = await self._db.run(lambda tx: self._store(tx, knocks))
        failpoints.hit("tx_committed_before_2xx")
        return answers

    async def _store(self, tx: Tx, knocks: list[Knock]) -> list[WebhookResponse]:
        refused: dict[str, WebhookResponse] = {}
        if not await self._access.reload_if_stale(tx):
            refused = {knock.intake: answer for knock in knocks if (answer := knock.still())}
        firsts: dict[tuple[str, str], Knock] = {}
        for knock in knocks:
            if knock.intake not in refused:
                firsts.setdefault(knock.place, knock)
        made = await intake.keep(tx, [_row(tx, knock) for knock in firsts.values()])
        known = await intake.stored(tx, [place for place, knock in firsts.items() if knock.intake not in made])
        for knock in firsts.values():
            if knock.intake in made:
                tx.emit(_received(tx, knock), subject=knock.intake)
        return [refused.get(knock.intake) or _answer(knock, firsts, known) for knock in knocks]


def _answer(knock: Knock, firsts: dict[tuple[str, str], Knock], known: dict[tuple[str, str], Any]) -> WebhookResponse:
    row = known.get(knock.place)
    if row is None:
        return firsts[knock.place].answer
    return WebhookResponse(row["answer_status"], row["answer_headers"], row["answer_body"])


def _row(tx: Tx, knock: Knock) -> dict[str, Any]:
    return {
        "id": knock.intake,
        "endpoint": knock.endpoint,
        "dedupe_key": knock.dedupe_key,
        "known_until": tx.wall + knock.window,
        "source": knock.source,
        "received_at": tx.now,
        "method": knock.method,
        "query": knock.query,
        "content_type": knock.content_type,
        "headers": knock.headers,
        "body": knock.body,
        "answer_status": knock.answer.status,
        "answer_headers": dict(knock.answer.headers),
        "answer_body": knock.answer.body,
        "elements": None,
    }


def _received(tx: Tx, knock: Knock) -> IntakeReceived:
    return IntakeReceived(
        endpoint=knock.endpoint,
        source=knock.source,
        received_at=tx.now,
        method=knock.method,
        query=knock.query,
        content_type=knock.content_type,
        headers=knock.headers,
        body=base64.b64encode(knock.body).decode(),
    )
