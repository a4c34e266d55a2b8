"""Reading progress: the instant up to which a service has read its topics.

A process that starts, or that takes over from one that died, is behind its topics for seconds while it joins its group.
Scheduled items become overdue meanwhile, although an unread event may already answer them; so the service must read its
topics before it declares a breach.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.base.clock import Clock
from shared.base.waits import sleep_until
from shared.bus.port import Bus, EndOffsets

log = logging.getLogger(__name__)
MAX_WAIT = 300.0
"""Seconds after which the service counts as caught up anyway, so that an unread partition does not stop all breaches."""
FAST, SLOW = 0.02, 1.0


class ConsumerProgress:
    """The reading progress of one service in one process, measured on each wakeup."""

    def __init__(
        self, bus: Bus, group: str, topics: Sequence[str], clock: Clock, wakeup: asyncio.Event, settle: timedelta
    ) -> None:
        self._bus = bus
        self._group = group
        self._topics = topics
        self._clock = clock
        self._wakeup = wakeup
        self._settle = settle
        self._caught_up_to: datetime | None = None

    def caught_up_to(self, moment: datetime) -> bool:
        """Whether everything published up to this moment (real time) has been read."""
        return self._caught_up_to is not None and self._caught_up_to >= moment

    async def run(self, stop: asyncio.Event) -> None:
        """Measure after each wakeup until stopped.

        The measurement starts half the settle time later, so that records still being posted are included."""
        while not stop.is_set():
            await sleep_until(self._wakeup, stop, 3600)
            if self._wakeup.is_set():
                self._wakeup.clear()
                await sleep_until(None, stop, self._settle.total_seconds() / 2)
                await self._measure(stop)

    async def _measure(self, stop: asyncio.Event) -> None:
        moment = self._clock.local().wall
        ends: EndOffsets | None = None
        pause, left = FAST, MAX_WAIT
        while not stop.is_set():
            try:
                if ends is None:
                    ends = await self._bus.end_offsets(self._topics)
                if await self._bus.caught_up(self._group, ends):
                    break
            except Exception as error:
                log.warning("How far %s has read cannot be asked: %s.", self._group, type(error).__name__)
                pause = SLOW
            if left <= 0:
                log.error("%s has not read its topics for %.0f s; it judges by what it knows.", self._group, MAX_WAIT)
                break
            await sleep_until(None, stop, pause)
            left -= pause
            pause = min(SLOW, pause * 2)
        self._caught_up_to = moment
