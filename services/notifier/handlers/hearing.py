"""What others say of leads: the notifier follows each lead, hushes what no longer matters, and tells people."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from services.notifier.domain.lead import STATES, Lead, follow
from services.notifier.domain.meaning import meant, mismatch
from services.notifier.domain.notice import HUSHES, Notice, hushed
from services.notifier.handlers.confirming import CONFIRMS, confirmations
from services.notifier.handlers.telling import Wanted, tell
from services.notifier.store import leads as store
from services.notifier.store import notices
from shared.events import (
    ActionRefused,
    LeadAssigned,
    LeadAttempted,
    LeadEnquiredAgain,
    NoticeSuppressed,
    SlaEscalated,
    SlaWarned,
    SlaWithdrawn,
)
from shared.events.base import Event
from shared.reference import cache
from shared.store.tx import Tx
from shared.work import deferred, schedule
from shared.work.schedule import ScheduledItem

LOOK_AGAIN = timedelta(seconds=15)


async def hear(tx: Tx, events: list[Event[Any]]) -> None:
    """At most one event of each lead. An assignment waits for the version and the person that it names."""
    if isinstance(events[0].data, HUSHES):
        await schedule.lock(tx, [event.subject for event in events])
    leads = await store.leads_of(tx, [event.subject for event in events], lock=True)
    ready = await _ready(tx, events)
    await _hush(tx, [event for event in ready if isinstance(event.data, HUSHES)])
    for event in ready:
        leads[event.subject] = follow(leads.get(event.subject) or Lead(event.subject, event.time), event)
    await store.save_leads(tx, [leads[event.subject] for event in ready])
    wanted = [Wanted(event, leads[event.subject], message) for event in ready for message in meant(event)]
    wanted += await confirmations(tx, [event for event in ready if isinstance(event.data, CONFIRMS)], leads)
    await tell(tx, wanted)
    await _catch_up(tx, [event.subject for event in ready if isinstance(event.data, LeadAssigned)])


async def hear_timer(tx: Tx, events: list[Event[Any]]) -> None:
    """At most one warning, rung or withdrawal of each lead; one about an assignment that is not here yet is kept for it."""
    subjects = [event.subject for event in events]
    leads = await store.leads_of(tx, subjects, lock=True)
    strangers = set(subjects) - set(leads)
    if strangers:
        await store.expect(tx, strangers)
        leads |= await store.leads_of(tx, strangers, lock=True)
    early = [event for event in events if leads[event.subject].epoch < event.data.epoch]
    await store.keep_early(tx, early)
    wanted = []
    for event in events:
        if leads[event.subject].epoch < event.data.epoch:
            continue
        why = mismatch(leads[event.subject], event)
        if why:
            _let_go(tx, event, why)
        else:
            wanted += [Wanted(event, leads[event.subject], message) for message in meant(event)]
    await tell(tx, wanted)


async def _ready(tx: Tx, events: list[Event[Any]]) -> list[Event[Any]]:
    people = await cache.roster(tx)
    assigned = [event.data for event in events if isinstance(event.data, LeadAssigned)]
    versions = await cache.agreement_versions(
        tx, {number for data in assigned for number in (data.routing_version, data.terms_version)}
    )

    def needs(event: Event[Any]) -> str:
        if not isinstance(event.data, LeadAssigned):
            return ""
        missing = [
            number for number in (event.data.routing_version, event.data.terms_version) if number not in versions
        ]
        if missing:
            return f"agreement:{missing[0]}"
        return "" if event.data.owner in people else f"rep:{event.data.owner}"

    ready = await deferred.defer_unready(tx, events, needs)
    if len(ready) < len(events):
        await schedule.schedule(tx, [ScheduledItem("look", "look", "look", tx.wall + LOOK_AGAIN, "wall")])
    return ready


async def _hush(tx: Tx, events: list[Event[Any]]) -> None:
    """What was answered or has moved on is not asked any more."""
    moved = {event.subject: event for event in events}
    found = await notices.pending(tx, moved)
    await hush(tx, [(notice, moved[notice.lead]) for notice in found if hushed(notice, moved[notice.lead])])


async def hush(tx: Tx, pointless: list[tuple[Notice, Event[Any]]]) -> None:
    """These are not sent, for what happened since."""
    if not pointless:
        return
    await notices.move(tx, [notice.id for notice, _ in pointless], "suppressed")
    await schedule.cancel(tx, [f"send:{notice.id}" for notice, _ in pointless])
    for notice, event in pointless:
        why = f"It no longer matters: {event.data.type.split('.')[2].replace('_', ' ')}."
        tx.emit(NoticeSuppressed(**notice.names(), at=tx.now, why=why), subject=notice.lead, cause=event)


async def _catch_up(tx: Tx, assigned: list[str]) -> None:
    """The timer was faster than the router's word: now that is here too."""
    queues = await store.take_early(tx, assigned) if assigned else {}
    for place in range(max((len(queue) for queue in queues.values()), default=0)):
        await hear_timer(tx, [queue[place] for queue in queues.values() if len(queue) > place])


def _let_go(tx: Tx, event: Event[Any], why: str) -> None:
    """Say of each message that was meant that it is not sent."""
    for message in meant(event):
        fact = NoticeSuppressed(
            notice=event.id,
            lead=event.subject,
            role=message.role,
            channel="",
            kind=message.kind,
            epoch=event.data.epoch,
            cause=event.id,
            at=tx.now,
            why=f"It no longer matters: {why}.",
        )
        tx.emit(fact, subject=event.subject, cause=event)


HEARS: dict[type[Any], Callable[..., Any]] = {
    **dict.fromkeys((*STATES, LeadEnquiredAgain, LeadAttempted, ActionRefused), hear),
    **dict.fromkeys((SlaWarned, SlaEscalated, SlaWithdrawn), hear_timer),
}
