"""The row of a clock, from two topics in any order: due times from `clocks`, the state from `clocks` and `breaches`."""

from collections.abc import Mapping, Sequence
from typing import Any

from shared import events as e
from shared.events.base import Event
from shared.events.breaches import SlaEvent

STATE_RANK = {"running": 0, "warned": 1, "breached": 2, "late": 3, "missed": 3, "kept": 4, "void": 5}
"""Of two known states, the one with the higher rank is stored. `kept` ranks above `missed`, because an answer given in
time withdraws a breach that was published earlier. `void` ranks above both, because a breach is also withdrawn when the
lead changed owner in time."""
RUNNING = ("running", "warned", "breached")
STATE_AFTER_SLA: dict[type[Any], str] = {e.SlaWarned: "warned", e.SlaBreached: "breached", e.SlaWithdrawn: "kept"}
Row = dict[str, Any]


def apply(clocks: Sequence[Mapping[str, Any]], event: Event[Any]) -> Row | None:
    """The row of the event's clock after the event; None when the event changes no clock.

    `clocks` are the rows of the event's lead. A breach may arrive before the start: the breach creates the row, and the
    start completes the row.
    """
    data = event.data
    clock_id = getattr(data, "clock", None)
    row = next((dict(clock) for clock in clocks if clock["id"] == clock_id), None)
    if isinstance(data, e.ClockStarted):
        return _started(row, event)
    if row is not None:
        return _changed(row, data)
    if isinstance(data, SlaEvent):
        return _changed(_row_before_start(event), data)
    return None


def next_due(clocks: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """The running clock that is due first; None when none runs."""
    running = [clock for clock in clocks if clock["state"] in RUNNING]
    return min(running, key=lambda clock: clock["due_at"]) if running else None


def _started(row: Row | None, event: Event[e.ClockStarted]) -> Row:
    data = event.data
    fields = ("promise", "epoch", "owner", "started_at", "due_at", "warn_at", "in_words")
    state = row["state"] if row else "running"
    return {"id": data.clock, "lead": event.subject, "state": state, **{name: getattr(data, name) for name in fields}}


def _row_before_start(event: Event[Any]) -> Row:
    data = event.data
    row = {"id": data.clock, "lead": event.subject, "promise": data.promise, "epoch": data.epoch, "owner": data.owner}
    return row | {
        "started_at": event.time,
        "due_at": data.due_at,
        "warn_at": None,
        "in_words": "",
        "state": "running",
    }


def _changed(row: Row, data: Any) -> Row | None:
    if isinstance(data, e.ClockMoved | e.ClockResumed):
        return row | {"due_at": data.due_at}
    state = data.verdict if isinstance(data, e.ClockStopped) else STATE_AFTER_SLA.get(type(data))
    if state is None:
        return None
    return row | {"state": max(row["state"], state, key=lambda name: STATE_RANK.get(name, 3))}
