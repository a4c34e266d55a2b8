"""What people answer: clocks are judged by the stamp, once; an answer on its way holds the breach."""

from collections.abc import Callable
from dataclasses import replace

from services.timer.domain import clock as core
from services.timer.domain.answer import HOLD, Answer, concerns, holds
from services.timer.domain.clock import Clock
from services.timer.domain.lead import ACCEPTED, ASSIGNED, Lead
from services.timer.handlers.heard import Heard
from services.timer.handlers.owning import start_clock, stop
from services.timer.handlers.sheet import Sheet
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


def accepted(sheet: Sheet, event: Event[LeadAccepted]) -> None:
    """Accepted: that clock is judged, the first touch begins."""
    _judge(sheet, event, "accepted", lambda clock: clock.promise == "accept")
    lead = _accept(sheet, event)
    if lead:
        _first_touch(sheet, event, lead)


def attempted(sheet: Sheet, event: Event[LeadAttempted]) -> None:
    """An attempt says that it was accepted, and meets the first touch where an attempt is what was agreed."""
    _judge(sheet, event, "attempted", lambda clock: concerns(sheet.promise(clock), "attempt"))
    lead = _accept(sheet, event)
    touch = sheet.versions[lead.pinned].promises.get("first_touch") if lead else None
    if lead and touch and not concerns(touch, "attempt"):
        _first_touch(sheet, event, lead)


def contacted(sheet: Sheet, event: Event[LeadContacted] | Event[LeadAdvanced]) -> None:
    """Contact says that it was accepted, and meets the first touch."""
    _judge(sheet, event, "contacted", lambda clock: True)
    _accept(sheet, event)


def declined(sheet: Sheet, event: Event[LeadDeclined]) -> None:
    """Declined in time is a promise kept; whatever else runs is void."""
    _judge(sheet, event, f"declined: {event.data.reason}", lambda clock: clock.promise == "accept")
    stop(sheet, event, "declined", event.data.answered_at)


def again(sheet: Sheet, event: Event[LeadEnquiredAgain]) -> None:
    """The person came back: a new round of the first touch, unless one runs or the lead is not accepted yet."""
    lead = sheet.leads.get(event.subject)
    if lead and lead.state == ACCEPTED and lead.epoch == event.data.epoch:
        start_clock(sheet, event, "first_touch", lead, event.time)


def taken(sheet: Sheet, event: Event[ActionTaken]) -> None:
    """An answer is on its way: where it was stamped in time, do not call it late yet. It may come before the
    assignment that it answers; one that nothing waits for any more is passed over."""
    data, lead = event.data, sheet.leads.get(event.subject)
    early = lead is None or data.epoch > lead.epoch
    answer = Answer(event.id, event.subject, data.epoch, data.action, data.answered_at, sheet.tx.wall + HOLD)
    running = [clock for clock in sheet.of(event.subject) if clock.state == "running"]
    if early or any(holds(clock, sheet.promise(clock), [answer], sheet.tx.wall) for clock in running):
        sheet.take(answer)
        for clock in running:
            _hold(sheet, clock)


def refused(sheet: Sheet, event: Event[ActionRefused]) -> None:
    """The answer was not applied: the clock goes on; one that was stamped in time and lost its lead is made good."""
    data = event.data
    sheet.arrive(event.subject, [data.action_id])
    for clock in sheet.of(event.subject):
        if clock.state == "running":
            _hold(sheet, clock)
        elif clock.epoch == data.epoch and concerns(sheet.promise(clock), data.action):
            sheet.keep(*core.too_late(clock, data.answered_at, data.by, data.present_owner), event)


def _judge(sheet: Sheet, event: Heard, why: str, which: Callable[[Clock], bool]) -> None:
    data = event.data
    sheet.arrive(event.subject, [data.action_id])
    for clock in sheet.of(event.subject):
        if clock.runs and clock.epoch == data.epoch and which(clock):
            sheet.keep(*core.answered(clock, data.answered_at, event.time, sheet.tx.wall, why), event)


def _accept(sheet: Sheet, event: Heard) -> Lead | None:
    """The lead as accepted, when this is what made it so."""
    lead = sheet.leads.get(event.subject)
    if lead is None or lead.state != ASSIGNED or lead.epoch != event.data.epoch:
        return None
    lead = replace(lead, state=ACCEPTED)
    sheet.know(lead)
    return lead


def _first_touch(sheet: Sheet, event: Heard, lead: Lead) -> None:
    touch = sheet.versions[lead.pinned].promises.get("first_touch")
    if touch and touch.runs_from == "accepted":
        start_clock(sheet, event, "first_touch", lead, event.data.answered_at)


def _hold(sheet: Sheet, clock: Clock) -> None:
    until = sheet.held(clock)
    if until != clock.held_until:
        sheet.keep(replace(clock, held_until=until), [])
