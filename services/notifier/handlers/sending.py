"""Sending: notices are claimed, sent outside any transaction, and marked; at least once, each under one message id."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from services.notifier import store
from services.notifier.channels.outcome import Outcome
from services.notifier.channels.post import Post
from services.notifier.domain.wording import Composed
from services.notifier.handlers.compose import compose
from shared import due, points
from shared.db import Tx, ours
from shared.due import Due
from shared.events import NoticeFailed, NoticeSent
from shared.gather import Gather
from shared.pausing import until
from shared.retry import backoff
from shared.service import Desk

log = logging.getLogger(__name__)
LEASE = timedelta(seconds=45)
BOUND = 30.0
BATCH = 50
TRIES = 8
FIRST, MOST = 5.0, 3600.0


@dataclass(frozen=True, slots=True)
class Done:
    """A notice and what became of one attempt."""

    notice: dict[str, Any]
    outcome: Outcome


async def wake(tx: Tx, rows: list[Due]) -> None:
    """A wait, a back-off or a lease is over: the notice is ready (again)."""
    await store.wake(tx, [row.data["notice"] for row in rows])
    tx.wakes.add("notices")


def sender(post: Post) -> Any:
    """The loop that sends, for one process."""

    async def run(desk: Desk) -> None:
        bell = desk.wakes.bell(desk.db.service, "notices")
        marks: Gather[Done, None] = Gather(lambda items: desk.db.run(lambda tx: mark(tx, items)))
        if desk.db.dialect == "sqlite":
            async with desk.db.transaction() as tx:
                await store.orphaned(tx)
        failures = 0
        while not desk.stop.is_set():
            bell.clear()
            try:
                claimed = await desk.db.run(claim)
                failures = 0
            except Exception as error:
                failures += 1
                if not ours(error):
                    log.exception("The sender met an error it does not know; it goes on.")
                await until(bell, desk.stop, backoff(failures))
                continue
            if claimed:
                points.reached("intent_claimed")
                await asyncio.gather(*(_send(post, desk, marks, item) for item in claimed))
            else:
                await until(bell, desk.stop, 3600)
        await post.close()

    return run


async def claim(tx: Tx) -> list[Composed]:
    """Take what is ready, for as long as a lease lasts; whoever dies with it leaves a due row that wakes it again."""
    rows = await store.claim(tx, tx.wall + LEASE, BATCH)
    await due.put(
        tx,
        [Due(f"send:{row['id']}", "send", row["lead"], tx.wall + LEASE, "wall", {"notice": row["id"]}) for row in rows],
    )
    return await compose(tx, rows)


async def _send(post: Post, desk: Desk, marks: Gather[Done, None], item: Composed) -> None:
    try:
        points.reached("before_data")
        outcome = await asyncio.wait_for(post.send(item, desk.access), BOUND)
        points.reached("after_250_before_mark")
    except TimeoutError:
        outcome = Outcome(False, f"no answer in {BOUND:.0f} s")
    except Exception as error:
        log.warning("A notice could not be sent: %s.", type(error).__name__, extra={"lead": item.notice["lead"]})
        outcome = Outcome(False, type(error).__name__)
    try:
        await marks.submit(Done(item.notice, outcome))
    except Exception as error:
        log.warning("A sent notice could not be marked (%s); it is sent again under its id.", type(error).__name__)


async def mark(tx: Tx, done: Sequence[Done]) -> list[None]:
    """Write what became of attempts: sent, to be tried again, or given up."""
    sent = [item for item in done if item.outcome.sent]
    await store.set_state(
        tx, [item.notice["id"] for item in sent], "sent", sent_at=tx.now, claimed_until=None, error=""
    )
    await due.drop(tx, [f"send:{item.notice['id']}" for item in sent])
    for item in sent:
        fact = NoticeSent(
            **_named(item.notice), at=tx.now, message_id=item.notice["message_id"], attempts=item.notice["attempts"]
        )
        tx.emit(fact, subject=item.notice["lead"])
    for item in done:
        if not item.outcome.sent:
            await _failed(tx, item)
    return [None] * len(done)


async def _failed(tx: Tx, item: Done) -> None:
    notice, why = item.notice, item.outcome.why
    if item.outcome.final or notice["attempts"] >= TRIES:
        await store.set_state(tx, [notice["id"]], "failed", error=why, claimed_until=None)
        await due.drop(tx, [f"send:{notice['id']}"])
        tx.emit(NoticeFailed(**_named(notice), at=tx.now, why=why, attempts=notice["attempts"]), subject=notice["lead"])
        return
    again = tx.wall + timedelta(seconds=backoff(notice["attempts"], first=FIRST, most=MOST))
    await store.set_state(tx, [notice["id"]], "waiting", error=why, claimed_until=None)
    await due.put(tx, [Due(f"send:{notice['id']}", "send", notice["lead"], again, "wall", {"notice": notice["id"]})])


def _named(notice: dict[str, Any]) -> dict[str, Any]:
    return {
        "notice": notice["id"],
        "lead": notice["lead"],
        "person": notice["person"] or None,
        "role": notice["role"],
        "channel": notice["channel"],
        "kind": notice["kind"],
        "epoch": notice["epoch"],
        "cause": notice["cause"],
    }
