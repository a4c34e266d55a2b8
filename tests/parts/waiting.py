"""Waiting for what a real process or a real server brings about: asked again and again, for a bounded time."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

TIMEOUT = 60.0
INTERVAL = 0.02


def wait_until(condition: Callable[[], bool], describe: Callable[[], str], within: float = TIMEOUT) -> None:
    """Wait until it holds; after `within` seconds fail with what `otherwise` then says. Raises AssertionError."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, describe()
        time.sleep(INTERVAL)


async def eventually(condition: Callable[[], Awaitable[bool]], message: str, within: float = TIMEOUT) -> None:
    """The same for a question that awaits its answer. Raises AssertionError."""
    deadline = time.monotonic() + within
    while not await condition():
        assert time.monotonic() < deadline, message
        await asyncio.sleep(INTERVAL)


def wait_for_interrupt() -> None:
    """Wait for Ctrl-C."""
    threading.Event().wait()
