"""The periods in which a time zone keeps one offset from UTC."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_SECOND = int((datetime(1, 1, 3, tzinfo=UTC) - EPOCH).total_seconds())
LAST_SECOND = int((datetime(9999, 12, 29, tzinfo=UTC) - EPOCH).total_seconds())

_CHUNK_SECONDS = 400 * 86_400
# No zone has ever changed its offset and changed it back within six hours.
_STEP_SECONDS = 6 * 3_600


class OffsetPeriod(NamedTuple):
    """From begin (included) to end (excluded), UTC, the zone is `offset` ahead; all microseconds since 1970."""

    begin: int
    end: int
    offset: int


def to_microseconds(at: datetime) -> int:
    """An aware time in microseconds since 1970. Raises ValueError when it has no time zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone.")
    return (at - EPOCH) // timedelta(microseconds=1)


def from_microseconds(microseconds: int) -> datetime:
    """Microseconds since 1970 as a time in UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


def offset_period(zone: ZoneInfo, at: int) -> OffsetPeriod:
    """A period around `at` (microseconds since 1970) with one offset; it may be shorter than the whole period."""
    begins, periods = _offset_periods(zone, at // SECOND // _CHUNK_SECONDS)
    return periods[bisect_right(begins, at) - 1]


@lru_cache(maxsize=2048)
def _offset_periods(zone: ZoneInfo, chunk: int) -> tuple[list[int], list[OffsetPeriod]]:
    at, stop = chunk * _CHUNK_SECONDS, (chunk + 1) * _CHUNK_SECONDS
    begin, offset = at, _offset(zone, at)
    periods: list[OffsetPeriod] = []
    while at < stop:
        following = min(at + _STEP_SECONDS, stop)
        then = _offset(zone, following)
        if then != offset:
            change = _find_change(zone, at, following)
            periods.append(OffsetPeriod(begin * SECOND, change * SECOND, offset * SECOND))
            begin, offset = change, then
        at = following
    if begin < stop:
        periods.append(OffsetPeriod(begin * SECOND, stop * SECOND, offset * SECOND))
    return [known.begin for known in periods], periods


def _find_change(zone: ZoneInfo, low: int, high: int) -> int:
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def _offset(zone: ZoneInfo, second: int) -> int:
    at = EPOCH + timedelta(seconds=min(max(second, FIRST_SECOND), LAST_SECOND))
    offset = at.astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
