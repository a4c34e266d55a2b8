"""Sleeping that can be ended: by a bell, by a stop, or by a cap."""

import asyncio


async def until(bell: asyncio.Event | None, stop: asyncio.Event, seconds: float) -> None:
    """Sleep until the bell rings, the stop is asked for, or the seconds are over."""
    if stop.is_set() or (bell and bell.is_set()):
        return
    waits = [asyncio.ensure_future(event.wait()) for event in (bell, stop) if event]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
