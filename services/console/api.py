"""The console's pages: the floor and a lead, live by one stream each, and the sign-in for addresses that need one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Form, Header, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from services.console import store
from services.console.domain.rows import face, row
from services.console.settings import Settings
from shared.access import Principal
from shared.db import Database, Tx
from shared.errors import NotAllowed
from shared.http import access_of, asker, database, reading, same_origin, trusted
from shared.ids import is_id
from shared.pausing import until
from shared.web import templates

ReadDep = Annotated[Tx, Depends(reading("console"), scope="function")]
ROLES = ("manager", "marketing", "executive", "ops")
HEARTBEAT = 15.0
OVERLAP = 300
FEED = 40
_pages = templates("services/console/templates")


async def viewer(request: Request) -> Principal | None:
    """Who looks: whoever has a key with a reading role; embedded on loopback, anybody."""
    who = await asker(request)
    if who is not None:
        return who if who.may(*ROLES) else None
    return Principal("local", None, frozenset({"admin"})) if trusted(request) else None


def doors(settings: Settings) -> APIRouter:
    """All pages."""
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    async def floor(request: Request, tx: ReadDep) -> Response:
        """The floor, for whoever has a reading role: leads as they move, with their clocks."""
        if await viewer(request) is None:
            return RedirectResponse("/sign-in", 303)
        rows = await _rows(tx, await store.floor(tx, settings.floor_rows))
        feed = [_line(line) for line in await store.last_lines(tx, FEED)]
        await _name_feed(tx, feed)
        values: dict[str, Any] = {
            "rows": rows,
            "feed": feed,
            "counts": await store.counts(tx),
            "live": await store.live(tx),
        }
        return _html("floor.html", **values, **await _clock(tx, request))

    @router.get("/floor/stream", include_in_schema=False)
    async def floor_stream(
        request: Request, last_event_id: Annotated[str | None, Header()] = None, after: int | None = None
    ) -> Response:
        """What changes on the floor, as server-sent events."""
        return await _stream(request, last_event_id, after, None)

    @router.get("/leads/{lead}", include_in_schema=False)
    async def lead_page(request: Request, tx: ReadDep, lead: str) -> Response:
        """One lead: timeline, decision in words, clocks and notices."""
        if await viewer(request) is None:
            return RedirectResponse("/sign-in", 303)
        found = (await store.leads_of(tx, [lead])).get(lead) if is_id(lead) else None
        if found is None:
            return _html("missing.html", status=404)
        return _html("lead.html", lead=found, **await _lead(tx, found), **await _clock(tx, request))

    @router.get("/leads/{lead}/parts", include_in_schema=False)
    async def lead_parts(request: Request, tx: ReadDep, lead: str) -> Response:
        """The inner part of a lead's page, for the page itself when something happened."""
        if await viewer(request) is None:
            raise NotAllowed("Sign in first.", status=401)
        found = (await store.leads_of(tx, [lead])).get(lead)
        if found is None:
            return _html("missing.html", status=404)
        return _html("lead_parts.html", lead=found, **await _lead(tx, found), **await _clock(tx, request))

    @router.get("/leads/{lead}/stream", include_in_schema=False)
    async def lead_stream(
        request: Request, lead: str, last_event_id: Annotated[str | None, Header()] = None, after: int | None = None
    ) -> Response:
        """What happens to one lead, as server-sent events."""
        return await _stream(request, last_event_id, after, lead)

    _sign_in(router)
    return router


def _html(name: str, status: int = 200, **values: Any) -> Response:
    return HTMLResponse(_pages.get_template(name).render(**values), status)


async def _clock(tx: Tx, request: Request) -> dict[str, Any]:
    rate = request.app.state.building.clock.rate
    return {"now": tx.now, "rate": rate, "place": await store.newest(tx)}


async def _rows(tx: Tx, leads: list[dict[str, Any]]) -> list[dict[str, Any]]:
    clocks = await store.clocks_of(tx, [lead["id"] for lead in leads])
    names = await store.names(tx)
    return [row(lead, clocks.get(lead["id"], []), names, tx.now) for lead in leads]


async def _lead(tx: Tx, lead: dict[str, Any]) -> dict[str, Any]:
    names = await store.names(tx)
    clocks = (await store.clocks_of(tx, [lead["id"]])).get(lead["id"], [])
    return {
        "row": row(lead, clocks, names, tx.now),
        "clocks": [
            {**clock, "face": face(clock, tx.now), "who": names.get(clock["owner"], clock["owner"])} for clock in clocks
        ],
        "story": await store.story(tx, lead["id"]),
        "notices": await store.notices_of(tx, lead["id"]),
        "names": names,
    }


