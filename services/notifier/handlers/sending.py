"""Sending in transactions: notices are claimed, and what became of an attempt is written with the event that says it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifier.channels.outcome import Outcome
from services.notifier.domain.message import Composed
from services.notifier.domain.notice import Notice, matters
from services.notifier.handlers.compose import compose
from services.notifier.store import notices
from services.notifier.store.leads import leads_of
from shared.base.waits import backoff
from shared.events import NoticeFailed, NoticeSent, NoticeSuppressed
from shared.store.tx import Tx
from shared.work import schedule
from shared.work.schedule import ScheduledItem

LEASE = timedelta(seconds=60)
PAUSES = (10, 30, 120, 600, 1800, 3600, *(7200 for _ in range(34)))
"""Seconds (real time) before the next attempt; after the last one the notice is given up, after about three days (as the
Standard Webhooks specification advises): a mail server that is away for a night loses no alert that still matters."""


@dataclass(frozen=True, slots=True)
class Done:
    """A notice and what became of one attempt."""

    notice: Notice
    outcome: Outcome


async def wake(tx: Tx, rows: list[ScheduledItem]) -> None:
    """A wait, a back-off or a lease is over: the notice is ready (again)."""
    await notices.wake(tx, [row.data["notice"] for row in rows])
    tx.wakeups.add("notices")


async def claim(tx: Tx, limit: int) -> tuple[list[Composed], bool]:
    """Take what is ready, for as long as a lease lasts; whoever dies with it leaves a due row that wakes it again.

    Returns the messages, and whether more may be ready."""
    claimed = await notices.claim(tx, tx.wall + LEASE, limit)
    leads = await leads_of(tx, [notice.lead for notice in claimed])
    fit = [notice for notice in claimed if notice.lead in leads and matters(notice, leads[notice.lead])]
    await _let_go(tx, [notice for notice in claimed if notice not in fit])
    await schedule.schedule(tx, [_at(notice, tx.wall + LEASE) for notice in fit])
    return await compose(tx, fit, leads), len(claimed) == limit


async def mark(tx: Tx, done: Sequence[Done]) -> list[None]:
    """Write what became of attempts: sent, to be tried again, or given up."""
    await schedule.cancel(tx, [f"send:{item.notice.id}" for item in done])
    sent = {item.notice.id: item.notice for item in done if item.outcome.sent}
    for notice in await notices.move(tx, sent, "sent", sent_at=tx.now, claimed_until=None, error=""):
        own = sent[notice]
        fact = NoticeSent(**own.names(), at=tx.now, message_id=own.message_id, attempts=own.attempts)
        tx.emit(fact, subject=own.lead)
    for item in done:
        if not item.outcome.sent:
            await _failed(tx, item.notice, item.outcome)
    return [None] * len(done)


async def _failed(tx: Tx, notice: Notice, outcome: Outcome) -> None:
    """Only the latest attempt may say so: a lease may have run out under an earlier one."""
    given_up = outcome.final or notice.attempts > len(PAUSES)
    state = "failed" if given_up else "waiting"
    values = {"error": outcome.why, "claimed_until": None}
    if not await notices.move(tx, [notice.id], state, whose=("sending",), attempts=notice.attempts, **values):
        return
    if given_up:
        fact = NoticeFailed(**notice.names(), at=tx.now, why=outcome.why, attempts=notice.attempts)
        tx.emit(fact, subject=notice.lead)
        return
    pause = PAUSES[notice.attempts - 1]
    await schedule.schedule(tx, [_at(notice, tx.wall + timedelta(seconds=backoff(1, first=pause, most=pause)))])


async def _let_go(tx: Tx, pointless: Sequence[Notice]) -> None:
    await notices.move(tx, [notice.id for notice in pointless], "suppressed", claimed_until=None)
    for notice in pointless:
        why = "It no longer matters: the lead has moved on since."
        tx.emit(NoticeSuppressed(**notice.names(), at=tx.now, why=why), subject=notice.lead)


def _at(notice: Notice, moment: datetime) -> ScheduledItem:
    return ScheduledItem(f"send:{notice.id}", "send", notice.lead, moment, "wall", {"notice": notice.id})
