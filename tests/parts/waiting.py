"""Polls until a condition of a real process or server holds, for a bounded time."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

TIMEOUT = 60.0
INTERVAL = 0.02


def wait_until(condition: Callable[[], bool], describe: Callable[[], str], within: float = TIMEOUT) -> None:
    """Wait until the condition holds. Raises AssertionError with the text of `describe` after `within` seconds."""
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, describe()
        time.sleep(INTERVAL)


async def eventually(condition: Callable[[], Awaitable[bool]], message: str, within: float = TIMEOUT) -> None:
    """The same for an asynchronous condition. Raises AssertionError with `message` after `within` seconds."""
    deadline = time.monotonic() + within
    while not await condition():
        assert time.monotonic() < deadline, message
        await asyncio.sleep(INTERVAL)


def wait_for_interrupt() -> None:
    """Wait for Ctrl-C."""
    threading.Event().wait()
