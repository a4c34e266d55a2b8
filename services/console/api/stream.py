"""Streams changes to a live page as server-sent events, until the page disconnects or the process stops."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import KW_ONLY, dataclass, field

from fastapi import Request
from prometheus_client import Gauge
from starlette.responses import Response, StreamingResponse

from services.console.api.viewer import require_viewer, viewer_of
from services.console.handlers import queries
from services.console.handlers.projection import BOARD_SIGNAL
from services.console.store import timeline
from shared.base.waits import sleep_until
from shared.store.database import Database
from shared.store.tx import Tx
from shared.web.http import database
from shared.web.sse import HEADERS, RETRY, sse_event

HEARTBEAT = 15.0
"""Real seconds without a change after which the stream sends the time; also the interval of checks of the key."""
MIN_INTERVAL = 0.2
"""Real seconds between two polls of one page, so that a busy board causes at most five polls a second per page."""
OVERLAP = 300
"""Entries before the cursor that are read again: a lower id may be committed after a higher one."""
MAX_LAG = 5000
"""Entries that a page may be behind; a page further behind gets the whole present board instead of each change."""
OPEN_STREAMS = Gauge("baton_console_streams", "Live pages that are open now.")


async def stream_response(request: Request, cursor: str | None, *, limit: int = 0, lead: str | None = None) -> Response:
    """The stream of the live board with `limit` rows, or of one lead's page when `lead` is given.

    `cursor` is the id of the last timeline entry that the page shows; anything but a number means the present.
    Raises NotAllowed (401) when the viewer must sign in first.
    """
    await require_viewer(request)
    state = request.app.state

    async def is_allowed() -> bool:
        return await viewer_of(request) is not None

    stream = PageStream(
        database(request, "console"),
        state.stop,
        rate=lambda: float(state.resources.clock.rate),
        is_allowed=is_allowed,
        limit=limit,
        lead=lead,
    )
    start = int(cursor) if cursor and cursor.isdecimal() else None
    return StreamingResponse(stream.events(start), media_type="text/event-stream", headers=HEADERS)


@dataclass(slots=True)
class PageStream:
    """The stream of one page: of the live board, or of one lead's page when `lead` is given."""

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
        """The server-sent events after the cursor `start` (None: from now on)."""
        wakeup = self.db.wakeups.subscribe("console", BOARD_SIGNAL)
        OPEN_STREAMS.inc()
        try:
            self.access_checked_at = _loop_time()
            for part in [RETRY, *await self._start(start)]:
                yield part
            while not self.stop.is_set() and await self._still_allowed():
                wakeup.clear()
                parts = await self._poll()
                for part in parts:
                    yield part
                if parts:
                    await sleep_until(None, self.stop, MIN_INTERVAL)
                    continue
                await sleep_until(wakeup, self.stop, HEARTBEAT)
                if not wakeup.is_set() and not self.stop.is_set():
                    async with self.db.reading() as tx:
                        yield self._time_event(tx)
            if not self.stop.is_set():
                yield sse_event({"why": "Your key was revoked; sign in again."}, event="end")
        finally:
            OPEN_STREAMS.dec()
            self.db.wakeups.unsubscribe(wakeup)

    async def _start(self, start: int | None) -> list[bytes]:
        """Set the cursor and return the first events: the whole board if the page is too far behind or its cursor is
        newer than the newest entry (a cursor of another database), otherwise none."""
        async with self.db.reading() as tx:
            newest = await timeline.newest_id(tx)
            out_of_range = start is not None and not newest - MAX_LAG <= start <= newest
            self.cursor = newest if start is None or out_of_range else start
            entries = await timeline.after(tx, max(0, self.cursor - OVERLAP), lead=self.lead, limit=OVERLAP)
            self.sent = {entry["id"] for entry in entries if entry["id"] <= self.cursor}
            if not out_of_range:
                return []
            changes = [] if self.lead else self._board_events(await queries.board(tx, self.limit), reset=True)
            return [self._time_event(tx), *changes, self._cursor_event()]

    async def _poll(self) -> list[bytes]:
        """The events for entries that were not sent yet, including entries committed late with an id below the cursor."""
        async with self.db.reading() as tx:
            entries = await timeline.after(tx, max(0, self.cursor - OVERLAP), lead=self.lead, limit=OVERLAP * 2)
            unsent = [entry for entry in entries if entry["id"] not in self.sent]
            if not unsent:
                return []
            changes = [] if self.lead else self._board_events(await queries.board_delta(tx, unsent))
            time = self._time_event(tx)
        self.sent |= {entry["id"] for entry in unsent}
        self.cursor = max(self.cursor, *(entry["id"] for entry in unsent))
        self.sent = {entry_id for entry_id in self.sent if entry_id > self.cursor - 2 * OVERLAP}
        return [time, *changes, self._cursor_event()]

    async def _still_allowed(self) -> bool:
        """Whether the viewer's key is still valid; checked once per HEARTBEAT."""
        if _loop_time() - self.access_checked_at < HEARTBEAT:
            return True
        self.access_checked_at = _loop_time()
        return await self.is_allowed()

    def _time_event(self, tx: Tx) -> bytes:
        return sse_event({"now": tx.now.timestamp(), "rate": self.rate()}, event="time")

    def _board_events(self, delta: queries.BoardDelta, *, reset: bool = False) -> Iterator[bytes]:
        if reset:
            yield sse_event({}, event="reset")
        yield from (sse_event({"id": lead}, event="removed") for lead in delta.removed)
        yield from (sse_event(row, event="row") for row in delta.rows)
        yield from (sse_event(entry, event="feed") for entry in delta.feed)
        yield sse_event(delta.counters, event="counters")

    def _cursor_event(self) -> bytes:
        return sse_event(self.cursor, event="cursor", id=self.cursor)


def _loop_time() -> float:
    return asyncio.get_running_loop().time()
