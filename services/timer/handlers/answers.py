"""Handlers of owners' answers: an applied answer stops clocks by its stamp, a pending one holds the breach."""

from collections.abc import Callable
from dataclasses import replace

from services.timer.domain import clock as transitions
from services.timer.domain.clock import Clock
from services.timer.domain.lead import ACCEPTED, ASSIGNED, Lead
from services.timer.domain.pending_action import HOLD_TIME, PendingAction, hold_until, satisfies
from services.timer.handlers.clock_batch import ClockBatch, LeadEvent
from services.timer.handlers.ownership import start_promise, stop_clocks
from shared.events import (
    ActionRefused,
    ActionTaken,
    LeadAccepted,
    LeadAdvanced,
    LeadAttempted,
    LeadContacted,
    LeadDeclined,
    LeadEnquiredAgain,
)
from shared.events.base import Event


def on_accepted(batch: ClockBatch, event: Event[LeadAccepted]) -> None:
    """Stop the accept clock and start the first touch."""
    _stop_answered(batch, event, "accepted", lambda clock: clock.promise == "accept")
    lead = _mark_accepted(batch, event)
    if lead:
        _start_first_touch(batch, event, lead)


def on_attempted(batch: ClockBatch, event: Event[LeadAttempted]) -> None:
    """Stop the accept clock, and the first touch where the agreement says that an attempt meets it."""
    _stop_answered(batch, event, "attempted", lambda clock: satisfies(batch.promise_of(clock), "attempt"))
    lead = _mark_accepted(batch, event)
    touch = batch.versions[lead.terms_version].promises.get("first_touch") if lead else None
    if lead and touch and not satisfies(touch, "attempt"):
        _start_first_touch(batch, event, lead)


def on_contacted(batch: ClockBatch, event: Event[LeadContacted] | Event[LeadAdvanced]) -> None:
    """Stop the accept clock and the first touch."""
    _stop_answered(batch, event, "contacted", lambda clock: True)
    _mark_accepted(batch, event)


def on_declined(batch: ClockBatch, event: Event[LeadDeclined]) -> None:
    """Stop the accept clock (declined in time keeps the promise) and every other clock without an answer."""
    _stop_answered(batch, event, f"declined: {event.data.reason}", lambda clock: clock.promise == "accept")
    stop_clocks(batch, event, "declined", event.data.answered_at)


def on_enquired_again(batch: ClockBatch, event: Event[LeadEnquiredAgain]) -> None:
    """Start a new round of the first touch, unless one runs or the lead is not accepted yet."""
    lead = batch.leads.get(event.subject)
    if lead and lead.state == ACCEPTED and lead.epoch == event.data.epoch:
        start_promise(batch, event, "first_touch", lead, event.time)


def on_action_taken(batch: ClockBatch, event: Event[ActionTaken]) -> None:
    """Hold the breach of the clocks that the action would stop in time, until the router applies or refuses it.

    The action may come before the assignment that it answers. One that no running clock waits for is ignored.
    """
    data, lead = event.data, batch.leads.get(event.subject)
    early = lead is None or data.epoch > lead.epoch
    pending = PendingAction(
        event.id, event.subject, data.epoch, data.action, data.answered_at, batch.tx.wall + HOLD_TIME
    )
    running = [clock for clock in batch.clocks_of(event.subject) if clock.state == "running"]
    if early or any(hold_until(clock, batch.promise_of(clock), [pending], batch.tx.wall) for clock in running):
        batch.add_pending(pending)
        for clock in running:
            _update_hold(batch, clock)


def on_action_refused(batch: ClockBatch, event: Event[ActionRefused]) -> None:
    """Release the hold of a refused action. If it was stamped in time and the lead had moved, withdraw the breach."""
    data = event.data
    batch.resolve_pending(event.subject, [data.action_id])
    for clock in batch.clocks_of(event.subject):
        if clock.state == "running":
            _update_hold(batch, clock)
        elif clock.epoch == data.epoch and satisfies(batch.promise_of(clock), data.action):
            batch.update(
                *transitions.answered_after_reassignment(clock, data.answered_at, data.by, data.present_owner), event
            )


def _stop_answered(batch: ClockBatch, event: LeadEvent, why: str, which: Callable[[Clock], bool]) -> None:
    """Stop the open clocks that an applied answer is for."""
    data = event.data
    batch.resolve_pending(event.subject, [data.action_id])
    for clock in batch.clocks_of(event.subject):
        if clock.is_open and clock.epoch == data.epoch and which(clock):
            batch.update(*transitions.stop_answered(clock, data.answered_at, event.time, batch.tx.wall, why), event)


def _mark_accepted(batch: ClockBatch, event: LeadEvent) -> Lead | None:
    """Mark an assigned lead as accepted and return it; None when it was not assigned under this epoch."""
    lead = batch.leads.get(event.subject)
    if lead is None or lead.state != ASSIGNED or lead.epoch != event.data.epoch:
        return None
    lead = replace(lead, state=ACCEPTED)
    batch.set_lead(lead)
    return lead


def _start_first_touch(batch: ClockBatch, event: LeadEvent, lead: Lead) -> None:
    touch = batch.versions[lead.terms_version].promises.get("first_touch")
    if touch and touch.runs_from == "accepted":
        start_promise(batch, event, "first_touch", lead, event.data.answered_at)


def _update_hold(batch: ClockBatch, clock: Clock) -> None:
    until = batch.hold_until(clock)
    if until != clock.held_until:
        batch.update(replace(clock, held_until=until), [])
