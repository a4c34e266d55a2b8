"""Tests that leads and clocks do not depend on how the records of different topics interleave."""

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
SECOND_CLOCK = "0193b0c4-0000-7000-8000-00000000c20c"
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
    ClockStarted(**{**dict(STARTED), "clock": SECOND_CLOCK, "owner": "eve", "epoch": 2}),
    ClockStopped(clock=SECOND_CLOCK, promise="accept", epoch=2, at=LATER, verdict="kept"),
]
MOVED: dict[str, Any] = {**SLA, "due_at": LATER}
BREACHES: list[EventData] = [
    SlaWarned(**MOVED, left_seconds=60),
    SlaBreached(**MOVED, breached_at=LATER, settled_at=LATER),
    SlaWithdrawn(**MOVED, answered_at=DUE, by="dan", applied=False, present_owner="eve"),
]


def project(events: list[EventData]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The lead and its clocks after these events; each has the minute of its place in its own topic as its time."""
    row, clocks = lead.new_row(LEAD, TUESDAY), dict[str, Any]()
    counts: dict[str, int] = {}
    for fact in events:
        counts[fact.topic] = counts.get(fact.topic, 0) + 1
        event = Event(fact, LEAD, "/test", TUESDAY + timedelta(minutes=counts[fact.topic]))
        row = lead.apply(row, event)
        changed = clock.apply(list(clocks.values()), event)
        if changed:
            clocks[changed["id"]] = changed
    return row, clocks


@st.composite
def interleaved(draw: st.DrawFn) -> list[EventData]:
    """The events of three topics, each topic in its own order, in any order among each other."""
    topics = [list(LEADS), list(CLOCKS), list(BREACHES)]
    events: list[EventData] = []
    while any(topics):
        events.append(draw(st.sampled_from([topic for topic in topics if topic])).pop(0))
    return events


@given(interleaved())
def test_a_lead_and_its_clocks_are_the_same_however_the_topics_interleave(events: list[EventData]) -> None:
    row, clocks = project(events)
    assert (row["state"], row["owner"], row["epoch"], row["breaches"]) == ("accepted", "eve", 2, 0)
    assert {id_: row["state"] for id_, row in clocks.items()} == {CLOCK: "kept", SECOND_CLOCK: "kept"}
    assert clocks == project([*LEADS, *CLOCKS, *BREACHES])[1]
    assert clock.next_due(list(clocks.values())) is None


@given(st.integers(0, 3), st.integers(0, 3))
def test_a_withdrawn_breach_of_a_lead_that_moved_on_in_time_leaves_its_clock_void(first: int, second: int) -> None:
    """The timer withdraws the breach and stops the clock as void, on different topics."""
    void = ClockStopped(clock=CLOCK, promise="accept", epoch=1, at=DUE, verdict="void")
    events: list[EventData] = [STARTED, void]
    breach, withdrawn = SlaBreached(**SLA, breached_at=DUE, settled_at=DUE), SlaWithdrawn(**SLA, answered_at=DUE)
    events.insert(min(first, second, 2), breach)
    events.insert(max(first, second, events.index(breach) + 1), withdrawn)
    row, clocks = project(events)
    assert (row["breaches"], clocks[CLOCK]["state"]) == (0, "void")


@given(interleaved(), st.integers(0, 12))
def test_a_stopped_clock_never_runs_again(events: list[EventData], cut: int) -> None:
    ended: set[str] = set()
    for length in range(1, cut + 1):
        clocks = project(events[:length])[1]
        assert all(clocks[id_]["state"] not in clock.RUNNING for id_ in ended)
        ended |= {id_ for id_, row in clocks.items() if row["state"] not in clock.RUNNING}
