"""Handlers of ownership changes: clocks start for each owner with the time left, and stop when nobody owns the lead."""

from dataclasses import replace
from datetime import datetime

from services.timer.domain import clock as transitions
from services.timer.domain.lead import ASSIGNED, ENDED, UNASSIGNED, Lead
from services.timer.domain.promise import count_rounds, inherited_seconds, met_before, start_clock
from services.timer.handlers.clock_batch import ClockBatch, LeadEvent
from shared.events import LeadAssigned, LeadHeld, LeadUnrouted
from shared.events.base import Event
from shared.events.outcomes import Outcome


def on_assigned(batch: ClockBatch, event: Event[LeadAssigned]) -> None:
    """Stop the clocks of earlier owners, and start those of the new one with the time left or the whole time."""
    data = event.data
    before = batch.leads.get(event.subject)
    reopened = before is not None and before.state == ENDED
    lead = Lead(
        id=event.subject,
        state=ASSIGNED,
        epoch=data.epoch,
        owner=data.owner,
        team=data.team,
        tier=data.tier,
        terms_version=data.terms_version,
        routing_version=data.routing_version,
        first_epoch=data.epoch if before is None or reopened else before.first_epoch,
    )
    batch.set_lead(lead)
    stop_clocks(batch, event, f"reassigned to {data.owner}", data.assigned_at, older_than=data.epoch)
    _start_promises(batch, event, lead, reopened)


def _start_promises(batch: ClockBatch, event: Event[LeadAssigned], lead: Lead, reopened: bool) -> None:
    """Start the promises that run from the assignment or from the reception of the lead."""
    data = event.data
    for promise in batch.versions[lead.terms_version].promises.values():
        if promise.runs_from == "assigned":
            start_promise(batch, event, promise.name, lead, data.assigned_at)
        elif promise.runs_from == "received" and not met_before(batch.clocks_of(lead.id), promise.name, lead):
            received_at = None if reopened else data.lead.received_at
            start_promise(batch, event, promise.name, lead, received_at or data.assigned_at)


def start_promise(batch: ClockBatch, event: LeadEvent, name: str, lead: Lead, start: datetime) -> None:
    """Start a promise's clock, unless the agreement has no such promise, it does not bind the tier, or one runs."""
    clocks = batch.clocks_of(lead.id)
    terms = batch.versions[lead.terms_version]
    promise = terms.promises.get(name)
    if promise is None or any(item.promise == name and item.epoch == lead.epoch and item.is_open for item in clocks):
        return
    round_ = count_rounds(clocks, name, lead.epoch)
    inherited = None if round_ else inherited_seconds(clocks, name, lead, batch.calendar_of)
    if inherited is not None and promise.runs_from == "received":
        # Inherited time is counted from the new assignment; the target itself has run since the lead was received.
        start = event.data.assigned_at
    calendar = batch.calendar_for(lead)
    started = start_clock(promise, lead, calendar, terms.clock, round_=round_, start=start, inherited=inherited)
    if started:
        batch.add_started(started, calendar, event)


def stop_clocks(batch: ClockBatch, event: LeadEvent, why: str, at: datetime, older_than: int | None = None) -> None:
    """Stop all open clocks of a lead (or those of older epochs) at `at` without an answer, and resolve their pending
    actions."""
    for clock in batch.clocks_of(event.subject):
        if clock.is_open and (older_than is None or clock.epoch < older_than):
            left_seconds = batch.remaining(clock, at)
            stopped = transitions.stop_moved_on(clock, at, event.time, batch.tx.wall, why, left_seconds)
            batch.update(*stopped, event)
    lead = batch.leads.get(event.subject)
    first_current = older_than or (lead.epoch + 1 if lead else 0)
    pending = batch.pending.get(event.subject, [])
    batch.resolve_pending(event.subject, [action.action_id for action in pending if action.epoch < first_current])


def on_unassigned(batch: ClockBatch, event: Event[LeadHeld] | Event[LeadUnrouted]) -> None:
    """Stop all clocks of a lead that is held or unrouted: nobody owns it."""
    _leave_owner(batch, event, UNASSIGNED)


def on_ended(batch: ClockBatch, event: LeadEvent) -> None:
    """Stop all clocks of a lead that was disqualified, recycled, won, lost or merged."""
    _leave_owner(batch, event, ENDED)


def _leave_owner(batch: ClockBatch, event: LeadEvent, state: str) -> None:
    stop_clocks(batch, event, event.data.type.split(".")[2], _occurred_at(event))
    lead = batch.leads.get(event.subject)
    if lead:
        batch.set_lead(replace(lead, state=state))


def _occurred_at(event: LeadEvent) -> datetime:
    """When the event happened: our server's stamp of an answer, else the event's time."""
    return event.data.answered_at if isinstance(event.data, Outcome) else event.time
