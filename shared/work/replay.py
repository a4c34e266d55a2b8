"""Replays or drops a dead letter, then handles the later dead letters of the same key."""

import time

from shared.base.errors import BadRequest, NotFound
from shared.events.base import decode
from shared.store.database import Database
from shared.store.failures import is_infrastructure_error
from shared.store.tx import Tx
from shared.work import dead_letters, dedupe, scheduler
from shared.work.dead_letters import DeadLetter
from shared.work.dispatch import EventHandlers, dispatch
from shared.work.scheduler import DueHandler

TIME_LIMIT = 60.0
"""Seconds after which a replay stops; the remaining dead letters stay open for the next replay."""


async def replay(
    db: Database,
    handlers: EventHandlers,
    due_handlers: dict[str, DueHandler],
    letter_id: str,
    by: str,
    *,
    drop: bool = False,
) -> str:
    """Handle a dead letter again, or drop it, then handle those it blocks, in order. Returns a summary for people.

    Raises NotFound when the dead letter is not open, and BadRequest (409) when an earlier one blocks it or when a dead
    letter fails again."""
    async with db.reading() as tx:
        first = await dead_letters.get(tx, letter_id)
    if first is None or first.state != "open":
        raise NotFound(
            f"There is no open dead letter {letter_id} in {db.service}; `baton dlq list` shows those that are open."
        )
    settled = 0
    started = time.monotonic()
    while time.monotonic() - started < TIME_LIMIT:
        head = await _settle_head(
            db, handlers, due_handlers, first, by, drop=drop and settled == 0, earliest=settled == 0
        )
        if head is None:
            return f"{_summary(settled, drop)}; this key has no open dead letter any more."
        settled += 1
    return f"{_summary(settled, drop)}; more wait behind: replay again."


def _summary(settled: int, drop: bool) -> str:
    return f"1 dropped, {settled - 1} handled" if drop else f"{settled} handled"


async def _settle_head(
    db: Database,
    handlers: EventHandlers,
    due_handlers: dict[str, DueHandler],
    first: DeadLetter,
    by: str,
    *,
    drop: bool,
    earliest: bool,
) -> DeadLetter | None:
    """Settle and return the earliest open dead letter of the key of `first`; None when there is none.

    With `earliest`, raise BadRequest (409) unless that dead letter is `first` itself."""
    head: DeadLetter | None = None
    try:
        async with db.transaction() as tx:
            queue = await dead_letters.lock_open(tx, first.topic, first.key)
            if not queue:
                return None
            if earliest and queue[0].id != first.id:
                sentence = f"Dead letter {first.id} waits behind {queue[0].id}; replay or drop that one first."
                raise BadRequest(sentence, status=409)
            head = queue[0]
            if not drop:
                await _handle_again(tx, handlers, due_handlers, head)
            await dead_letters.settle(tx, head.id, "dropped" if drop else "replayed", by)
    except Exception as error:
        if is_infrastructure_error(error) or head is None:
            raise
        async with db.transaction() as tx:
            await dead_letters.record_failure(tx, head.id, error)
        raise BadRequest(f"It failed again: {dead_letters.reason_of(error)}", status=409) from error
    return head


async def _handle_again(
    tx: Tx, handlers: EventHandlers, due_handlers: dict[str, DueHandler], letter: DeadLetter
) -> None:
    if letter.topic == dead_letters.SCHEDULED:
        await scheduler.replay_item(tx, due_handlers, letter.body)
        return
    events = await dedupe.claim_new(tx, [decode(letter.body)])
    await dispatch(tx, handlers, [event for event in events if type(event.data) in handlers])
