"""The breach topic over HTTP: in pages, and live as server-sent events."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response, StreamingResponse

from services.timer import store
from shared.base.credentials import Principal
from shared.base.errors import BadRequest
from shared.base.waits import sleep_until
from shared.store.database import Database
from shared.store.tx import Tx
from shared.web.http import allow, database, json_response, reading

doors = APIRouter()
Ops = Annotated[Principal, Depends(allow("ops", "manager", "marketing"))]
HEARTBEAT = 15.0
PAGE = 500


@doors.get("/v1/breaches")
async def breaches(
    who: Ops,
    tx: Annotated[Tx, Depends(reading("timer"), scope="function")],
    since: datetime | None = None,
    cursor: int = 0,
    limit: int = 200,
) -> Response:
    """What was said on the breach topic, oldest first; `cursor` is the `next` of the page before."""
    if since is not None and since.tzinfo is None:
        raise BadRequest("`since` needs an offset, such as 2026-12-01T09:00:00Z.")
    rows = await store.told_breaches(tx, after=cursor, since=since, limit=max(1, min(limit, 1000)))
    return json_response({"breaches": rows, "next": rows[-1]["id"] if rows else cursor})


@doors.get("/v1/breaches/stream")
async def stream(
    request: Request, who: Ops, last_event_id: Annotated[str | None, Header()] = None, since: int | None = None
) -> StreamingResponse:
    """The breach topic as server-sent events; `Last-Event-ID` goes on from there."""
    after = int(last_event_id) if last_event_id and last_event_id.isdecimal() else since
    told = _told(database(request, "timer"), request.app.state.stop, after)
    return StreamingResponse(told, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _told(db: Database, stop: asyncio.Event, start: int | None) -> AsyncIterator[bytes]:
    """Everything after a place, in the order of places."""
    bell = db.wakeups.subscribe("timer", store.BELL)
    try:
        async with db.reading() as tx:
            place = await store.last_breach(tx) if start is None else start
        yield b"retry: 2000\n\n"
        while not stop.is_set():
            bell.clear()
            async with db.reading() as tx:
                found = await store.told_breaches(tx, after=place, since=None, limit=PAGE)
            for row in found:
                place = row["id"]
                yield _line(row)
            if found:
                continue
            await sleep_until(bell, stop, HEARTBEAT)
            if not bell.is_set():
                yield b": still here\n\n"
    finally:
        db.wakeups.unsubscribe(bell)


def _line(row: dict[str, Any]) -> bytes:
    kind = str(row["type"]).removeprefix("baton.").removesuffix(".v1")
    data = orjson.dumps(row, option=orjson.OPT_UTC_Z).decode()
    return f"id: {row['id']}\nevent: {kind}\ndata: {data}\n\n".encode()
