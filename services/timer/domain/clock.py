"""An SLA clock: one promise on one lead under one epoch, and its states and transitions as a table."""

from dataclasses import dataclass, fields, replace
from datetime import datetime

from shared.base.ids import stable_id
from shared.events.breaches import SlaBreached, SlaEvent, SlaWarned, SlaWithdrawn
from shared.events.clocks import ClockEvent, ClockStopped

OPEN_STATES = frozenset(("running", "breached"))
"""States in which a clock can still warn, breach, escalate or be answered."""

TRANSITIONS: dict[str, dict[str, str]] = {
    "running": {
        "warned": "running",
        "due": "running",
        "settled": "breached",
        "answered in time": "kept",
        "answered late": "late",
        "moved on": "void",
    },
    "breached": {
        "escalated": "breached",
        "answered in time": "kept",
        "answered late": "late",
        "moved on in time": "void",
        "moved on": "missed",
    },
    "kept": {},
    "late": {},
    "missed": {"answered in time": "kept"},
    "void": {},
}
"""State -> transition -> next state. An answer or a move that was in time by its stamp, but is read after the breach was
published, withdraws the breach. When the clock is `missed` already, the new owner keeps the lead."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One row of `clocks`.

    `terms_version` is the agreement version whose promises and calendars hold, `routing_version` the one that assigned
    the lead (its teams). `next_step` is what its scheduled item does next: warn, due, settle, escalate, or "" when it
    has none. `escalation_step` counts the escalation steps done. `off_hours`: its
    escalation steps run in wall time. `left_seconds` is what was left when its lead moved on.
    """

    id: str
    lead: str
    promise: str
    epoch: int
    round: int
    owner: str | None
    team: str | None
    tier: str
    terms_version: int
    routing_version: int
    started_at: datetime
    due_at: datetime
    state: str = "running"
    next_step: str = "warn"
    warn_at: datetime | None = None
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    settled_at: datetime | None = None
    stopped_at: datetime | None = None
    verdict: str = ""
    why: str = ""
    escalation_step: int = 0
    skipped: tuple[str, ...] = ()
    held_until: datetime | None = None
    off_hours: bool = False
    within: str = ""
    left_seconds: int | None = None
    in_words: str = ""

    @property
    def is_open(self) -> bool:
        """Whether the clock has not stopped."""
        return self.state in OPEN_STATES and self.stopped_at is None


FIELDS = tuple(item.name for item in fields(Clock))
ClockEvents = list[SlaEvent | ClockEvent]


def clock_id(lead: str, promise: str, epoch: int, round_: int) -> str:
    """The id of a clock: the same for the same clock, however often its start is handled."""
    return stable_id("clock", lead, promise, epoch, round_)


def next_state(state: str, transition: str) -> str:
    """The state after a transition. Raises KeyError for a transition that the state does not have."""
    return TRANSITIONS[state][transition]


def warn(clock: Clock, now: datetime) -> tuple[Clock, ClockEvents]:
    """Warn that the agreed share of the time is used up."""
    event = SlaWarned(**sla_fields(clock), left_seconds=max(0, int((clock.due_at - now).total_seconds())))
    return replace(clock, warned_at=now, next_step="due"), [event]


def breach(clock: Clock, wall: datetime) -> tuple[Clock, ClockEvents]:
    """Breach the promise: nobody answered in time. It counts from the due instant; `wall` (real time) is when the settle
    time was over."""
    event = SlaBreached(**sla_fields(clock), breached_at=clock.due_at, settled_at=wall)
    state = next_state(clock.state, "settled")
    changed = replace(
        clock, state=state, breached_at=clock.due_at, settled_at=wall, next_step="escalate", held_until=None
    )
    return changed, [event]


def stop_answered(clock: Clock, at: datetime, now: datetime, wall: datetime, why: str) -> tuple[Clock, ClockEvents]:
    """Stop a clock whose promise was met at `at` (our server's stamp).

    An answer in time keeps the promise and withdraws a breach that was published. A late one publishes the breach if it
    was not published yet. The verdict follows the event's time and is given once.
    """
    events: ClockEvents = []
    if at <= clock.due_at:
        if clock.state == "breached":
            events.append(SlaWithdrawn(**sla_fields(clock), answered_at=at, by=clock.owner))
        return _stop(clock, "answered in time", now, why, events)
    if clock.state == "running":
        clock, events = breach(clock, wall)
    return _stop(clock, "answered late", now, why, events)


def stop_moved_on(
    clock: Clock, at: datetime, now: datetime, wall: datetime, why: str, left_seconds: int | None = None
) -> tuple[Clock, ClockEvents]:
    """Stop a clock whose lead went to another owner, or ended, at `at` without an answer.

    The verdict is void when that was in time (a published breach is withdrawn), else missed (a breach that was not
    published yet is). It follows the event's time, so it does not matter whether
    the breach was published before.
    """
    events: ClockEvents = []
    clock = replace(clock, left_seconds=left_seconds)
    if clock.state == "breached" and at <= clock.due_at:
        events.append(SlaWithdrawn(**sla_fields(clock), answered_at=at))
        return _stop(clock, "moved on in time", now, why, events)
    if clock.state == "running" and at > clock.due_at:
        clock, events = breach(clock, wall)
    return _stop(clock, "moved on", now, why, events)


def answered_after_reassignment(
    clock: Clock, at: datetime, by: str | None, present_owner: str | None
) -> tuple[Clock, ClockEvents]:
    """Withdraw the breach of a missed clock when an answer stamped in time turns up after the lead was reassigned.

    The new owner keeps the lead. A late answer, or a clock in another state, changes nothing.
    """
    if clock.state != "missed" or at > clock.due_at:
        return clock, []
    event = SlaWithdrawn(**sla_fields(clock), answered_at=at, by=by, applied=False, present_owner=present_owner)
    verdict = next_state(clock.state, "answered in time")
    return replace(clock, state=verdict, verdict=verdict, why="answered in time, received too late"), [event]


def _stop(clock: Clock, transition: str, now: datetime, why: str, events: ClockEvents) -> tuple[Clock, ClockEvents]:
    verdict = next_state(clock.state, transition)
    clock = replace(clock, state=verdict, verdict=verdict, stopped_at=now, why=why, next_step="", held_until=None)
    stopped = ClockStopped(**clock_fields(clock), at=now, verdict=verdict, why=why)
    return clock, [*events, stopped]


def sla_fields(clock: Clock) -> dict[str, object]:
    """The fields of a clock that every event of `baton.breaches` carries."""
    return clock_fields(clock) | {
        "lead": clock.lead,
        "team": clock.team,
        "due_at": clock.due_at,
        "terms_version": clock.terms_version,
    }


def clock_fields(clock: Clock) -> dict[str, object]:
    """The fields of a clock that every event of `baton.clocks` carries."""
    return {
        "clock": clock.id,
        "promise": clock.promise,
        "epoch": clock.epoch,
        "round": clock.round,
        "owner": clock.owner,
        "tier": clock.tier,
    }


def mermaid() -> str:
    """The table as a Mermaid state diagram for the docs."""
    lines = ["stateDiagram-v2", "    [*] --> running"]
    lines += [
        f"    {state} --> {after}: {transition}"
        for state, transitions in TRANSITIONS.items()
        for transition, after in transitions.items()
    ]
    return "\n".join(lines)
