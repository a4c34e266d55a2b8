"""The transitions of a clock as plain values: one final verdict, whatever happens in whatever order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.timer.domain import clock as transitions
from services.timer.domain import escalation
from services.timer.domain.advance import advance, next_due
from services.timer.domain.clock import TRANSITIONS, Clock
from shared.agreement.model import EscalationStep, Promise, Target
from shared.agreement.time.calendar import ALWAYS, Calendar, CalendarSpec
from shared.events import ClockStopped, SlaBreached, SlaEscalated, SlaWarned, SlaWithdrawn

START = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DUE = START + 15 * MINUTE
SETTLE = timedelta(seconds=2)
STEPS = (
    EscalationStep(after=0, do=("notify owner",)),
    EscalationStep(after=1800, do=("reassign",), at_most=2),
    EscalationStep(after=7200, do=("return to marketing",)),
)
PROMISE = Promise(name="accept", targets={"*": Target(within="15 minutes")}, warn=Decimal("0.75"), steps=STEPS)


def running(**changes: Any) -> Clock:
    values: dict[str, Any] = {
        "id": "c",
        "lead": "l",
        "promise": "accept",
        "epoch": 1,
        "round": 0,
        "owner": "dan",
        "team": "inbound",
        "tier": "hot",
        "terms_version": 1,
        "routing_version": 1,
        "started_at": START,
        "due_at": DUE,
        "warn_at": START + 11 * MINUTE,
    }
    return Clock(**values | changes)


def advanced(
    clock: Clock, now: datetime, wall: datetime | None = None, step_counts: Any = None
) -> tuple[Clock, list[type[Any]]]:
    changed, events = advance(
        clock,
        promise=PROMISE,
        calendar=ALWAYS,
        step_counts={} if step_counts is None else step_counts,
        now=now,
        wall=wall or now,
    )
    return changed, [type(event) for event in events]


def test_every_clock_transition_leads_to_a_state_of_the_table() -> None:
    assert {new for row in TRANSITIONS.values() for new in row.values()} <= set(TRANSITIONS)
    assert [state for state, row in TRANSITIONS.items() if not row] == ["kept", "late", "void"]


def test_advancing_a_clock_too_early_changes_nothing() -> None:
    assert advanced(running(), START + MINUTE) == (running(), [])


def test_a_clock_warns_then_settles_in_real_time_then_breaches_from_its_due_instant() -> None:
    clock, kinds = advanced(running(), START + 12 * MINUTE)
    assert (kinds, clock.next_step) == ([SlaWarned], "due")
    clock, kinds = advanced(clock, DUE)
    assert (kinds, clock.next_step) == ([], "settle")
    wall = datetime(2030, 1, 1, tzinfo=UTC)
    assert next_due(clock, PROMISE, ALWAYS, wall, SETTLE) == (wall + SETTLE, "wall")
    clock, kinds = advanced(clock, DUE + timedelta(hours=1), wall)
    assert (kinds, clock.breached_at, clock.settled_at) == ([SlaBreached, SlaEscalated, SlaEscalated], DUE, wall)


def test_a_clock_is_not_due_in_the_instant_before_its_due_instant() -> None:
    clock, _ = advanced(running(next_step="due"), DUE - timedelta(microseconds=1))
    assert clock.next_step == "due"


def test_a_warning_is_skipped_once_the_due_instant_is_past() -> None:
    clock, kinds = advanced(running(), DUE)
    assert (kinds, clock.next_step, clock.warned_at) == ([], "settle", None)


def test_a_hold_delays_the_breach_and_never_shortens_the_settle_time() -> None:
    settling = running(next_step="settle", held_until=DUE + timedelta(seconds=30))
    assert advanced(settling, DUE + MINUTE, DUE + timedelta(seconds=29)) == (settling, [])
    assert advanced(settling, DUE + MINUTE, DUE + timedelta(seconds=30))[1][0] is SlaBreached
    nearly_over = running(next_step="settle", held_until=DUE + timedelta(seconds=1))
    following = next_due(nearly_over, PROMISE, ALWAYS, DUE, SETTLE)
    assert following == (DUE + SETTLE, "wall")


def test_escalation_steps_are_counted_from_the_due_instant_not_from_the_published_breach() -> None:
    late = DUE + timedelta(minutes=29)
    clock, _ = advanced(running(next_step="settle"), late, late)
    following = next_due(clock, PROMISE, ALWAYS, late, SETTLE)
    assert following == (DUE + 30 * MINUTE, "now")


def test_an_escalation_step_in_days_is_due_at_the_same_local_time_of_the_next_open_day() -> None:
    spec = CalendarSpec(timezone="America/New_York", hours={"mon-fri": ("09:00-17:30",)}, holidays="US")
    calendar = Calendar.from_spec(spec, {date(2026, 12, 25): "Christmas Day"})
    due = datetime(2026, 12, 24, 15, 30, tzinfo=UTC)  # Thursday, 10:30 in New York
    steps = [EscalationStep(days=1, do=("notify manager",)), EscalationStep(days=1, after=7200, do=("reassign",))]
    at = [escalation.fires_at(running(due_at=due), step, calendar) for step in steps]
    assert at == [datetime(2026, 12, 28, 15, 30, tzinfo=UTC), datetime(2026, 12, 28, 17, 30, tzinfo=UTC)]
    wall = [escalation.fires_at(running(due_at=due, off_hours=True), step, calendar) for step in steps]
    assert wall == [due + timedelta(days=1), due + timedelta(days=1, hours=2)]


def test_a_clock_does_not_escalate_past_a_step_that_moves_the_lead_at_once() -> None:
    clock, kinds = advanced(running(next_step="settle"), DUE + timedelta(hours=9))
    assert (kinds, clock.escalation_step) == ([SlaBreached, SlaEscalated, SlaEscalated], 2)
    clock, kinds = advanced(clock, DUE + timedelta(hours=9))
    assert (kinds, clock.escalation_step, clock.next_step) == ([SlaEscalated], 3, "")
    assert next_due(clock, PROMISE, ALWAYS, DUE, SETTLE) is None


def test_an_escalation_step_that_is_used_up_is_skipped_with_its_reason() -> None:
    counts = {("l", "accept", "reassign"): 2}
    clock = running(state="breached", next_step="escalate", escalation_step=1)
    clock, events = advance(
        clock, promise=PROMISE, calendar=ALWAYS, step_counts=counts, now=DUE + timedelta(hours=3), wall=DUE
    )
    (event,) = events
    assert isinstance(event, SlaEscalated)
    assert (event.step, event.last) == (3, True)
    assert event.skipped == ("step 2 (reassign): done 2 of at most 2 times",)
    assert (counts, clock.skipped) == ({("l", "accept", "reassign"): 2}, ())


MOMENTS = st.integers(0, 40 * 60).map(lambda seconds: START + timedelta(seconds=seconds))


@given(at=MOMENTS, published=st.booleans(), what=st.sampled_from(("answered", "moved on")))
def test_the_verdict_depends_on_the_stamp_alone_and_not_on_whether_the_breach_was_published(
    at: datetime, published: bool, what: str
) -> None:
    now = START + timedelta(hours=1)
    clock = transitions.breach(running(), now)[0] if published else running()
    if what == "answered":
        clock, events = transitions.stop_answered(clock, at, now, now, "accepted")
        assert clock.verdict == ("kept" if at <= DUE else "late")
    else:
        clock, events = transitions.stop_moved_on(clock, at, now, now, "reassigned")
        assert clock.verdict == ("void" if at <= DUE else "missed")
    kinds = [type(event) for event in events]
    assert kinds.count(ClockStopped) == 1
    assert (SlaWithdrawn in kinds) == (published and at <= DUE)
    assert (SlaBreached in kinds) == (not published and at > DUE)
    assert next_due(clock, PROMISE, ALWAYS, now, SETTLE) is None


@given(
    st.lists(st.tuples(st.sampled_from(("step", "answered", "moved on", "after reassignment")), MOMENTS), max_size=12)
)
def test_a_clock_stops_once_and_breaches_once_at_most_whatever_happens(
    actions: list[tuple[str, datetime]],
) -> None:
    clock, events, now = running(), [], START
    for what, at in actions:
        now = max(now, at)
        emitted: Any = []
        if what == "step":
            clock, emitted = advance(clock, promise=PROMISE, calendar=ALWAYS, step_counts={}, now=now, wall=now)
        elif what == "after reassignment":
            clock, emitted = transitions.answered_after_reassignment(clock, at, "dan", "eve")
        elif clock.is_open and what == "answered":
            clock, emitted = transitions.stop_answered(clock, at, now, now, "accepted")
        elif clock.is_open:
            clock, emitted = transitions.stop_moved_on(clock, at, now, now, "reassigned")
        events += emitted
    kinds = [type(event) for event in events]
    assert kinds.count(SlaBreached) <= 1
    assert kinds.count(SlaWarned) <= 1
    assert kinds.count(ClockStopped) == (0 if clock.is_open else 1)
    assert kinds.count(SlaWithdrawn) <= kinds.count(SlaBreached)
    assert bool(clock.verdict) != clock.is_open
    steps = [event.step for event in events if isinstance(event, SlaEscalated)]
    assert steps == sorted(set(steps))


@given(st.lists(st.integers(0, 4 * 3600), min_size=1, max_size=20))
def test_a_clock_emits_the_same_events_however_often_it_is_advanced(seconds: list[int]) -> None:
    in_one_step = _events_until(running(), [4 * 3600])
    in_steps = _events_until(running(), [*sorted(seconds), 4 * 3600])
    # A clock that is advanced in time warns; apart from that the extra calls make no difference.
    assert [kind for kind in in_steps if kind[0] is not SlaWarned] == in_one_step


def _events_until(clock: Clock, seconds: list[int]) -> list[tuple[type[Any], Any]]:
    emitted: list[tuple[type[Any], Any]] = []
    counts: Any = {}
    for moment in (START + timedelta(seconds=number) for number in seconds):
        while True:
            before = clock
            clock, events = advance(
                clock, promise=PROMISE, calendar=ALWAYS, step_counts=counts, now=moment, wall=moment
            )
            emitted += [(type(event), getattr(event, "step", None)) for event in events]
            if clock == before:
                break
    return emitted


@pytest.mark.parametrize("state", ["kept", "late", "void"])
def test_a_clock_with_a_final_verdict_takes_no_answer(state: str) -> None:
    clock = replace(running(), state=state, verdict=state, stopped_at=DUE, next_step="")
    assert transitions.answered_after_reassignment(clock, START, "dan", "eve") == (clock, [])
    with pytest.raises(KeyError):
        transitions.stop_answered(clock, START, DUE, DUE, "accepted")
