"""The process's clock: business time (`now`), which a demo or a test may step, and real time (`wall`).

With BATON_CLOCK=row, now = base + rate x (wall - set_at), from the row `clock` of schema `access`, so that a demo or a
test moves business time for every process at once. With BATON_CLOCK=database, both are the database's clock.
`shared.store.time` reads both in a transaction.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple


class Times(NamedTuple):
    """Both readings of one instant, UTC."""

    now: datetime
    wall: datetime


@dataclass(frozen=True, slots=True)
class ClockStep:
    """The stepped clock: business time was `base` at `set_at` (wall) and runs `rate` times as fast as real time."""

    base: datetime
    rate: float
    set_at: datetime

    def at(self, wall: datetime) -> datetime:
        """Business time at a moment of real time."""
        return self.base + timedelta(seconds=(wall - self.set_at).total_seconds() * self.rate)


class Clock:
    """The clock of one process. `step` holds the clock row, which every transaction on PostgreSQL reads again."""

    def __init__(self, *, stepped: bool, in_database: bool) -> None:
        self.stepped = stepped
        self.in_database = in_database
        self.step: ClockStep | None = None
        self.shift = timedelta(0)
        """Added to `wall`; only tests set it."""

    @property
    def rate(self) -> float:
        """Seconds of business time in one real second."""
        return self.step.rate if self.stepped and self.step else 1.0

    def times_at(self, wall: datetime) -> Times:
        """Both readings at a moment of real time, computed from the last `step`."""
        return Times(self.step.at(wall) if self.stepped and self.step else wall, wall)

    def local(self) -> Times:
        """Both readings by this process's clock: for sleeping and display, never for a decision."""
        return self.times_at(datetime.now(UTC) + self.shift)

    def seconds_until(self, at: datetime, clock: str, times: Times) -> float:
        """Real seconds from `times` until `at`, never negative. `clock` is the clock of `at`: "wall" or "now"."""
        if clock == "wall":
            return max(0.0, (at - times.wall).total_seconds())
        return max(0.0, (at - times.now).total_seconds() / max(self.rate, 1e-9))
