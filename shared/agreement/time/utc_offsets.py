"""The periods in which a time zone keeps one offset from UTC."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

SECOND = 1_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST = int((datetime(1, 1, 3, tzinfo=UTC) - EPOCH).total_seconds())
LAST = int((datetime(9999, 12, 29, tzinfo=UTC) - EPOCH).total_seconds())

_CHUNK = 400 * 86_400
# No zone has ever changed its offset and changed it back within six hours.
_STEP = 6 * 3_600


class Period(NamedTuple):
    """From begin (included) to end (excluded), UTC, the zone is `offset` ahead; all microseconds since 1970."""

    begin: int
    end: int
    offset: int


def microseconds(at: datetime) -> int:
    """An aware moment in microseconds since 1970. Raises ValueError when it has no zone."""
    if at.tzinfo is None:
        raise ValueError(f"{at.isoformat()} has no time zone.")
    return (at - EPOCH) // timedelta(microseconds=1)


def moment(microseconds: int) -> datetime:
    """Microseconds since 1970 as a moment in UTC."""
    return EPOCH + timedelta(microseconds=microseconds)


def period(zone: ZoneInfo, at: int) -> Period:
    """A period around `at` (microseconds since 1970) with one offset; it may be cut short, never too long."""
    begins, periods = _periods(zone, at // SECOND // _CHUNK)
    return periods[bisect_right(begins, at) - 1]


@lru_cache(maxsize=2048)
def _periods(zone: ZoneInfo, chunk: int) -> tuple[list[int], list[Period]]:
    at, stop = chunk * _CHUNK, (chunk + 1) * _CHUNK
    begin, offset = at, _offset(zone, at)
    periods: list[Period] = []
    while at < stop:
        following = min(at + _STEP, stop)
        then = _offset(zone, following)
        if then != offset:
            change = _change(zone, at, following)
            periods.append(Period(begin * SECOND, change * SECOND, offset * SECOND))
            begin, offset = change, then
        at = following
    if begin < stop:
        periods.append(Period(begin * SECOND, stop * SECOND, offset * SECOND))
    return [known.begin for known in periods], periods


def _change(zone: ZoneInfo, low: int, high: int) -> int:
    before = _offset(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high


def _offset(zone: ZoneInfo, second: int) -> int:
    at = EPOCH + timedelta(seconds=min(max(second, FIRST), LAST))
    offset = at.astimezone(zone).utcoffset()
    return int(offset.total_seconds()) if offset else 0
