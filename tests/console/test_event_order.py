"""Topics have no order among each other: however their records are laced, the same lead and clocks come out."""

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.console.domain import clock, lead
from shared.events import (
    ClockMoved,
    ClockStarted,
    ClockStopped,
    LeadAccepted,
    LeadAssigned,
    SlaBreached,
    SlaWarned,
    SlaWithdrawn,
)
from shared.events.base import Event, EventData
from tests.console.samples import CLOCK, DUE, LEAD, SLA, STARTED, assigned, received
from tests.service_harness import TUESDAY

LATER = DUE + timedelta(minutes=30)
AGAIN = "0193b0c4-0000-7000-8000-00000000c20c"
LEADS: list[EventData] = [
    received(name="Ada"),
    assigned(name="Ada"),
    LeadAssigned(**{**dict(assigned(name="Ada")), "owner": "eve", "epoch": 2}),
    LeadAccepted(owner="eve", epoch=2, by="eve", answered_at=DUE),
]
CLOCKS: list[EventData] = [
    STARTED,
    ClockMoved(clock=CLOCK, promise="accept", epoch=1, due_at=LATER, why="closed"),
    ClockStopped(clock=CLOCK, promise="accept", epoch=1, at=LATER, verdict="missed"),
    ClockStarted(**{**dict(STARTED), "clock": AGAIN, "owner": "eve", "epoch": 2}),
    ClockStopped(clock=AGAIN, promise="accept", epoch=2, at=LATER, verdict="kept"),
]
MOVED: dict[str, Any] = {**SLA, "due_at": LATER}
BREACHES: list[EventData] = [
    SlaWarned(**MOVED, left_seconds=60),
    SlaBreached(**MOVED, breached_at=LATER, settled_at=LATER),
    SlaWithdrawn(**MOVED, answered_at=DUE, by="dan", applied=False, present_owner="eve"),
]


def shown(facts: list[EventData]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The lead and its clocks after these facts, each said at the minute of its place in its own topic."""
    row, clocks = lead.new_row(LEAD, TUESDAY), dict[str, Any]()
    spoken: dict[str, int] = {}
    for fact in facts:
        spoken[fact.topic] = spoken.get(fact.topic, 0) + 1
        event = Event(fact, LEAD, "/test", TUESDAY + timedelta(minutes=spoken[fact.topic]))
        row = lead.apply(row, event)
        changed = clock.apply(list(clocks.values()), event)
        if changed:
            clocks[changed["id"]] = changed
    return row, clocks


@st.composite
def laced(draw: st.DrawFn) -> list[EventData]:
    """The three topics, each in its own order, in any order among each other."""
    topics = [list(LEADS), list(CLOCKS), list(BREACHES)]
    found: list[EventData] = []
    while any(topics):
        found.append(draw(st.sampled_from([topic for topic in topics if topic])).pop(0))
    return found


@given(laced())
def test_the_same_comes_out_however_the_topics_are_laced(facts: list[EventData]) -> None:
    row, clocks = shown(facts)
    assert (row["state"], row["owner"], row["epoch"], row["breaches"]) == ("accepted", "eve", 2, 0)
    assert {id_: found["state"] for id_, found in clocks.items()} == {CLOCK: "kept", AGAIN: "kept"}
    assert clocks == shown([*LEADS, *CLOCKS, *BREACHES])[1]
    assert clock.next_due(list(clocks.values())) is None


@given(st.integers(0, 3), st.integers(0, 3))
def test_a_breach_of_a_lead_that_had_moved_on_in_time_leaves_its_clock_void(first: int, second: int) -> None:
    """The timer withdraws the breach and calls the clock void; the two are told on different topics."""
    void = ClockStopped(clock=CLOCK, promise="accept", epoch=1, at=DUE, verdict="void")
    facts: list[EventData] = [STARTED, void]
    breach, withdrawn = SlaBreached(**SLA, breached_at=DUE, settled_at=DUE), SlaWithdrawn(**SLA, answered_at=DUE)
    facts.insert(min(first, second, 2), breach)
    facts.insert(max(first, second, facts.index(breach) + 1), withdrawn)
    row, clocks = shown(facts)
    assert (row["breaches"], clocks[CLOCK]["state"]) == (0, "void")


@given(laced(), st.integers(0, 12))
def test_a_clock_that_ended_never_runs_again(facts: list[EventData], cut: int) -> None:
    ended: set[str] = set()
    for length in range(1, cut + 1):
        clocks = shown(facts[:length])[1]
        assert all(clocks[id_]["state"] not in clock.RUNNING for id_ in ended)
        ended |= {id_ for id_, found in clocks.items() if found["state"] not in clock.RUNNING}
