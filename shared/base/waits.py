"""Waiting: a sleep that a wakeup, a stop or a time limit ends, and the delay after a failure."""

import asyncio
import random


async def sleep_until(wakeup: asyncio.Event | None, stop: asyncio.Event, seconds: float) -> None:
    """Sleep until the wakeup or the stop is set, or the seconds are over."""
    if stop.is_set() or (wakeup and wakeup.is_set()):
        return
    waits = [asyncio.ensure_future(event.wait()) for event in (wakeup, stop) if event]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


def backoff(attempt: int, *, first: float = 0.2, most: float = 30.0) -> float:
    """Seconds to wait after the `attempt`-th failure (from 1).

    The delay doubles up to `most`; half of it is random, so that many processes do not retry at the same moment."""
    ceiling = min(most, first * float(2 ** min(attempt - 1, 16)))
    return ceiling * (0.5 + random.random() / 2)
