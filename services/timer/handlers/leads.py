"""The life of a lead, as the timer hears it: clocks begin, are kept, or stop because the lead moved on."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from services.timer import store
from services.timer.domain import clock as core
from services.timer.domain.clock import Clock
from services.timer.domain.promise import begin, left_of, rounds
from services.timer.handlers.sheet import Sheet, opened
from shared import due, waiting
from shared.db import Tx
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
from shared.events.base import Event, Fact

TOUCHES = frozenset(("attempt", "contacted", "advance"))
Heard = Event[Any]


async def hear(tx: Tx, events: list[Heard]) -> None:
    """At most one event for each lead; what cannot be handled yet is kept as waiting, and so is what comes after it."""
    leads = [event.subject for event in events]
    await due.hold(tx, leads)
    ready = await _ready(tx, events)
    if not ready:
        return
    clocks = await store.clocks_of(tx, [event.subject for event in ready])
    for event in ready:
        clocks.setdefault(event.subject, [])
    owners = {event.data.owner for event in ready if isinstance(event.data, LeadAssigned | LeadEnquiredAgain)}
    owners |= {clock.owner for of_lead in clocks.values() for clock in of_lead if clock.promise == "accept"}
    sheet = await opened(tx, clocks, versions=_versions(ready), people={owner for owner in owners if owner})
    for event in ready:
        DOES[type(event.data)](sheet, event)
    await sheet.write()


def _versions(events: Iterable[Heard]) -> set[int]:
    named = [event.data for event in events if isinstance(event.data, LeadAssigned | LeadEnquiredAgain)]
    return {number for data in named for number in (data.pinned, data.agreement) if number}


async def _ready(tx: Tx, events: list[Heard]) -> list[Heard]:
    """Those events for which everything is here; the others wait."""
    owners = {event.data.owner for event in events if isinstance(event.data, LeadAssigned)}

    async def look() -> waiting.Needs:
        known = await store.versions_of(tx, _versions(events))
        people = await store.people_of(tx, owners)
        return lambda event: _needs(event, known, people)

    return await waiting.ready(tx, events, await look(), look)


def _needs(event: Heard, known: dict[int, Any], people: dict[str, Any]) -> str:
    missing = [number for number in _versions([event]) if number not in known]
    if missing:
        return f"agreement:{missing[0]}"
    if isinstance(event.data, LeadAssigned) and event.data.owner not in people:
        return f"rep:{event.data.owner}"
    return ""


def assigned(sheet: Sheet, event: Event[LeadAssigned]) -> None:
    """A new owner: the clocks of older epochs stop, the new one has what is left or the whole time."""
    data, lead = event.data, event.subject
    left = _left(sheet, event)
    for clock in sheet.of(lead):
        if clock.epoch < data.epoch and clock.runs:
            remains = left_of(clock, data.assigned_at, sheet.calendar_of(clock))
            sheet.keep(*core.moved_on(clock, event.time, f"reassigned to {data.owner}", remains), event)
    sheet.opening.add(lead)
    for promise in sheet.versions[data.pinned].promises.values():
        if promise.runs_from == "accepted" or promise.name not in ("accept", "first_touch"):
            continue
        start = data.lead.received_at if promise.runs_from == "received" else data.assigned_at
        _begin(
            sheet,
            event,
            promise.name,
            data.epoch,
            start or data.assigned_at,
            left if promise.name == "accept" else None,
        )


def _left(sheet: Sheet, event: Event[LeadAssigned]) -> int | None:
    """What the owner before had left to accept it; None when this is a beginning."""
    if event.subject in sheet.closed:
        return None
    before = [
        clock for clock in sheet.of(event.subject) if clock.promise == "accept" and clock.epoch < event.data.epoch
    ]
    if not before:
        return None
    last = before[-1]
    if last.runs:
        return left_of(last, event.data.assigned_at, sheet.calendar_of(last))
    if last.left_seconds is not None:
        return last.left_seconds
    return left_of(last, last.stopped_at, sheet.calendar_of(last)) if last.stopped_at else None


def _begin(
    sheet: Sheet,
    event: Heard,
    name: str,
    epoch: int,
    start: datetime,
    left: int | None = None,
    like: Clock | None = None,
) -> None:
    data = event.data
    pinned = like.agreement if like else data.pinned
    routed = like.routed if like else data.agreement
    owner, team = (like.owner, like.team) if like else (data.owner, data.team)
    promise = sheet.versions[pinned].promises.get(name)
    if promise is None:
        return
    number = rounds(sheet.of(event.subject), name, epoch)
    if any(clock.promise == name and clock.epoch == epoch and clock.runs for clock in sheet.of(event.subject)):
        return
    made = begin(
        promise,
        lead=event.subject,
        epoch=epoch,
        round_=number,
        owner=owner,
        team=team,
        tier=(like.tier if like else data.tier) or "",
        agreement=pinned,
        routed=routed,
        start=start,
        pinned=sheet.versions[pinned],
        calendar=sheet.calendar(pinned, routed, team, owner),
        left=left,
    )
    if made:
        sheet.keep(made[0], [made[1]], event)


def accepted(sheet: Sheet, event: Event[LeadAccepted]) -> None:
    """Accepted: that clock is judged, the first touch begins."""
    _judge(sheet, event, ("accept",), "accepted")
    own = [clock for clock in sheet.of(event.subject) if clock.promise == "accept" and clock.epoch == event.data.epoch]
    if not own:
        return
    touch = sheet.versions[own[-1].agreement].promises.get("first_touch")
    if touch and touch.runs_from == "accepted":
        _begin(sheet, event, "first_touch", event.data.epoch, event.data.answered_at, like=own[-1])


def declined(sheet: Sheet, event: Event[LeadDeclined]) -> None:
    """Declined in time is a promise kept; whatever else runs is void."""
    _judge(sheet, event, ("accept",), f"declined: {event.data.reason}")
    _void(sheet, event, "declined")


def attempted(sheet: Sheet, event: Event[LeadAttempted]) -> None:
    """An attempt meets the first touch, where an attempt is what was agreed."""
    _judge(sheet, event, ("first_touch",), "attempted", only=lambda clock: sheet.promise(clock).met_by == "attempt")


def contacted(sheet: Sheet, event: Event[LeadContacted] | Event[LeadAdvanced]) -> None:
    """Contact meets the first touch."""
    _judge(sheet, event, ("accept", "first_touch"), "contacted")


def ended(sheet: Sheet, event: Heard) -> None:
    """Disqualified, recycled, won, lost or merged: nothing runs any more."""
    _void(sheet, event, event.data.type.split(".")[2])
    sheet.closing.add(event.subject)


def waits(sheet: Sheet, event: Event[LeadHeld] | Event[LeadUnrouted]) -> None:
    """Nobody has it: nothing runs."""
    _void(sheet, event, event.data.type.split(".")[2])


def again(sheet: Sheet, event: Event[LeadEnquiredAgain]) -> None:
    """The person came back: a new round of the first touch, unless one runs or the lead is not accepted yet."""
    own = [clock for clock in sheet.of(event.subject) if clock.promise == "accept" and clock.epoch == event.data.epoch]
    if own and own[-1].verdict in ("kept", "late"):
        _begin(sheet, event, "first_touch", event.data.epoch, event.time, like=own[-1])


def hold(sheet: Sheet, event: Event[ActionTaken]) -> None:
    """An answer stamped in time is on its way: do not call it late yet."""
    for clock in sheet.of(event.subject):
        if (
            clock.runs
            and _concerns(clock, event.data.epoch, event.data.action)
            and event.data.answered_at <= clock.due_at
        ):
            sheet.keep(core.held(clock, sheet.tx.wall), [])


def refused(sheet: Sheet, event: Event[ActionRefused]) -> None:
    """The answer was not applied: the clock goes on; one that was stamped in time and lost its lead is made good."""
    data = event.data
    for clock in sheet.of(event.subject):
        if not _concerns(clock, data.epoch, data.action_name):
            continue
        if clock.held_until and clock.runs:
            clock = sheet.keep(core.released(clock), [])
            if clock.step == "settle":
                sheet.wake(clock, sheet.tx.wall)
        elif clock.state == "missed" and data.present_epoch != data.epoch and data.answered_at <= clock.due_at:
            sheet.keep(*core.too_late(clock, data.answered_at, data.by, data.present_owner), event)


def _concerns(clock: Clock, epoch: int, action: str) -> bool:
    return clock.epoch == epoch and (clock.promise == "accept" or action in TOUCHES)


def _judge(
    sheet: Sheet, event: Heard, promises: tuple[str, ...], why: str, only: Callable[[Clock], bool] = lambda clock: True
) -> None:
    tx = sheet.tx
    for clock in sheet.of(event.subject):
        if clock.runs and clock.promise in promises and clock.epoch == event.data.epoch and only(clock):
            sheet.keep(*core.answered(clock, event.data.answered_at, event.time, tx.wall, why), event)


def _void(sheet: Sheet, event: Heard, why: str) -> None:
    for clock in sheet.of(event.subject):
        if clock.runs:
            sheet.keep(*core.moved_on(clock, event.time, why), event)


DOES: dict[type[Fact], Callable[[Sheet, Any], None]] = {
    LeadAssigned: assigned,
    LeadAccepted: accepted,
    LeadDeclined: declined,
    LeadAttempted: attempted,
    LeadContacted: contacted,
    LeadAdvanced: contacted,
    LeadDisqualified: ended,
    LeadRecycled: ended,
    LeadWon: ended,
    LeadLost: ended,
    LeadMerged: ended,
    LeadHeld: waits,
    LeadUnrouted: waits,
    LeadEnquiredAgain: again,
    ActionTaken: hold,
    ActionRefused: refused,
}
