"""When a promise is due: in the calendar of its clock, at night, and for an owner who inherits time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.timer.domain.clock_calendar import calendar_for, rebuild
from services.timer.domain.lead import ASSIGNED, Lead
from services.timer.domain.pending_action import PendingAction, hold_until, satisfies
from services.timer.domain.promise import StartedClock, calendar_of, deadline, remaining, start_clock
from shared.agreement.model import ClockRules, ExecutableAgreement, Promise, Target
from shared.base.roster import Rep
from tests.timer.clock_helpers import agreement

OPEN = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
NIGHT = datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
DAN = Rep(id="dan", name="Dan")
EARLY_BIRD = Rep(id="eve", name="Eve", hours="mon-fri 06:00-10:00", timezone="America/Los_Angeles")


def lead(tier: str = "hot", epoch: int = 1) -> Lead:
    return Lead("l", ASSIGNED, epoch, "dan", "inbound", tier, 1, 1, 1)


def started(
    start: datetime = OPEN,
    *,
    tier: str = "hot",
    inherited: int | None = None,
    rep: Rep = DAN,
    compiled: ExecutableAgreement | None = None,
    **promise: Any,
) -> StartedClock:
    terms = compiled or agreement()
    accept = terms.promises["accept"].model_copy(update=promise)
    calendar = calendar_for(terms, None, "inbound", rep)
    result = start_clock(accept, lead(tier), calendar, terms.clock, round_=0, start=start, inherited=inherited)
    assert result is not None
    return result


def test_the_shift_of_a_rep_wins_over_the_calendar_of_the_team() -> None:
    at_eight_in_los_angeles = datetime(2026, 12, 1, 16, 0, tzinfo=UTC)
    clock = started(at_eight_in_los_angeles, rep=EARLY_BIRD, tier="standard").clock
    assert clock.due_at == datetime(2026, 12, 3, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("follows", ["team", "lead"])
def test_a_clock_that_follows_the_team_ignores_the_shift_of_the_rep(follows: Any) -> None:
    compiled = agreement(clock=ClockRules(follows=follows))
    ours = started(rep=EARLY_BIRD, tier="standard", compiled=compiled).clock
    assert ours.due_at == started(tier="standard", compiled=compiled).clock.due_at


def test_a_clock_that_follows_nobody_runs_day_and_night() -> None:
    compiled = agreement(clock=ClockRules(follows="24x7"))
    assert started(NIGHT, tier="standard", compiled=compiled).clock.due_at == NIGHT + timedelta(hours=8)


def test_an_off_hours_clock_is_due_at_the_earlier_of_wall_time_and_the_next_opening() -> None:
    late = started(NIGHT).clock
    assert (late.due_at, late.off_hours) == (NIGHT + timedelta(hours=4), True)
    before_opening = datetime(2026, 12, 2, 13, 0, tzinfo=UTC)
    early = started(before_opening)
    assert early.clock.due_at == datetime(2026, 12, 2, 14, 15, tzinfo=UTC)
    assert early.clock.off_hours
    assert "Skipped" in early.clock.in_words


def test_a_promise_that_does_not_bind_the_tier_starts_no_clock() -> None:
    terms = agreement()
    calendar = calendar_for(terms, None, "inbound", DAN)
    assert start_clock(terms.promises["accept"], lead("cold"), calendar, terms.clock, round_=0, start=OPEN) is None


def test_speed_to_lead_is_computed_in_wall_time() -> None:
    clock = started(NIGHT, runs_from="received", targets={"hot": Target(within="1 day")}).clock
    assert (clock.due_at, clock.off_hours) == (NIGHT + timedelta(days=1), True)


@given(left=st.integers(0, 12 * 3600), tier=st.sampled_from(("hot", "standard")))
def test_the_next_owner_inherits_at_least_ten_minutes_and_at_most_the_target(left: int, tier: str) -> None:
    full_due_at = started(tier=tier).clock.due_at
    clock = started(tier=tier, inherited=left).clock
    seconds = remaining(clock, OPEN, calendar_for(agreement(), None, "inbound", DAN).calendar)
    target = {"hot": 900, "standard": 8 * 3600}[tier]
    assert seconds == min(target, max(left, 600))
    assert clock.due_at <= full_due_at


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC)),
    tier=st.sampled_from(("hot", "standard")),
    left=st.none() | st.integers(0, 9 * 3600),
    rep=st.sampled_from((DAN, EARLY_BIRD)),
)
def test_a_stored_clock_calendar_gives_the_same_due_instant_again(
    start: datetime, tier: str, left: int | None, rep: Rep
) -> None:
    terms = agreement()
    original = started(start, tier=tier, inherited=left, rep=rep)
    first = calendar_for(terms, None, "inbound", rep)
    stored = rebuild(terms, first.name, first.hours, first.timezone)
    accept: Promise = terms.promises["accept"]
    computed = deadline(accept, tier, start, calendar_of(accept, stored), terms.clock, left)
    assert computed.due == original.clock.due_at
    assert original.clock.warn_at is not None
    assert start <= original.clock.warn_at <= original.clock.due_at


@pytest.mark.parametrize(
    ("promise", "met_by", "settled_by"),
    [
        ("accept", "attempt", {"accept", "decline", "attempt", "contacted", "advance", "disqualify", "recycle"}),
        ("first_touch", "attempt", {"decline", "attempt", "contacted", "advance", "disqualify", "recycle"}),
        ("first_touch", "contacted", {"decline", "contacted", "advance", "disqualify", "recycle"}),
    ],
)
def test_only_actions_that_satisfy_the_promise_hold_its_breach(promise: str, met_by: Any, settled_by: set[str]) -> None:
    owed = Promise(name=promise, targets={}, met_by=met_by)
    names = ("accept", "decline", "attempt", "contacted", "advance", "disqualify", "recycle", "reassign", "claim")
    assert {name for name in names if satisfies(owed, name)} == settled_by


def test_a_pending_action_holds_the_breach_when_stamped_in_time_under_this_epoch_and_not_expired() -> None:
    clock = started().clock
    promise = agreement().promises["accept"]
    until = OPEN + timedelta(seconds=60)
    good = PendingAction("a", "l", 1, "accept", clock.due_at, until)
    late = PendingAction("b", "l", 1, "accept", clock.due_at + timedelta(microseconds=1), until + timedelta(hours=1))
    old = PendingAction("c", "l", 0, "accept", OPEN, until + timedelta(hours=1))
    assert hold_until(clock, promise, [good, late, old], OPEN) == until
    assert hold_until(clock, promise, [good, late, old], until) is None
