"""A clock as two topics tell of it: when it is due (`clocks`) and how it went (`clocks` and `breaches`), in any order."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared import events as said
from shared.events.base import Event
from shared.events.breaches import SlaEvent

RANK = {"running": 0, "warned": 1, "breached": 2, "late": 3, "missed": 3, "kept": 4, "void": 5}
"""Which word stands when two are known. `kept` is above `missed`: an answer in time that was told too late withdraws the
breach. `void` is above both: a breach is withdrawn too when the lead had moved on in time."""
RUNNING = ("running", "warned", "breached")
Row = dict[str, Any]


def apply(known: Sequence[Mapping[str, Any]], event: Event[Any]) -> Row | None:
    """The clock that the event speaks of, once the event is known; None when it changes none.

    `known` are the clocks of the event's lead. A breach may be told before the start: then it makes the row, and the
    start completes it.
    """
    data = event.data
    named = getattr(data, "clock", None)
    found = next((dict(clock) for clock in known if clock["id"] == named), None)
    if isinstance(data, said.ClockStarted):
        return _started(found, event)
    if found is not None:
        return _changed(found, data)
    if isinstance(data, SlaEvent):
        row = {"id": data.clock, "lead": event.subject, "promise": data.promise, "epoch": data.epoch}
        row |= {"owner": data.owner, "started_at": event.time, "due_at": data.due_at, "warn_at": None, "in_words": ""}
        return _changed({**row, "state": "running"}, data)
    return None


def next_due(clocks: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The clock that matters now: the one that runs and is due first."""
    open_ones = [clock for clock in clocks if clock["state"] in RUNNING]
    return min(open_ones, key=lambda clock: clock["due_at"]) if open_ones else None


def _started(found: Row | None, event: Event[said.ClockStarted]) -> Row:
    data = event.data
    fields = ("promise", "epoch", "owner", "started_at", "due_at", "warn_at", "in_words")
    state = found["state"] if found else "running"
    return {"id": data.clock, "lead": event.subject, "state": state, **{name: getattr(data, name) for name in fields}}


def _changed(row: Row, data: Any) -> Row | None:
    if isinstance(data, said.ClockMoved | said.ClockResumed):
        return row | {"due_at": data.due_at}
    state = _state(data)
    if state is None:
        return None
    return row | {"state": max(row["state"], state, key=lambda word: RANK.get(word, 3))}


def _state(data: Any) -> str | None:
    if isinstance(data, said.ClockStopped):
        return data.verdict
    words: dict[type[Any], str] = {said.SlaWarned: "warned", said.SlaBreached: "breached", said.SlaWithdrawn: "kept"}
    return words.get(type(data))
