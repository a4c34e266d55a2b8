"""Whose lead it is: clocks begin with an owner, go over to the next one, and stop when nobody has the lead."""

from dataclasses import replace
from datetime import datetime

from services.timer.domain import clock as core
from services.timer.domain.lead import ASSIGNED, ENDED, WAITING, Lead
from services.timer.domain.promise import begin, met_before, rounds, taken_over
from services.timer.handlers.heard import Heard, stamp
from services.timer.handlers.sheet import Sheet
from shared.events import LeadAssigned, LeadHeld, LeadUnrouted
from shared.events.base import Event


def assigned(sheet: Sheet, event: Event[LeadAssigned]) -> None:
    """A new owner: the clocks of older epochs stop, the new one has what is left or the whole time."""
    data, id_ = event.data, event.subject
    before = sheet.leads.get(id_)
    returns = before is not None and before.state == ENDED
    lead = Lead(
        lead=id_,
        state=ASSIGNED,
        epoch=data.epoch,
        owner=data.owner,
        team=data.team,
        tier=data.tier,
        pinned=data.terms_version,
        routed=data.routing_version,
        began=data.epoch if before is None or returns else before.began,
    )
    sheet.know(lead)
    stop(sheet, event, f"reassigned to {data.owner}", data.assigned_at, older_than=data.epoch)
    for promise in sheet.versions[lead.pinned].promises.values():
        if promise.runs_from == "accepted":
            continue
        start = data.assigned_at
        if promise.runs_from == "received":
            if met_before(sheet.of(id_), promise.name, lead):
                continue
            start = start if returns else data.lead.received_at or start
        start_clock(sheet, event, promise.name, lead, start)


def start_clock(sheet: Sheet, event: Heard, name: str, lead: Lead, start: datetime) -> None:
    """Begin a promise's clock, unless the agreement has no such promise, it does not bind the tier, or one runs."""
    clocks = sheet.of(lead.lead)
    pinned = sheet.versions[lead.pinned]
    promise = pinned.promises.get(name)
    if promise is None or any(clock.promise == name and clock.epoch == lead.epoch and clock.runs for clock in clocks):
        return
    round_ = rounds(clocks, name, lead.epoch)
    left = None if round_ else taken_over(clocks, name, lead, sheet.calendar)
    if left is not None and promise.runs_from == "received":
        # What was left is counted on from the new assignment; the target itself went by since the lead was received.
        start = event.data.assigned_at
    followed = sheet.follows(lead.pinned, lead.routed, lead.team, lead.owner)
    begun = begin(promise, lead, followed, pinned.clock, round_=round_, start=start, left=left)
    if begun:
        sheet.start(begun, followed, event)


def stop(sheet: Sheet, event: Heard, why: str, at: datetime, older_than: int | None = None) -> None:
    """Whatever still runs (of older epochs) stops at `at` without an answer; answers to it are on their way no longer."""
    for clock in sheet.of(event.subject):
        if clock.runs and (older_than is None or clock.epoch < older_than):
            left = sheet.left(clock, at)
            sheet.keep(*core.moved_on(clock, at, event.time, sheet.tx.wall, why, left), event)
    lead = sheet.leads.get(event.subject)
    first = older_than or (lead.epoch + 1 if lead else 0)
    gone = [answer.action for answer in sheet.answers.get(event.subject, []) if answer.epoch < first]
    sheet.arrive(event.subject, gone)


def waits(sheet: Sheet, event: Event[LeadHeld] | Event[LeadUnrouted]) -> None:
    """Nobody has it: nothing runs."""
    _leave(sheet, event, WAITING)


def ended(sheet: Sheet, event: Heard) -> None:
    """Disqualified, recycled, won, lost or merged: nothing runs any more."""
    _leave(sheet, event, ENDED)


def _leave(sheet: Sheet, event: Heard, state: str) -> None:
    stop(sheet, event, event.data.type.split(".")[2], stamp(event))
    lead = sheet.leads.get(event.subject)
    if lead:
        sheet.know(replace(lead, state=state))
