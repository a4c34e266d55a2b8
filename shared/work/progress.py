"""Whether a service has read what was said up to a moment: who judges by what it has heard must not judge before.

A process that begins, or that takes over from one that died, is behind its topics for a while (joining a group takes
seconds); what is due is late by then, and may have been answered long ago.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.base.clock import Clock
from shared.base.waits import until
from shared.bus.port import Bus, Ends

log = logging.getLogger(__name__)
LONGEST = 300.0
"""Seconds after which it goes on as it knows: a partition that nobody reads must not keep every breach secret."""
SOON, SELDOM = 0.02, 1.0


class ReadUp:
    """One per service and process; asked by `bell`, it notes up to which moment its group has read everything."""

    def __init__(
        self, bus: Bus, group: str, topics: Sequence[str], clock: Clock, bell: asyncio.Event, settle: timedelta
    ) -> None:
        self._bus = bus
        self._group = group
        self._topics = topics
        self._clock = clock
        self._bell = bell
        self._settle = settle
        self._upto: datetime | None = None

    def since(self, moment: datetime) -> bool:
        """Whether everything that was said up to this moment (real time) is read."""
        return self._upto is not None and self._upto >= moment

    async def run(self, stop: asyncio.Event) -> None:
        """Look whenever somebody asks, half the settle time later, when what was on its way has arrived."""
        while not stop.is_set():
            await until(self._bell, stop, 3600)
            if self._bell.is_set():
                self._bell.clear()
                await until(None, stop, self._settle.total_seconds() / 2)
                await self._look(stop)

    async def _look(self, stop: asyncio.Event) -> None:
        moment = self._clock.here().wall
        ends: Ends | None = None
        pause, left = SOON, LONGEST
        while not stop.is_set():
            try:
                if ends is None:
                    ends = await self._bus.ends(self._topics)
                if await self._bus.reached(self._group, ends):
                    break
            except Exception as error:
                log.warning("How far %s has read cannot be asked: %s.", self._group, type(error).__name__)
                pause = SELDOM
            if left <= 0:
                log.error("%s has not read its topics for %.0f s; it judges by what it knows.", self._group, LONGEST)
                break
            await until(None, stop, pause)
            left -= pause
            pause = min(SELDOM, pause * 2)
        self._upto = moment
