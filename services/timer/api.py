"""The timer's doors: clocks and how they were reckoned, previews, and the breach topic over HTTP."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import Response, StreamingResponse

from services.timer import store
from services.timer.domain.promise import calendar_of
from shared.access import Principal
from shared.agreement.business_time import elapsed
from shared.agreement.calendar import ALWAYS
from shared.agreement.preview import preview, rfc3339
from shared.agreement.time_words import in_words
from shared.db import Tx
from shared.errors import NotFound, TheirMistake
from shared.http import allow, answer, database, reading
from shared.pausing import until

doors = APIRouter()
ReadDep = Annotated[Tx, Depends(reading("timer"), scope="function")]
Reader = Annotated[Principal, Depends(allow("rep", "manager", "marketing", "executive", "ops"))]
Ops = Annotated[Principal, Depends(allow("ops", "manager", "marketing"))]
HEARTBEAT = 15.0


@doors.get("/v1/clocks")
async def clocks(who: Reader, tx: ReadDep, lead: str | None = None, limit: int = 200) -> Response:
    """The clocks of a lead; without one, those that run, the earliest due first."""
    return answer({"now": tx.now, "clocks": await store.shown(tx, lead, max(1, min(limit, 1000)))})


@doors.get("/v1/clocks/{clock_id}/explain")
async def explain(who: Reader, tx: ReadDep, clock_id: str) -> Response:
    """Every interval that was counted and skipped between the start of a clock and its due instant, in words too."""
    clock = (await store.clocks_named(tx, [clock_id])).get(clock_id)
    if clock is None:
        raise NotFound(f"There is no clock {clock_id}.")
    versions = await store.versions_of(tx, [clock.agreement, clock.routed])
    rep = (await store.people_of(tx, [clock.owner or ""])).get(clock.owner or "")
    calendar = (
        ALWAYS
        if clock.off_hours
        else calendar_of(versions[clock.agreement], versions.get(clock.routed), clock.team, rep)
    )
    reckoned = elapsed(calendar, clock.started_at, clock.due_at)
    intervals = [
        {"from": rfc3339(item.start), "to": rfc3339(item.end), "counted": item.counted, "why": item.why}
        for item in reckoned.intervals
    ]
    found: dict[str, Any] = {
        "clock": clock.id,
        "promise": clock.promise,
        "start": clock.started_at,
        "due": clock.due_at,
        "seconds": reckoned.seconds,
        "within": clock.within,
        "calendar": calendar.zone.key,
        "intervals": intervals,
        "in_words": clock.in_words or in_words(calendar, reckoned),
    }
    return answer(found)


@doors.post("/v1/deadlines/preview")
async def deadline(request: Request, who: Reader, tx: ReadDep) -> Response:
    """When something would be due, with every interval; a calendar of the live agreement by name, or one of its own."""
    try:
        wanted = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise TheirMistake(f"The body is not JSON: {error}.") from error
    if not isinstance(wanted, dict):
        raise TheirMistake("The body must be a JSON object with calendar, start, and within or end.")
    live = await store.live(tx)
    calendars = live[1].calendars if live else {}
    try:
        return answer(preview(wanted, calendars))
    except ValueError as error:
        raise TheirMistake(str(error)) from error


@doors.get("/v1/breaches")
async def breaches(who: Ops, tx: ReadDep, since: datetime | None = None, cursor: int = 0, limit: int = 200) -> Response:
    """What was said on the breach topic, oldest first; `cursor` is the `next` of the page before."""
    if since is not None and since.tzinfo is None:
        raise TheirMistake("`since` needs an offset, such as 2026-12-01T09:00:00Z.")
    rows = await store.told_breaches(tx, after=cursor, since=since, limit=max(1, min(limit, 1000)))
    return answer({"breaches": rows, "next": rows[-1]["id"] if rows else cursor})


@doors.get("/v1/breaches/stream")
async def stream(
    request: Request, who: Ops, last_event_id: Annotated[str | None, Header()] = None, since: int | None = None
) -> StreamingResponse:
    """The breach topic as server-sent events; `Last-Event-ID` goes on from there."""
    after = int(last_event_id) if last_event_id and last_event_id.isdecimal() else since
    return StreamingResponse(_told(request, after), media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _told(request: Request, after: int | None) -> AsyncIterator[bytes]:
    db = database(request, "timer")
    stop: asyncio.Event = request.app.state.stop
    bell = db.wakes.bell("timer", "outbox")
    if after is None:
        async with db.reading() as tx:
            after = await store.last_breach(tx)
    try:
        yield b"retry: 2000\n\n"
        while not stop.is_set():
            bell.clear()
            async with db.reading() as tx:
                rows = await store.told_breaches(tx, after=after, since=None, limit=500)
            for row in rows:
                after = int(row["id"])
                kind = str(row["type"]).removeprefix("baton.").removesuffix(".v1")
                yield f"id: {after}\nevent: {kind}\ndata: {orjson.dumps(row, option=orjson.OPT_UTC_Z).decode()}\n\n".encode()
            if not rows:
                await until(bell, stop, HEARTBEAT)
                yield b": still here\n\n"
    finally:
        db.wakes.forget(bell)
