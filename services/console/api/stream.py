"""A live page's stream: everything new since a place, as server-sent events, until the page leaves or the process stops."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import orjson
from prometheus_client import Gauge

from services.console.handlers import showing
from services.console.handlers.following import BELL
from services.console.store import lines
from shared.base.waits import sleep_until
from shared.store.database import Database
from shared.store.tx import Tx

HEARTBEAT = 15.0
BREATH = 0.2
"""Real seconds between two tellings: a busy floor costs each page five looks a second, however many commits there are."""
OVERLAP = 300
FAR = 5000
"""Lines that a page may be behind before it is shown the floor as it is, instead of all that happened."""
OPEN = Gauge("baton_console_streams", "Live pages that are open now.")


@dataclass(slots=True)
class Stream:
    """One page's stream; of one lead's page when `lead` is given."""

    db: Database
    stop: asyncio.Event
    _: KW_ONLY
    rate: Callable[[], float]
    allowed: Callable[[], Awaitable[bool]]
    limit: int
    lead: str | None = None
    place: int = 0
    sent: set[int] = field(default_factory=set)
    checked: float = 0.0

    async def told(self, start: int | None) -> AsyncIterator[bytes]:
        """The stream from a place on (None: from now on)."""
        bell = self.db.wakeups.subscribe("console", BELL)
        OPEN.inc()
        try:
            self.checked = _tick()
            for part in [b"retry: 2000\n\n", *await self._begin(start)]:
                yield part
            while not self.stop.is_set() and await self._still():
                bell.clear()
                parts = await self._look()
                for part in parts:
                    yield part
                if parts:
                    await sleep_until(None, self.stop, BREATH)
                    continue
                await sleep_until(bell, self.stop, HEARTBEAT)
                if not bell.is_set() and not self.stop.is_set():
                    async with self.db.reading() as tx:
                        yield self._time(tx)
            if not self.stop.is_set():
                yield _event("end", {"why": "Your key was revoked; sign in again."})
        finally:
            OPEN.dec()
            self.db.wakeups.unsubscribe(bell)

    async def _begin(self, start: int | None) -> list[bytes]:
        """Take the place. A page that slept for long, or that knows a place of another database, gets all as it is."""
        async with self.db.reading() as tx:
            newest = await lines.newest(tx)
            astray = start is not None and not newest - FAR <= start <= newest
            self.place = newest if start is None or astray else start
            near = await lines.after(tx, max(0, self.place - OVERLAP), lead=self.lead, limit=OVERLAP)
            self.sent = {line["id"] for line in near if line["id"] <= self.place}
            if not astray:
                return []
            news = [] if self.lead else self._news(await showing.floor(tx, self.limit), whole=True)
            return [self._time(tx), *news, self._place()]

    async def _look(self) -> list[bytes]:
        """What is new. Places are looked at again for a while: a higher one may be committed before a lower one."""
        async with self.db.reading() as tx:
            found = await lines.after(tx, max(0, self.place - OVERLAP), lead=self.lead, limit=OVERLAP * 2)
            fresh = [line for line in found if line["id"] not in self.sent]
            if not fresh:
                return []
            news = [] if self.lead else self._news(await showing.news(tx, fresh))
            time = self._time(tx)
        self.sent |= {line["id"] for line in fresh}
        self.place = max(self.place, *(line["id"] for line in fresh))
        self.sent = {item for item in self.sent if item > self.place - 2 * OVERLAP}
        return [time, *news, self._place()]

    async def _still(self) -> bool:
        """Whether whoever looks still may; asked again after each heartbeat's time."""
        if _tick() - self.checked < HEARTBEAT:
            return True
        self.checked = _tick()
        return await self.allowed()

    def _time(self, tx: Tx) -> bytes:
        return _event("time", {"now": tx.now.timestamp(), "rate": self.rate()})

    def _news(self, news: showing.News, *, whole: bool = False) -> Iterator[bytes]:
        if whole:
            yield _event("clear", {})
        yield from (_event("gone", {"id": lead}) for lead in news.gone)
        yield from (_event("row", found) for found in news.rows)
        yield from (_event("feed", line) for line in news.feed)
        yield _event("counts", news.counts)

    def _place(self) -> bytes:
        return f"id: {self.place}\nevent: place\ndata: {self.place}\n\n".encode()


def _tick() -> float:
    return asyncio.get_running_loop().time()


def _event(name: str, body: Any) -> bytes:
    return f"event: {name}\ndata: {orjson.dumps(body).decode()}\n\n".encode()
