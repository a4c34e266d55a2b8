"""The transactions of delivery: claim ready notices, and record each attempt together with its event."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifier.domain.message import OutgoingMessage, SendResult
from services.notifier.domain.notice import Notice, still_matters
from services.notifier.handlers.compose import compose
from services.notifier.store import notices
from services.notifier.store.leads import load_leads
from shared.base.waits import backoff
from shared.events import NoticeFailed, NoticeSent, NoticeSuppressed
from shared.store.tx import Tx
from shared.work import schedule
from shared.work.schedule import ScheduledItem

LEASE = timedelta(seconds=60)
"""Real time for which a claimed notice is reserved for the process that claimed the notice."""
RETRY_DELAYS = (10, 30, 120, 600, 1800, 3600, *(7200 for _ in range(34)))
"""Seconds (real time) before each further attempt. After the last one, about three days in all, the notice has failed.
The Standard Webhooks specification advises such a schedule; notices survive a mail server that is down for a night."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A notice and the result of one attempt to send it."""

    notice: Notice
    result: SendResult


async def make_ready(tx: Tx, items: list[ScheduledItem]) -> None:
    """Make the notices of these items ready: their channel delay, retry delay or lease is over."""
    await notices.mark_ready(tx, [item.data["notice"] for item in items])
    tx.wakeups.add("notices")


async def claim(tx: Tx, limit: int) -> tuple[list[OutgoingMessage], bool]:
    """Claim ready notices for one LEASE; a scheduled item makes the notices ready again if this process dies.

    Returns the messages, and whether more notices may be ready."""
    claimed = await notices.claim(tx, tx.wall + LEASE, limit)
    leads = await load_leads(tx, [notice.lead for notice in claimed])
    relevant = [notice for notice in claimed if notice.lead in leads and still_matters(notice, leads[notice.lead])]
    await _suppress(tx, [notice for notice in claimed if notice not in relevant])
    await schedule.schedule(tx, [_scheduled(notice, tx.wall + LEASE) for notice in relevant])
    return await compose(tx, relevant, leads), len(claimed) == limit


async def record_attempts(tx: Tx, attempts: Sequence[Attempt]) -> list[None]:
    """Record attempts: sent, to be retried, or failed for good. Returns one None for each (see GroupCommit)."""
    await schedule.cancel(tx, [f"send:{attempt.notice.id}" for attempt in attempts])
    sent = {attempt.notice.id: attempt.notice for attempt in attempts if attempt.result.sent}
    for notice_id in await notices.set_state(tx, sent, "sent", sent_at=tx.now, claimed_until=None, error=""):
        notice = sent[notice_id]
        fields = notice.event_fields()
        tx.emit(
            NoticeSent(**fields, at=tx.now, message_id=notice.message_id, attempts=notice.attempts),
            subject=notice.lead,
        )
    for attempt in attempts:
        if not attempt.result.sent:
            await _record_failure(tx, attempt.notice, attempt.result)
    return [None] * len(attempts)


async def _record_failure(tx: Tx, notice: Notice, result: SendResult) -> None:
    """Schedule the next attempt, or mark the notice as failed.

    Does nothing for an outdated attempt: another process may have claimed the notice after the lease ended."""
    failed = result.final or notice.attempts > len(RETRY_DELAYS)
    current = await notices.set_state(
        tx,
        [notice.id],
        "failed" if failed else "waiting",
        from_states=("sending",),
        attempts=notice.attempts,
        error=result.reason,
        claimed_until=None,
    )
    if not current:
        return
    if failed:
        fields = notice.event_fields()
        tx.emit(
            NoticeFailed(**fields, at=tx.now, why=result.reason, attempts=notice.attempts),
            subject=notice.lead,
        )
        return
    delay = RETRY_DELAYS[notice.attempts - 1]
    await schedule.schedule(tx, [_scheduled(notice, tx.wall + timedelta(seconds=backoff(1, first=delay, most=delay)))])


async def _suppress(tx: Tx, outdated: Sequence[Notice]) -> None:
    await notices.set_state(tx, [notice.id for notice in outdated], "suppressed", claimed_until=None)
    for notice in outdated:
        reason = "It no longer matters: the lead has moved on since."
        tx.emit(NoticeSuppressed(**notice.event_fields(), at=tx.now, why=reason), subject=notice.lead)


def _scheduled(notice: Notice, at: datetime) -> ScheduledItem:
    return ScheduledItem(f"send:{notice.id}", "send", notice.lead, at, "wall", {"notice": notice.id})
