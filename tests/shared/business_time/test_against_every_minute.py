"""Business time agrees with an oracle that looks at every single minute."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.agreement.time.business_time import (
    Interval,
    NeverOpens,
    add_business_days,
    add_business_time,
    elapsed,
    is_open,
    next_opening,
)
from tests.shared.business_time.calendars import Drawn, drawn

SEARCHED = timedelta(days=9)
slow = settings(max_examples=150)


def assert_contiguous(intervals: tuple[Interval, ...], start: datetime, end: datetime) -> None:
    """Check that the intervals have no gap, no overlap and no empty one, and that neighbours differ."""
    edges = [start, *(interval.end for interval in intervals)]
    assert [interval.start for interval in intervals] == edges[:-1]
    assert edges[-1] == end
    assert all(interval.start < interval.end for interval in intervals)
    kinds = [(interval.counted, interval.why) for interval in intervals]
    assert all(kind != next_kind for kind, next_kind in zip(kinds, kinds[1:], strict=False))


def counted(intervals: tuple[Interval, ...]) -> timedelta:
    return sum((span.end - span.start for span in intervals if span.counted), timedelta())


@slow
@given(drawn(), st.integers(0, 900))
def test_a_deadline_is_the_minute_that_the_oracle_counts_to(case: Drawn, minutes: int) -> None:
    limit = case.start + SEARCHED
    expected = case.oracle.due(case.start, minutes, limit)
    try:
        result = add_business_time(case.calendar, case.start, timedelta(minutes=minutes))
    except NeverOpens:
        assert expected is None
        return
    assert result.due == expected if expected else result.due >= limit
    assert_contiguous(result.intervals, case.start, result.due)
    assert counted(result.intervals) == timedelta(minutes=minutes)


@slow
@given(drawn(), st.integers(-600, 6 * 1440))
def test_the_elapsed_time_is_the_number_of_open_minutes(case: Drawn, minutes: int) -> None:
    end = case.start + timedelta(minutes=minutes)
    result = elapsed(case.calendar, case.start, end)
    assert result.seconds == 60 * case.oracle.minutes(case.start, end)
    if minutes > 0:
        assert_contiguous(result.intervals, case.start, end)
        assert counted(result.intervals).total_seconds() == result.seconds
        for span in result.intervals:
            assert case.oracle.opens(span.start) is span.counted
            assert case.oracle.opens(span.end - timedelta(minutes=1)) is span.counted


@slow
@given(drawn())
def test_is_open_and_next_opening_agree_with_the_oracle(case: Drawn) -> None:
    limit = case.start + SEARCHED
    expected = case.oracle.opening(case.start, limit)
    assert is_open(case.calendar, case.start) is case.oracle.opens(case.start)
    try:
        result = next_opening(case.calendar, case.start)
    except NeverOpens:
        assert expected is None
    else:
        assert result == expected if expected else result >= limit


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(drawn(), st.integers(0, 3))
def test_business_days_end_at_the_same_local_time_or_at_close(case: Drawn, days: int) -> None:
    expected = case.oracle.days_later(case.start, days, case.start + SEARCHED)
    if expected is None:
        return
    result = add_business_days(case.calendar, case.start, days)
    assert result.due == expected
    assert_contiguous(result.intervals, case.start, result.due)


instants = st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda span: datetime(2026, 1, 1, tzinfo=UTC) + span)
spans = st.timedeltas(timedelta(0), timedelta(hours=60))


@settings(max_examples=200)
@given(drawn(), instants, spans)
def test_the_elapsed_time_until_a_deadline_is_the_time_that_was_added(
    case: Drawn, start: datetime, within: timedelta
) -> None:
    """To the microsecond, and once it is reached nothing more is needed."""
    try:
        result = add_business_time(case.calendar, start, within)
    except NeverOpens:
        return
    gone = elapsed(case.calendar, start, result.due)
    assert gone.seconds == within.total_seconds()
    assert gone.intervals == result.intervals
    assert counted(result.intervals) == within


@settings(max_examples=200)
@given(drawn(), instants, spans, spans)
def test_adding_more_business_time_is_never_due_earlier(
    case: Drawn, start: datetime, one: timedelta, more: timedelta
) -> None:
    try:
        longer = add_business_time(case.calendar, start, one + more).due
    except NeverOpens:
        return
    shorter = add_business_time(case.calendar, start, one).due
    assert start <= shorter <= longer
    if one and more:
        assert add_business_time(case.calendar, shorter, more).due == longer


@settings(max_examples=200)
@given(drawn(), instants, spans)
def test_a_deadline_at_the_next_opening_differs_only_at_closing_time(
    case: Drawn, start: datetime, within: timedelta
) -> None:
    try:
        at_close = add_business_time(case.calendar, start, within).due
        moved = add_business_time(case.calendar, start, within, at_close="next open").due
    except NeverOpens:
        return
    assert moved == (at_close if is_open(case.calendar, at_close) else next_opening(case.calendar, at_close))
