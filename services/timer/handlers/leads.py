"""The life of a lead, as the timer hears it: clocks begin, are kept, or stop because the lead moved on."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.timer import store
from services.timer.handlers import answering, owning
from services.timer.handlers.heard import Heard
from services.timer.handlers.sheet import Sheet, opened
from shared.events import (
    ActionRefused,
    ActionTaken,
    LeadAccepted,
    LeadAdvanced,
    LeadAssigned,
    LeadAttempted,
    LeadContacted,
    LeadDeclined,
    LeadDisqualified,
    LeadEnquiredAgain,
    LeadHeld,
    LeadLost,
    LeadMerged,
    LeadRecycled,
    LeadUnrouted,
    LeadWon,
)
from shared.events.base import EventData
from shared.reference.cache import agreement_versions, roster
from shared.store.tx import Tx
from shared.work import deferred, schedule


async def hear(tx: Tx, events: list[Heard]) -> None:
    """At most one event for each lead; what cannot be handled yet is kept as waiting, and so is what comes after it."""
    leads = [event.subject for event in events]
    await schedule.lock(tx, leads)
    ready = await _ready(tx, events)
    if not ready:
        return
    subjects = [event.subject for event in ready]
    clocks = await store.clocks_of(tx, subjects)
    known = await store.leads_of(tx, subjects)
    versions = _versions(ready) | {number for lead in known.values() for number in (lead.pinned, lead.routed)}
    sheet = await opened(tx, clocks, versions=versions)
    sheet.leads, sheet.answers = known, await store.answers_of(tx, subjects)
    for event in ready:
        DOES[type(event.data)](sheet, event)
    await sheet.write()


def _versions(events: Iterable[Heard]) -> set[int]:
    named = [event.data for event in events if isinstance(event.data, LeadAssigned | LeadEnquiredAgain)]
    return {number for data in named for number in (data.terms_version, data.routing_version) if number}


async def _ready(tx: Tx, events: list[Heard]) -> list[Heard]:
    """Those events for which everything is here; the others wait."""

    async def look() -> deferred.Missing:
        known = await agreement_versions(tx, _versions(events))
        people = await roster(tx)
        return lambda event: _needs(event, known, people)

    return await deferred.defer_unready(tx, events, await look(), look)


def _needs(event: Heard, known: Mapping[int, Any], people: Mapping[str, Any]) -> str:
    missing = [number for number in _versions([event]) if number not in known]
    if missing:
        return f"agreement:{missing[0]}"
    if isinstance(event.data, LeadAssigned) and event.data.owner not in people:
        return f"rep:{event.data.owner}"
    return ""


DOES: dict[type[EventData], Callable[[Sheet, Any], None]] = {
    LeadAssigned: owning.assigned,
    LeadAccepted: answering.accepted,
    LeadDeclined: answering.declined,
    LeadAttempted: answering.attempted,
    LeadContacted: answering.contacted,
    LeadAdvanced: answering.contacted,
    LeadDisqualified: owning.ended,
    LeadRecycled: owning.ended,
    LeadWon: owning.ended,
    LeadLost: owning.ended,
    LeadMerged: owning.ended,
    LeadHeld: owning.waits,
    LeadUnrouted: owning.waits,
    LeadEnquiredAgain: answering.again,
    ActionTaken: answering.taken,
    ActionRefused: answering.refused,
}
