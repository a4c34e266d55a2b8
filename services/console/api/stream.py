"""A live page's stream: everything new since a place, as server-sent events, until the page leaves or the process stops."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

import orjson
from prometheus_client import Gauge

from services.console.handlers import queries
from services.console.handlers.projection import BOARD_SIGNAL
from services.console.store import timeline
from shared.base.waits import sleep_until
from shared.store.database import Database
from shared.store.tx import Tx

HEARTBEAT = 15.0
MIN_INTERVAL = 0.2
"""Real seconds between two tellings: a busy floor costs each page five looks a second, however many commits there are."""
OVERLAP = 300
MAX_LAG = 5000
"""Lines that a page may be behind before it is shown the floor as it is, instead of all that happened."""
OPEN_STREAMS = Gauge("baton_console_streams", "Live pages that are open now.")


@dataclass(slots=True)
class PageStream:
    """One page's stream; of one lead's page when `lead` is given."""

    db: Database
    stop: asyncio.Event
    _: KW_ONLY
    rate: Callable[[], float]
    is_allowed: Callable[[], Awaitable[bool]]
    limit: int
    lead: str | None = None
    cursor: int = 0
    sent: set[int] = field(default_factory=set)
    access_checked_at: float = 0.0

    async def events(self, start: int | None) -> AsyncIterator[bytes]:
        """The stream from a place on (None: from now on)."""
        bell = self.db.wakeups.subscribe("console", BOARD_SIGNAL)
        OPEN_STREAMS.inc()
        try:
            self.access_checked_at = _loop_time()
            for part in [b"retry: 2000\n\n", *await self._start(start)]:
                yield part
            while not self.stop.is_set() and await self._still_allowed():
                bell.clear()
                parts = await self._poll()
                for part in parts:
                    yield part
                if parts:
                    await sleep_until(None, self.stop, MIN_INTERVAL)
                    continue
                await sleep_until(bell, self.stop, HEARTBEAT)
                if not bell.is_set() and not self.stop.is_set():
                    async with self.db.reading() as tx:
                        yield self._time_event(tx)
            if not self.stop.is_set():
                yield _event("end", {"why": "Your key was revoked; sign in again."})
        finally:
            OPEN_STREAMS.dec()
            self.db.wakeups.unsubscribe(bell)

    async def _start(self, start: int | None) -> list[bytes]:
        """Take the place. A page that slept for long, or that knows a place of another database, gets all as it is."""
        async with self.db.reading() as tx:
            newest = await timeline.newest_id(tx)
            astray = start is not None and not newest - MAX_LAG <= start <= newest
            self.cursor = newest if start is None or astray else start
            near = await timeline.after(tx, max(0, self.cursor - OVERLAP), lead=self.lead, limit=OVERLAP)
            self.sent = {line["id"] for line in near if line["id"] <= self.cursor}
            if not astray:
                return []
            news = [] if self.lead else self._board_events(await queries.board(tx, self.limit), whole=True)
            return [self._time_event(tx), *news, self._cursor_event()]

    async def _poll(self) -> list[bytes]:
        """What is new. Places are looked at again for a while: a higher one may be committed before a lower one."""
        async with self.db.reading() as tx:
            found = await timeline.after(tx, max(0, self.cursor - OVERLAP), lead=self.lead, limit=OVERLAP * 2)
            fresh = [line for line in found if line["id"] not in self.sent]
            if not fresh:
                return []
            news = [] if self.lead else self._board_events(await queries.board_delta(tx, fresh))
            time = self._time_event(tx)
        self.sent |= {line["id"] for line in fresh}
        self.cursor = max(self.cursor, *(line["id"] for line in fresh))
        self.sent = {item for item in self.sent if item > self.cursor - 2 * OVERLAP}
        return [time, *news, self._cursor_event()]

    async def _still_allowed(self) -> bool:
        """Whether whoever looks still may; asked again after each heartbeat's time."""
        if _loop_time() - self.access_checked_at < HEARTBEAT:
            return True
        self.access_checked_at = _loop_time()
        return await self.is_allowed()

    def _time_event(self, tx: Tx) -> bytes:
        return _event("time", {"now": tx.now.timestamp(), "rate": self.rate()})

    def _board_events(self, news: queries.BoardDelta, *, whole: bool = False) -> Iterator[bytes]:
        if whole:
            yield _event("clear", {})
        yield from (_event("gone", {"id": lead}) for lead in news.removed)
        yield from (_event("row", found) for found in news.rows)
        yield from (_event("feed", line) for line in news.feed)
        yield _event("counts", news.counters)

    def _cursor_event(self) -> bytes:
        return f"id: {self.cursor}\nevent: place\ndata: {self.cursor}\n\n".encode()


def _loop_time() -> float:
    return asyncio.get_running_loop().time()


def _event(name: str, body: Any) -> bytes:
    return f"event: {name}\ndata: {orjson.dumps(body).decode()}\n\n".encode()
