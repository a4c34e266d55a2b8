"""Back-off with jitter, as a value."""

import random


def backoff(attempt: int, *, first: float = 0.2, most: float = 30.0) -> float:
    """Seconds to wait after the `attempt`-th failure (from 1): doubling, half of it random (full jitter tames herds)."""
    ceiling = min(most, first * float(2 ** min(attempt - 1, 16)))
    return ceiling * (0.5 + random.random() / 2)
