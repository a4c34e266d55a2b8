"""When a promise is due: in the calendar that it follows, at night, and for an owner who takes over."""

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
from tests.timer.clock_room import agreement

OPEN = datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
NIGHT = datetime(2026, 12, 2, 1, 0, tzinfo=UTC)
DAN = Rep(id="dan", name="Dan")
EARLY_BIRD = Rep(id="eve", name="Eve", hours="mon-fri 06:00-10:00", timezone="America/Los_Angeles")


def lead(tier: str = "hot", epoch: int = 1) -> Lead:
    return Lead("l", ASSIGNED, epoch, "dan", "inbound", tier, 1, 1, 1)


def begun(
    start: datetime = OPEN,
    *,
    tier: str = "hot",
    left: int | None = None,
    rep: Rep = DAN,
    compiled: ExecutableAgreement | None = None,
    **promise: Any,
) -> StartedClock:
    pinned = compiled or agreement()
    accept = pinned.promises["accept"].model_copy(update=promise)
    followed = calendar_for(pinned, None, "inbound", rep)
    found = start_clock(accept, lead(tier), followed, pinned.clock, round_=0, start=start, inherited=left)
    assert found is not None
    return found


def test_the_shift_of_a_rep_wins_over_the_calendar_of_the_team() -> None:
    at_eight_in_los_angeles = datetime(2026, 12, 1, 16, 0, tzinfo=UTC)
    clock = begun(at_eight_in_los_angeles, rep=EARLY_BIRD, tier="standard").clock
    assert clock.due_at == datetime(2026, 12, 3, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize("follows", ["team", "lead"])
def test_a_clock_that_follows_the_team_passes_over_the_shift(follows: Any) -> None:
    compiled = agreement(clock=ClockRules(follows=follows))
    ours = begun(rep=EARLY_BIRD, tier="standard", compiled=compiled).clock
    assert ours.due_at == begun(tier="standard", compiled=compiled).clock.due_at


def test_a_clock_that_follows_nobody_runs_day_and_night() -> None:
    compiled = agreement(clock=ClockRules(follows="24x7"))
    assert begun(NIGHT, tier="standard", compiled=compiled).clock.due_at == NIGHT + timedelta(hours=8)


def test_at_night_the_earlier_of_wall_time_and_the_next_opening_is_due() -> None:
    late = begun(NIGHT).clock
    assert (late.due_at, late.off_hours) == (NIGHT + timedelta(hours=4), True)
    before_opening = datetime(2026, 12, 2, 13, 0, tzinfo=UTC)
    early = begun(before_opening)
    assert early.clock.due_at == datetime(2026, 12, 2, 14, 15, tzinfo=UTC)
    assert early.clock.off_hours
    assert "Skipped" in early.clock.in_words


def test_a_promise_that_does_not_bind_the_tier_begins_no_clock() -> None:
    pinned = agreement()
    followed = calendar_for(pinned, None, "inbound", DAN)
    assert start_clock(pinned.promises["accept"], lead("cold"), followed, pinned.clock, round_=0, start=OPEN) is None


def test_the_speed_to_lead_is_reckoned_in_wall_time() -> None:
    clock = begun(NIGHT, runs_from="received", targets={"hot": Target(within="1 day")}).clock
    assert (clock.due_at, clock.off_hours) == (NIGHT + timedelta(days=1), True)


@given(left=st.integers(0, 12 * 3600), tier=st.sampled_from(("hot", "standard")))
def test_the_next_owner_has_what_is_left_but_ten_minutes_at_least_and_the_target_at_most(left: int, tier: str) -> None:
    whole = begun(tier=tier).clock.due_at
    clock = begun(tier=tier, left=left).clock
    seconds = remaining(clock, OPEN, calendar_for(agreement(), None, "inbound", DAN).calendar)
    target = {"hot": 900, "standard": 8 * 3600}[tier]
    assert seconds == min(target, max(left, 600))
    assert clock.due_at <= whole


@given(
    start=st.datetimes(datetime(2026, 1, 1), datetime(2029, 12, 31), timezones=st.just(UTC)),
    tier=st.sampled_from(("hot", "standard")),
    left=st.none() | st.integers(0, 9 * 3600),
    rep=st.sampled_from((DAN, EARLY_BIRD)),
)
def test_what_is_kept_of_a_reckoning_gives_the_same_due_instant_again(
    start: datetime, tier: str, left: int | None, rep: Rep
) -> None:
    pinned = agreement()
    made = begun(start, tier=tier, left=left, rep=rep)
    first = calendar_for(pinned, None, "inbound", rep)
    kept = rebuild(pinned, first.name, first.hours, first.timezone)
    accept: Promise = pinned.promises["accept"]
    explained = deadline(accept, tier, start, calendar_of(accept, kept), pinned.clock, left)
    assert explained.due == made.clock.due_at
    assert made.clock.warn_at is not None
    assert start <= made.clock.warn_at <= made.clock.due_at


@pytest.mark.parametrize(
    ("promise", "met_by", "settled_by"),
    [
        ("accept", "attempt", {"accept", "decline", "attempt", "contacted", "advance", "disqualify", "recycle"}),
        ("first_touch", "attempt", {"decline", "attempt", "contacted", "advance", "disqualify", "recycle"}),
        ("first_touch", "contacted", {"decline", "contacted", "advance", "disqualify", "recycle"}),
    ],
)
def test_only_an_answer_that_settles_the_promise_holds_it(promise: str, met_by: Any, settled_by: set[str]) -> None:
    owed = Promise(name=promise, targets={}, met_by=met_by)
    names = ("accept", "decline", "attempt", "contacted", "advance", "disqualify", "recycle", "reassign", "claim")
    assert {name for name in names if satisfies(owed, name)} == settled_by


def test_an_answer_holds_when_it_was_stamped_in_time_under_this_epoch_and_is_not_over() -> None:
    clock = begun().clock
    promise = agreement().promises["accept"]
    until = OPEN + timedelta(seconds=60)
    good = PendingAction("a", "l", 1, "accept", clock.due_at, until)
    late = PendingAction("b", "l", 1, "accept", clock.due_at + timedelta(microseconds=1), until + timedelta(hours=1))
    old = PendingAction("c", "l", 0, "accept", OPEN, until + timedelta(hours=1))
    assert hold_until(clock, promise, [good, late, old], OPEN) == until
    assert hold_until(clock, promise, [good, late, old], until) is None
