"""The numbers over the floor: what came, what is open, what waits, what is late."""

from collections.abc import Mapping
from datetime import timedelta

from services.console.domain.lead import OPEN

DAY = timedelta(days=1)


def counters(states: Mapping[str, int], late: int, day: int) -> dict[str, int]:
    """Leads by state, and beside them `late` (clocks that are breached and still open), `day` (leads received in the
    last 24 hours) and `open` (leads to whom somebody still owes something)."""
    return {**states, "late": late, "day": day, "open": sum(states.get(state, 0) for state in OPEN)}
