"""What the notifier does about clocks that start and stop, and about events that wait for a version or a person."""

from services.notifier.domain.notice import ASKING, Notice
from services.notifier.handlers.hearing import hear, hush
from services.notifier.store import notices
from services.notifier.store.leads import drop_dues, save_dues
from shared.events import ClockMoved, ClockResumed, ClockStarted, ClockStopped
from shared.events.base import Event
from shared.store.tx import Tx
from shared.work import deferred, schedule
from shared.work.schedule import ScheduledItem


async def look(tx: Tx, rows: list[ScheduledItem]) -> None:
    """Look again at what waits: what it needs may have come in another process's transaction, unseen by the first look."""
    await deferred.resume(tx, hear, await deferred.missing(tx))


async def runs(tx: Tx, events: list[Event[ClockStarted]] | list[Event[ClockMoved]] | list[Event[ClockResumed]]) -> None:
    """Until when somebody has: the mail that waits to say so goes out."""
    leads = [event.subject for event in events]
    await schedule.lock(tx, leads)
    rows = [
        {"lead": event.subject, "promise": event.data.promise, "epoch": event.data.epoch, "due_at": event.data.due_at}
        for event in events
    ]
    await save_dues(tx, rows)
    told = {(event.subject, event.data.epoch) for event in events if event.data.promise == "accept"}
    ready = [
        notice.id
        for notice in await notices.pending(tx, [lead for lead, _ in told])
        if notice.awaits_clock and (notice.lead, notice.epoch) in told
    ]
    if ready:
        await notices.move(tx, ready, "ready")
        await schedule.cancel(tx, [f"send:{notice}" for notice in ready])
        tx.wakeups.add("notices")


async def stopped(tx: Tx, events: list[Event[ClockStopped]]) -> None:
    """Clocks that run no more. The timer is the judge: what was answered asks for nothing any more."""
    leads = [event.subject for event in events]
    await schedule.lock(tx, leads)
    await drop_dues(tx, [(event.subject, event.data.promise, event.data.epoch) for event in events])
    answered = {
        (event.subject, event.data.promise, event.data.epoch): event
        for event in events
        if event.data.verdict in ("kept", "late")
    }
    await hush(tx, [(notice, event) for notice, event in await _asking(tx, answered)])


async def _asking(
    tx: Tx, answered: dict[tuple[str, str, int], Event[ClockStopped]]
) -> list[tuple[Notice, Event[ClockStopped]]]:
    """The notices not sent yet that ask for what these clocks were about; a rung that moves the lead is told all the same."""
    found = await notices.pending(tx, {lead for lead, _, _ in answered})
    return [
        (notice, answered[notice.lead, notice.promise, notice.epoch])
        for notice in found
        if notice.kind in ASKING
        and not notice.data.get("also")
        and (notice.lead, notice.promise, notice.epoch) in answered
    ]
