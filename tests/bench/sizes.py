"""How much work each part does: FULL, SHORT (about two minutes in all) and TINY (for the tests, which judge no figure)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Size:
    """The rounds, durations in seconds, rates per second and counts of one size."""

    rounds: int
    intake_seconds: float
    connections: int
    pending: tuple[int, ...]
    due: int
    rate: float
    lead_seconds: float
    leads: int
    probe_seconds: float = 1.0


FULL = Size(
    rounds=5,
    intake_seconds=4,
    connections=32,
    pending=(10_000, 1_000_000),
    due=20_000,
    rate=100,
    lead_seconds=10,
    leads=10_000,
)
SHORT = Size(
    rounds=5,
    intake_seconds=0.7,
    connections=32,
    pending=(10_000, 100_000),
    due=2_000,
    rate=100,
    lead_seconds=2,
    leads=500,
)
TINY = Size(
    rounds=1,
    intake_seconds=0.2,
    connections=4,
    pending=(50, 100),
    due=20,
    rate=20,
    lead_seconds=0.5,
    leads=10,
    probe_seconds=0.1,
)
