"""Waiting for what a real process or a real server brings about: asked again and again, for a bounded time."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

BOUND = 60.0
PAUSE = 0.02


def wait_until(holds: Callable[[], bool], otherwise: Callable[[], str], within: float = BOUND) -> None:
    """Wait until it holds; after `within` seconds fail with what `otherwise` then says. Raises AssertionError."""
    until = time.monotonic() + within
    while not holds():
        assert time.monotonic() < until, otherwise()
        time.sleep(PAUSE)


async def eventually(holds: Callable[[], Awaitable[bool]], otherwise: str, within: float = BOUND) -> None:
    """The same for a question that awaits its answer. Raises AssertionError."""
    until = time.monotonic() + within
    while not await holds():
        assert time.monotonic() < until, otherwise
        await asyncio.sleep(PAUSE)


def until_interrupted() -> None:
    """Wait for Ctrl-C."""
    threading.Event().wait()
