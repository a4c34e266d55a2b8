"""The breach feed over HTTP: in pages, and live as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response, StreamingResponse

from services.timer import store
from shared.base.credentials import Principal
from shared.base.errors import BadRequest
from shared.base.waits import sleep_until
from shared.store.database import Database
from shared.store.tx import Tx
from shared.web import sse
from shared.web.http import allow, database, json_response, reading

routes = APIRouter()
Reader = Annotated[Principal, Depends(allow("ops", "manager", "marketing"))]
HEARTBEAT_SECONDS = 15.0
PAGE = 500


@routes.get("/v1/breaches")
async def breaches(
    who: Reader,
    tx: Annotated[Tx, Depends(reading("timer"), scope="function")],
    since: datetime | None = None,
    cursor: int = 0,
    limit: int = 200,
) -> Response:
    """The events of `baton.breaches`, oldest first; `cursor` is the `next` of the page before."""
    if since is not None and since.tzinfo is None:
        raise BadRequest("`since` needs an offset, such as 2026-12-01T09:00:00Z.")
    rows = await store.breaches_after(tx, after=cursor, since=since, limit=max(1, min(limit, 1000)))
    return json_response({"breaches": rows, "next": rows[-1]["id"] if rows else cursor})


@routes.get("/v1/breaches/stream")
async def stream(
    request: Request, who: Reader, last_event_id: Annotated[str | None, Header()] = None, since: int | None = None
) -> StreamingResponse:
    """The events of `baton.breaches` as server-sent events; `Last-Event-ID` continues after that event."""
    after = int(last_event_id) if last_event_id and last_event_id.isdecimal() else since
    events = _events(database(request, "timer"), request.app.state.stop, after)
    return StreamingResponse(events, media_type="text/event-stream", headers=sse.HEADERS)


async def _events(db: Database, stop: asyncio.Event, after: int | None) -> AsyncIterator[bytes]:
    """Every row of the feed after an id (None: from now on), in the order of ids, until the process stops."""
    wakeup = db.wakeups.subscribe("timer", store.BREACH_SIGNAL)
    try:
        async with db.reading() as tx:
            last_id = await store.last_breach(tx) if after is None else after
        yield sse.RETRY
        while not stop.is_set():
            wakeup.clear()
            async with db.reading() as tx:
                rows = await store.breaches_after(tx, after=last_id, since=None, limit=PAGE)
            for row in rows:
                last_id = row["id"]
                yield _event(row)
            if rows:
                continue
            await sleep_until(wakeup, stop, HEARTBEAT_SECONDS)
            if not wakeup.is_set():
                yield sse.HEARTBEAT
    finally:
        db.wakeups.unsubscribe(wakeup)


def _event(row: dict[str, Any]) -> bytes:
    name = str(row["type"]).removeprefix("baton.").removesuffix(".v1")
    return sse.sse_event(row, event=name, id=row["id"])
