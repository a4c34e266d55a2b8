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

LOOK = timedelta(days=9)
slow = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def assert_whole(intervals: tuple[Interval, ...], start: datetime, end: datetime) -> None:
    """No gap, no overlap, no empty interval, and neighbours that differ."""
    edges = [start, *(interval.end for interval in intervals)]
    assert [interval.start for interval in intervals] == edges[:-1]
    assert edges[-1] == end
    assert all(interval.start < interval.end for interval in intervals)
    kinds = [(interval.counted, interval.why) for interval in intervals]
    assert all(one != other for one, other in zip(kinds, kinds[1:], strict=False))


def counted(intervals: tuple[Interval, ...]) -> timedelta:
    return sum((span.end - span.start for span in intervals if span.counted), timedelta())


@slow
@given(drawn(), st.integers(0, 900))
def test_a_deadline_falls_on_the_minute_that_counting_minutes_finds(case: Drawn, minutes: int) -> None:
    limit = case.start + LOOK
    wanted = case.oracle.due(case.start, minutes, limit)
    try:
        found = add_business_time(case.calendar, case.start, timedelta(minutes=minutes))
    except NeverOpens:
        assert wanted is None
        return
    assert found.due == wanted if wanted else found.due >= limit
    assert_whole(found.intervals, case.start, found.due)
    assert counted(found.intervals) == timedelta(minutes=minutes)


@slow
@given(drawn(), st.integers(-600, 6 * 1440))
def test_the_time_gone_by_is_the_number_of_open_minutes(case: Drawn, minutes: int) -> None:
    end = case.start + timedelta(minutes=minutes)
    found = elapsed(case.calendar, case.start, end)
    assert found.seconds == 60 * case.oracle.minutes(case.start, end)
    if minutes > 0:
        assert_whole(found.intervals, case.start, end)
        assert counted(found.intervals).total_seconds() == found.seconds
        for span in found.intervals:
            assert case.oracle.opens(span.start) is span.counted
            assert case.oracle.opens(span.end - timedelta(minutes=1)) is span.counted


@slow
@given(drawn())
def test_open_and_next_opening_agree_with_the_clock_on_the_wall(case: Drawn) -> None:
    limit = case.start + LOOK
    wanted = case.oracle.opening(case.start, limit)
    assert is_open(case.calendar, case.start) is case.oracle.opens(case.start)
    try:
        found = next_opening(case.calendar, case.start)
    except NeverOpens:
        assert wanted is None
    else:
        assert found == wanted if wanted else found >= limit


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(drawn(), st.integers(0, 3))
def test_business_days_end_at_the_same_local_time_or_at_close(case: Drawn, days: int) -> None:
    wanted = case.oracle.days_later(case.start, days, case.start + LOOK)
    if wanted is None:
        return
    found = add_business_days(case.calendar, case.start, days)
    assert found.due == wanted
    assert_whole(found.intervals, case.start, found.due)


moments = st.timedeltas(timedelta(0), timedelta(days=400)).map(lambda span: datetime(2026, 1, 1, tzinfo=UTC) + span)
spans = st.timedeltas(timedelta(0), timedelta(hours=60))


@settings(max_examples=200, deadline=None)
@given(drawn(), moments, spans)
def test_what_goes_by_until_the_deadline_is_what_was_given(case: Drawn, start: datetime, within: timedelta) -> None:
    """To the microsecond, and once it is reached nothing more is needed."""
    try:
        found = add_business_time(case.calendar, start, within)
    except NeverOpens:
        return
    gone = elapsed(case.calendar, start, found.due)
    assert gone.seconds == within.total_seconds()
    assert gone.intervals == found.intervals
    assert counted(found.intervals) == within


@settings(max_examples=200, deadline=None)
@given(drawn(), moments, spans, spans)
def test_more_time_is_never_due_earlier(case: Drawn, start: datetime, one: timedelta, more: timedelta) -> None:
    try:
        longer = add_business_time(case.calendar, start, one + more).due
    except NeverOpens:
        return
    shorter = add_business_time(case.calendar, start, one).due
    assert start <= shorter <= longer
    if one and more:
        assert add_business_time(case.calendar, shorter, more).due == longer


@settings(max_examples=200, deadline=None)
@given(drawn(), moments, spans)
def test_due_at_the_next_opening_differs_only_at_closing_time(case: Drawn, start: datetime, within: timedelta) -> None:
    try:
        at_close = add_business_time(case.calendar, start, within).due
        moved = add_business_time(case.calendar, start, within, at_close="next open").due
    except NeverOpens:
        return
    assert moved == (at_close if is_open(case.calendar, at_close) else next_opening(case.calendar, at_close))
