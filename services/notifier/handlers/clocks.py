"""Handlers of clock events: store due times, release notices that wait for a clock, suppress answered notices."""

from services.notifier.domain.notice import ACTIONABLE, Notice
from services.notifier.handlers.lead_events import suppress
from services.notifier.store import notices
from services.notifier.store.leads import delete_due_times, save_due_times
from shared.events import ClockMoved, ClockResumed, ClockStarted, ClockStopped
from shared.events.base import Event
from shared.store.tx import Tx
from shared.work import schedule


async def on_clock_started(
    tx: Tx, events: list[Event[ClockStarted]] | list[Event[ClockMoved]] | list[Event[ClockResumed]]
) -> None:
    """Store due times, and make the assignment notices ready that waited for their accept clock."""
    leads = [event.subject for event in events]
    await schedule.lock(tx, leads)
    rows = [
        {"lead": event.subject, "promise": event.data.promise, "epoch": event.data.epoch, "due_at": event.data.due_at}
        for event in events
    ]
    await save_due_times(tx, rows)
    accept_clocks = {(event.subject, event.data.epoch) for event in events if event.data.promise == "accept"}
    ready = [
        notice.id
        for notice in await notices.pending(tx, [lead for lead, _ in accept_clocks])
        if notice.awaits_clock and (notice.lead, notice.epoch) in accept_clocks
    ]
    if ready:
        await notices.set_state(tx, ready, "ready")
        await schedule.cancel(tx, [f"send:{notice_id}" for notice_id in ready])
        tx.wakeups.add("notices")


async def on_clock_stopped(tx: Tx, events: list[Event[ClockStopped]]) -> None:
    """Delete stopped clocks, and suppress notices that ask for an answer already given (verdict kept or late)."""
    leads = [event.subject for event in events]
    await schedule.lock(tx, leads)
    await delete_due_times(tx, [(event.subject, event.data.promise, event.data.epoch) for event in events])
    answered = {
        (event.subject, event.data.promise, event.data.epoch): event
        for event in events
        if event.data.verdict in ("kept", "late")
    }
    await suppress(tx, [(notice, event) for notice, event in await _actionable(tx, answered)])


async def _actionable(
    tx: Tx, answered: dict[tuple[str, str, int], Event[ClockStopped]]
) -> list[tuple[Notice, Event[ClockStopped]]]:
    """Pending notices that ask for the answers of these clocks, except notices of steps that move the lead."""
    pending = await notices.pending(tx, {lead for lead, _, _ in answered})
    return [
        (notice, answered[notice.lead, notice.promise, notice.epoch])
        for notice in pending
        if notice.kind in ACTIONABLE
        and not notice.data.get("other_actions")
        and (notice.lead, notice.promise, notice.epoch) in answered
    ]
