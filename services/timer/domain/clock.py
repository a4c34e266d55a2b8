"""A clock: one promise on one lead under one epoch, and its life as a table."""

from dataclasses import dataclass, fields, replace
from datetime import datetime

from shared.base.ids import stable_id
from shared.events.breaches import SlaBreached, SlaEvent, SlaWarned, SlaWithdrawn
from shared.events.clocks import ClockEvent, ClockStopped

LIVE = frozenset(("running", "breached"))
"""States in which something may still happen by itself or by an answer."""

LIFE: dict[str, dict[str, str]] = {
    "running": {
        "warned": "running",
        "due": "running",
        "settled": "breached",
        "answered in time": "kept",
        "answered late": "late",
        "moved on": "void",
    },
    "breached": {
        "rung": "breached",
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
"""What happened in time by its stamp, but is heard after the breach was said, withdraws it; of a missed clock the new
owner keeps the lead."""


@dataclass(frozen=True, slots=True)
class Clock:
    """One row of `clocks`. `step` is what its due row waits for: warn, due, settle, rung, or "" when it rests.

    `agreement` is the pinned version (its promises and calendars), `routed` the one that assigned (its teams);
    `off_hours`: reckoned in wall time, so that its rungs are too. `left_seconds` is what was left when it stopped.
    """

    id: str
    lead: str
    promise: str
    epoch: int
    round: int
    owner: str | None
    team: str | None
    tier: str
    agreement: int
    routed: int
    started_at: datetime
    due_at: datetime
    state: str = "running"
    step: str = "warn"
    warn_at: datetime | None = None
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    settled_at: datetime | None = None
    stopped_at: datetime | None = None
    verdict: str = ""
    why: str = ""
    rung: int = 0
    skipped: tuple[str, ...] = ()
    held_until: datetime | None = None
    off_hours: bool = False
    within: str = ""
    left_seconds: int | None = None
    in_words: str = ""

    @property
    def runs(self) -> bool:
        """Whether it is still open."""
        return self.state in LIVE and self.stopped_at is None


FIELDS = tuple(item.name for item in fields(Clock))
Facts = list[SlaEvent | ClockEvent]


def clock_id(lead: str, promise: str, epoch: int, round_: int) -> str:
    """The same clock has the same id, however often its beginning is told."""
    return stable_id("clock", lead, promise, epoch, round_)


def follow(state: str, what: str) -> str:
    """The next state. Raises KeyError for what cannot happen."""
    return LIFE[state][what]


def warned(clock: Clock, now: datetime) -> tuple[Clock, Facts]:
    """The agreed share of the time is gone."""
    fact = SlaWarned(**_sla(clock), left_seconds=max(0, int((clock.due_at - now).total_seconds())))
    return replace(clock, warned_at=now, step="due"), [fact]


def breached(clock: Clock, wall: datetime) -> tuple[Clock, Facts]:
    """Nobody answered in time. The breach counts from the due instant, whenever it is said (`wall`, real time)."""
    fact = SlaBreached(**_sla(clock), breached_at=clock.due_at, settled_at=wall)
    state = follow(clock.state, "settled")
    changed = replace(clock, state=state, breached_at=clock.due_at, settled_at=wall, step="rung", held_until=None)
    return changed, [fact]


def answered(clock: Clock, at: datetime, now: datetime, wall: datetime, why: str) -> tuple[Clock, Facts]:
    """The promise was met at `at` (our stamp). In time it is kept, and a breach that was said is withdrawn; late is
    late, and the breach is said if it was not yet: by event time, once."""
    facts: Facts = []
    if at <= clock.due_at:
        if clock.state == "breached":
            facts.append(SlaWithdrawn(**_sla(clock), answered_at=at, by=clock.owner))
        return _stopped(clock, "answered in time", now, why, facts)
    if clock.state == "running":
        clock, facts = breached(clock, wall)
    return _stopped(clock, "answered late", now, why, facts)


def moved_on(
    clock: Clock, at: datetime, now: datetime, wall: datetime, why: str, left: int | None = None
) -> tuple[Clock, Facts]:
    """The lead went to another owner, or ended, at `at`, without an answer: void when that was in time, else missed;
    by event time, once, so that it does not matter whether the breach was said before."""
    facts: Facts = []
    clock = replace(clock, left_seconds=left)
    if clock.state == "breached" and at <= clock.due_at:
        facts.append(SlaWithdrawn(**_sla(clock), answered_at=at))
        return _stopped(clock, "moved on in time", now, why, facts)
    if clock.state == "running" and at > clock.due_at:
        clock, facts = breached(clock, wall)
    return _stopped(clock, "moved on", now, why, facts)


def too_late(clock: Clock, at: datetime, by: str | None, present_owner: str | None) -> tuple[Clock, Facts]:
    """An answer stamped in time turned up after the lead went to somebody else, who keeps it. Any other answer, and
    any other clock, changes nothing."""
    if clock.state != "missed" or at > clock.due_at:
        return clock, []
    fact = SlaWithdrawn(**_sla(clock), answered_at=at, by=by, applied=False, present_owner=present_owner)
    verdict = follow(clock.state, "answered in time")
    return replace(clock, state=verdict, verdict=verdict, why="answered in time, told too late"), [fact]


def _stopped(clock: Clock, what: str, now: datetime, why: str, facts: Facts) -> tuple[Clock, Facts]:
    verdict = follow(clock.state, what)
    clock = replace(clock, state=verdict, verdict=verdict, stopped_at=now, why=why, step="", held_until=None)
    stopped = ClockStopped(**_named(clock), at=now, verdict=verdict, why=why)
    return clock, [*facts, stopped]


def _sla(clock: Clock) -> dict[str, object]:
    return {
        "clock": clock.id,
        "lead": clock.lead,
        "promise": clock.promise,
        "epoch": clock.epoch,
        "round": clock.round,
        "owner": clock.owner,
        "team": clock.team,
        "tier": clock.tier,
        "due_at": clock.due_at,
        "terms_version": clock.agreement,
    }


sla_fields = _sla


def _named(clock: Clock) -> dict[str, object]:
    return {
        "clock": clock.id,
        "promise": clock.promise,
        "epoch": clock.epoch,
        "round": clock.round,
        "owner": clock.owner,
        "tier": clock.tier,
    }


clock_fields = _named


def drawing() -> str:
    """The table as a Mermaid state diagram for the docs."""
    lines = ["stateDiagram-v2", "    [*] --> running"]
    lines += [f"    {state} --> {new}: {what}" for state, whats in LIFE.items() for what, new in whats.items()]
    return "\n".join(lines)
