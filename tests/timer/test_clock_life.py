"""The life of a clock as plain values: one final verdict, whatever happens in whatever order."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.timer.domain import clock as core
from services.timer.domain import ladder
from services.timer.domain.clock import LIFE, Clock
from services.timer.domain.step import step, upcoming
from shared.agreement.model import EscalationStep, Promise, Target
from shared.agreement.time.calendar import ALWAYS, Calendar, CalendarSpec
from shared.events import ClockStopped, SlaBreached, SlaEscalated, SlaWarned, SlaWithdrawn

START = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DUE = START + 15 * MINUTE
SETTLE = timedelta(seconds=2)
RUNGS = (
    EscalationStep(after=0, do=("notify owner",)),
    EscalationStep(after=1800, do=("reassign",), at_most=2),
    EscalationStep(after=7200, do=("return to marketing",)),
)
PROMISE = Promise(name="accept", targets={"*": Target(within="15 minutes")}, warn=Decimal("0.75"), steps=RUNGS)


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
        "agreement": 1,
        "routed": 1,
        "started_at": START,
        "due_at": DUE,
        "warn_at": START + 11 * MINUTE,
    }
    return Clock(**values | changes)


def stepped(
    clock: Clock, now: datetime, wall: datetime | None = None, spent: Any = None
) -> tuple[Clock, list[type[Any]]]:
    changed, facts = step(
        clock, promise=PROMISE, calendar=ALWAYS, spent={} if spent is None else spent, now=now, wall=wall or now
    )
    return changed, [type(fact) for fact in facts]


def test_every_state_of_the_table_leads_only_to_states_of_the_table() -> None:
    assert {new for whats in LIFE.values() for new in whats.values()} <= set(LIFE)
    assert [state for state, whats in LIFE.items() if not whats] == ["kept", "late", "void"]


def test_a_step_that_is_too_early_changes_nothing() -> None:
    assert stepped(running(), START + MINUTE) == (running(), [])


def test_it_warns_then_settles_in_real_time_then_breaches_from_its_due_instant() -> None:
    clock, said = stepped(running(), START + 12 * MINUTE)
    assert (said, clock.step) == ([SlaWarned], "due")
    clock, said = stepped(clock, DUE)
    assert (said, clock.step) == ([], "settle")
    wall = datetime(2030, 1, 1, tzinfo=UTC)
    assert upcoming(clock, PROMISE, ALWAYS, wall, SETTLE) == (wall + SETTLE, "wall")
    clock, said = stepped(clock, DUE + timedelta(hours=1), wall)
    assert (said, clock.breached_at, clock.settled_at) == ([SlaBreached, SlaEscalated, SlaEscalated], DUE, wall)


def test_the_instant_before_due_is_not_due() -> None:
    clock, _ = stepped(running(step="due"), DUE - timedelta(microseconds=1))
    assert clock.step == "due"


def test_a_warning_whose_due_instant_is_past_is_passed_over() -> None:
    clock, said = stepped(running(), DUE)
    assert (said, clock.step, clock.warned_at) == ([], "settle", None)


def test_a_hold_keeps_the_breach_back_and_never_shortens_the_settle_time() -> None:
    settling = running(step="settle", held_until=DUE + timedelta(seconds=30))
    assert stepped(settling, DUE + MINUTE, DUE + timedelta(seconds=29)) == (settling, [])
    assert stepped(settling, DUE + MINUTE, DUE + timedelta(seconds=30))[1][0] is SlaBreached
    nearly_over = running(step="settle", held_until=DUE + timedelta(seconds=1))
    following = upcoming(nearly_over, PROMISE, ALWAYS, DUE, SETTLE)
    assert following == (DUE + SETTLE, "wall")


def test_rungs_are_counted_from_the_due_instant_not_from_when_the_breach_was_said() -> None:
    late = DUE + timedelta(minutes=29)
    clock, _ = stepped(running(step="settle"), late, late)
    following = upcoming(clock, PROMISE, ALWAYS, late, SETTLE)
    assert following == (DUE + 30 * MINUTE, "now")


def test_a_rung_of_days_stands_at_the_same_local_time_of_the_next_open_day() -> None:
    spec = CalendarSpec(timezone="America/New_York", hours={"mon-fri": ("09:00-17:30",)}, holidays="US")
    calendar = Calendar.from_spec(spec, {date(2026, 12, 25): "Christmas Day"})
    due = datetime(2026, 12, 24, 15, 30, tzinfo=UTC)  # Thursday, 10:30 in New York
    rungs = [EscalationStep(days=1, do=("notify manager",)), EscalationStep(days=1, after=7200, do=("reassign",))]
    at = [ladder.at(running(due_at=due), rung, calendar) for rung in rungs]
    assert at == [datetime(2026, 12, 28, 15, 30, tzinfo=UTC), datetime(2026, 12, 28, 17, 30, tzinfo=UTC)]
    wall = [ladder.at(running(due_at=due, off_hours=True), rung, calendar) for rung in rungs]
    assert wall == [due + timedelta(days=1), due + timedelta(days=1, hours=2)]


def test_nothing_climbs_past_a_rung_that_moves_the_lead_in_one_step() -> None:
    clock, said = stepped(running(step="settle"), DUE + timedelta(hours=9))
    assert (said, clock.rung) == ([SlaBreached, SlaEscalated, SlaEscalated], 2)
    clock, said = stepped(clock, DUE + timedelta(hours=9))
    assert (said, clock.rung, clock.step) == ([SlaEscalated], 3, "")
    assert upcoming(clock, PROMISE, ALWAYS, DUE, SETTLE) is None


def test_a_rung_that_is_spent_says_why_with_the_next_one() -> None:
    spent = {("l", "accept", "reassign"): 2}
    clock = running(state="breached", step="rung", rung=1)
    clock, facts = step(clock, promise=PROMISE, calendar=ALWAYS, spent=spent, now=DUE + timedelta(hours=3), wall=DUE)
    (said,) = facts
    assert isinstance(said, SlaEscalated)
    assert (said.step, said.last) == (3, True)
    assert said.skipped == ("rung 2 (reassign): done 2 of at most 2 times",)
    assert (spent, clock.skipped) == ({("l", "accept", "reassign"): 2}, ())


MOMENTS = st.integers(0, 40 * 60).map(lambda seconds: START + timedelta(seconds=seconds))


@given(at=MOMENTS, said=st.booleans(), what=st.sampled_from(("answered", "moved on")))
def test_the_verdict_depends_on_the_stamp_alone_and_not_on_whether_the_breach_was_said(
    at: datetime, said: bool, what: str
) -> None:
    now = START + timedelta(hours=1)
    clock = core.breached(running(), now)[0] if said else running()
    if what == "answered":
        clock, facts = core.answered(clock, at, now, now, "accepted")
        assert clock.verdict == ("kept" if at <= DUE else "late")
    else:
        clock, facts = core.moved_on(clock, at, now, now, "reassigned")
        assert clock.verdict == ("void" if at <= DUE else "missed")
    kinds = [type(fact) for fact in facts]
    assert kinds.count(ClockStopped) == 1
    assert (SlaWithdrawn in kinds) == (said and at <= DUE)
    assert (SlaBreached in kinds) == (not said and at > DUE)
    assert upcoming(clock, PROMISE, ALWAYS, now, SETTLE) is None


@given(st.lists(st.tuples(st.sampled_from(("step", "answered", "moved on", "too late")), MOMENTS), max_size=12))
def test_however_it_is_pushed_a_clock_stops_once_and_says_no_more_breaches_than_one(
    pushes: list[tuple[str, datetime]],
) -> None:
    clock, facts, now = running(), [], START
    for what, at in pushes:
        now = max(now, at)
        said: Any = []
        if what == "step":
            clock, said = step(clock, promise=PROMISE, calendar=ALWAYS, spent={}, now=now, wall=now)
        elif what == "too late":
            clock, said = core.too_late(clock, at, "dan", "eve")
        elif clock.runs and what == "answered":
            clock, said = core.answered(clock, at, now, now, "accepted")
        elif clock.runs:
            clock, said = core.moved_on(clock, at, now, now, "reassigned")
        facts += said
    kinds = [type(fact) for fact in facts]
    assert kinds.count(SlaBreached) <= 1
    assert kinds.count(SlaWarned) <= 1
    assert kinds.count(ClockStopped) == (0 if clock.runs else 1)
    assert kinds.count(SlaWithdrawn) <= kinds.count(SlaBreached)
    assert bool(clock.verdict) != clock.runs
    rungs = [fact.step for fact in facts if isinstance(fact, SlaEscalated)]
    assert rungs == sorted(set(rungs))


@given(st.lists(st.integers(0, 4 * 3600), min_size=1, max_size=20))
def test_any_stops_on_the_way_say_the_same_in_the_same_order(seconds: list[int]) -> None:
    whole = _said_until(running(), [4 * 3600])
    parts = _said_until(running(), [*sorted(seconds), 4 * 3600])
    # Who looks in time is warned; apart from that the stops make no difference.
    assert [kind for kind in parts if kind[0] is not SlaWarned] == whole


def _said_until(clock: Clock, seconds: list[int]) -> list[tuple[type[Any], Any]]:
    said: list[tuple[type[Any], Any]] = []
    spent: Any = {}
    for moment in (START + timedelta(seconds=number) for number in seconds):
        while True:
            before = clock
            clock, facts = step(clock, promise=PROMISE, calendar=ALWAYS, spent=spent, now=moment, wall=moment)
            said += [(type(fact), getattr(fact, "step", None)) for fact in facts]
            if clock == before:
                break
    return said


@pytest.mark.parametrize("state", ["kept", "late", "void"])
def test_what_is_final_takes_no_answer(state: str) -> None:
    clock = replace(running(), state=state, verdict=state, stopped_at=DUE, step="")
    assert core.too_late(clock, START, "dan", "eve") == (clock, [])
    with pytest.raises(KeyError):
        core.answered(clock, START, DUE, DUE, "accepted")