async def _stream(request: Request, last: str | None, after: int | None, lead: str | None) -> Response:
    if await viewer(request) is None:
        raise NotAllowed("Sign in first.", status=401)
    start = int(last) if last and last.isdecimal() else after
    rate: Callable[[], float] = lambda: float(request.app.state.building.clock.rate)
    told = _told(database(request, "console"), request.app.state.stop, rate, start, lead)
    return StreamingResponse(told, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _told(
    db: Database, stop: asyncio.Event, rate: Callable[[], float], start: int | None, lead: str | None
) -> AsyncIterator[bytes]:
    """Everything new since a place. Places are looked at again for a while: a higher one may be committed first."""
    bell = db.wakes.bell("console", "floor")
    sent: set[int] = set()
    try:
        async with db.reading() as tx:
            place = await store.newest(tx) if start is None else start
            sent |= {
                line["id"] for line in await store.news(tx, max(0, place - OVERLAP), lead=lead) if line["id"] <= place
            }
        yield b"retry: 2000\n\n"
        while not stop.is_set():
            bell.clear()
            async with db.reading() as tx:
                found = await store.news(tx, max(0, place - OVERLAP), lead=lead, limit=OVERLAP * 2)
                fresh = [line for line in found if line["id"] not in sent]
                said = await _said(tx, fresh, rate()) if fresh else []
            for name, body in said:
                yield _event(name, body)
            if fresh:
                sent |= {line["id"] for line in fresh}
                place = max(place, *(line["id"] for line in fresh))
                sent = {item for item in sent if item > place - 2 * OVERLAP}
                yield f"id: {place}\nevent: place\ndata: {place}\n\n".encode()
                continue
            await until(bell, stop, HEARTBEAT)
            if not bell.is_set() and not stop.is_set():
                async with db.reading() as tx:
                    yield _event("time", {"now": tx.now.timestamp(), "rate": rate()})
    finally:
        db.wakes.forget(bell)


async def _said(tx: Tx, fresh: list[dict[str, Any]], rate: float) -> list[tuple[str, Any]]:
    leads = await store.leads_of(tx, [line["lead"] for line in fresh])
    rows = await _rows(tx, [lead for lead in leads.values() if lead["state"] and lead["state"] != "merged"])
    feed = [_line(line) for line in fresh if line["loud"]]
    await _name_feed(tx, feed)
    live = await store.live(tx)
    return [
        ("time", {"now": tx.now.timestamp(), "rate": rate}),
        *(("row", found) for found in rows),
        *(("feed", line) for line in feed),
        ("counts", {**await store.counts(tx), "live": live["version"] if live else None}),
    ]


def _line(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "lead": line["lead"],
        "at": line["at"].timestamp(),
        "text": line["text"],
        "color": line["color"],
        "type": line["type"],
        "who": "",
    }


async def _name_feed(tx: Tx, feed: list[dict[str, Any]]) -> None:
    leads = await store.leads_of(tx, [line["lead"] for line in feed])
    for line in feed:
        card = leads.get(line["lead"], {}).get("card", {})
        line["who"] = card.get("name") or card.get("email") or f"Lead {line['lead'][:8]}"


def _event(name: str, body: Any) -> bytes:
    return f"event: {name}\ndata: {orjson.dumps(body).decode()}\n\n".encode()


def _sign_in(router: APIRouter) -> None:
    @router.get("/sign-in", include_in_schema=False)
    async def ask() -> Response:
        """The sign-in page."""
        return _html("sign_in.html", wrong="")

    @router.post("/sign-in", include_in_schema=False)
    async def enter(request: Request, key: Annotated[str, Form()] = "") -> Response:
        """Sign in with an API key; it is kept in a cookie of this site."""
        access = access_of(request)
        if access.db.dialect == "postgresql":
            async with access.db.reading() as tx:
                await access.fresh(tx)
        who = access.principal(key.strip())
        if who is None or not who.may(*ROLES) or not same_origin(request):
            return _html("sign_in.html", status=401, wrong="This key does not open the console; ask whoever made it.")
        secure = request.url.scheme == "https" or request.headers.get("x-forwarded-proto") == "https"
        answer = RedirectResponse("/", 303)
        name = "__Host-baton" if secure else "baton"
        answer.set_cookie(
            name, key.strip(), httponly=True, samesite="strict", secure=secure, path="/", max_age=12 * 3600
        )
        return answer

    @router.post("/sign-out", include_in_schema=False)
    async def leave(request: Request) -> Response:
        """Forget the key."""
        answer = RedirectResponse("/sign-in", 303)
        for name in ("__Host-baton", "baton"):
            answer.delete_cookie(name, path="/", secure=name.startswith("__"), httponly=True, samesite="strict")
        return answer
