"""The handler of all events about leads: it loads their clocks and calls what `ON_LEAD_EVENT` names for each event."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from services.timer import store
from services.timer.handlers import answers, ownership
from services.timer.handlers.clock_batch import ClockBatch, LeadEvent, load_batch
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


async def on_lead_events(tx: Tx, events: list[LeadEvent]) -> None:
    """Handle at most one event of each lead. An event whose version or person has not arrived is deferred, and so are the
    later events of its lead."""
    await schedule.lock(tx, [event.subject for event in events])
    ready = await _defer_unready(tx, events)
    if not ready:
        return
    subjects = [event.subject for event in ready]
    clocks = await store.lock_clocks_of(tx, subjects)
    leads = await store.leads_of(tx, subjects)
    versions = _named_versions(ready) | {
        number for lead in leads.values() for number in (lead.terms_version, lead.routing_version)
    }
    batch = await load_batch(tx, clocks, versions=versions)
    batch.leads, batch.pending = leads, await store.pending_actions_of(tx, subjects)
    for event in ready:
        ON_LEAD_EVENT[type(event.data)](batch, event)
    await batch.save()


def _named_versions(events: Iterable[LeadEvent]) -> set[int]:
    naming = [event.data for event in events if isinstance(event.data, LeadAssigned | LeadEnquiredAgain)]
    return {number for data in naming for number in (data.terms_version, data.routing_version) if number}


async def _defer_unready(tx: Tx, events: list[LeadEvent]) -> list[LeadEvent]:
    """Defer the events whose version or person has not arrived; return the others."""

    async def missing_of() -> deferred.Missing:
        versions = await agreement_versions(tx, _named_versions(events))
        people = await roster(tx)
        return lambda event: _missing(event, versions, people)

    return await deferred.defer_unready(tx, events, await missing_of(), missing_of)


def _missing(event: LeadEvent, versions: Mapping[int, Any], people: Mapping[str, Any]) -> str:
    """What an event lacks, or "" when it can be handled."""
    missing = [number for number in _named_versions([event]) if number not in versions]
    if missing:
        return f"agreement:{missing[0]}"
    if isinstance(event.data, LeadAssigned) and event.data.owner not in people:
        return f"rep:{event.data.owner}"
    return ""


ON_LEAD_EVENT: dict[type[EventData], Callable[[ClockBatch, Any], None]] = {
    LeadAssigned: ownership.on_assigned,
    LeadAccepted: answers.on_accepted,
    LeadDeclined: answers.on_declined,
    LeadAttempted: answers.on_attempted,
    LeadContacted: answers.on_contacted,
    LeadAdvanced: answers.on_contacted,
    LeadDisqualified: ownership.on_ended,
    LeadRecycled: ownership.on_ended,
    LeadWon: ownership.on_ended,
    LeadLost: ownership.on_ended,
    LeadMerged: ownership.on_ended,
    LeadHeld: ownership.on_unassigned,
    LeadUnrouted: ownership.on_unassigned,
    LeadEnquiredAgain: answers.on_enquired_again,
    ActionTaken: answers.on_action_taken,
    ActionRefused: answers.on_action_refused,
}
