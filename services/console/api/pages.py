"""The console's pages: the floor and a lead, live by one stream each."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from services.console.api.stream import PageStream
from services.console.api.viewer import viewer
from services.console.handlers import queries
from services.console.settings import Settings
from services.console.store import timeline
from shared.base.credentials import Principal
from shared.base.errors import NotAllowed, NotFound
from shared.base.ids import is_uuid
from shared.store.tx import Tx
from shared.web import templates
from shared.web.http import LOCAL_ADMIN, database, reading

ReadDep = Annotated[Tx, Depends(reading("console"), scope="function")]
Resume = Annotated[str | None, Header()]
_pages = templates("services/console/templates")


def html(name: str, status: int = 200, **values: Any) -> Response:
    """A page."""
    return HTMLResponse(_pages.get_template(name).render(**values), status)


def page_routes(settings: Settings) -> APIRouter:
    """All pages."""
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    async def floor(request: Request, tx: ReadDep) -> Response:
        """The floor, for whoever has a reading role: leads as they move, with their clocks."""
        who = await viewer(request)
        if who is None:
            return RedirectResponse("/sign-in", 303)
        top = await _header_values(tx, request, who)
        return html("floor.html", shown=await queries.board(tx, settings.board_rows), limit=settings.board_rows, **top)

    @router.get("/floor/stream", include_in_schema=False)
    async def floor_stream(request: Request, last_event_id: Resume = None, after: str | None = None) -> Response:
        """What changes on the floor, as server-sent events."""
        return await _stream(request, settings, last_event_id or after, None)

    @router.get("/leads/{lead}", include_in_schema=False)
    async def lead_page(request: Request, tx: ReadDep, lead: str) -> Response:
        """One lead: timeline, decision in words, clocks and notices."""
        who = await viewer(request)
        if who is None:
            return RedirectResponse(f"/sign-in?to=/leads/{lead}" if is_uuid(lead) else "/sign-in", 303)
        found = await queries.lead_detail(tx, lead) if is_uuid(lead) else None
        top = await _header_values(tx, request, who)
        return html("lead.html", **found, **top) if found else html("missing.html", 404, **top)

    @router.get("/leads/{lead}/parts", include_in_schema=False)
    async def lead_parts(request: Request, tx: ReadDep, lead: str) -> Response:
        """The inner part of a lead's page, for the page itself when something happened."""
        if await viewer(request) is None:
            raise NotAllowed("Sign in first.", status=401)
        found = await queries.lead_detail(tx, lead) if is_uuid(lead) else None
        if found is None:
            raise NotFound("There is no such lead here.")
        return html("lead_parts.html", **found)

    @router.get("/leads/{lead}/stream", include_in_schema=False)
    async def lead_stream(
        request: Request, lead: str, last_event_id: Resume = None, after: str | None = None
    ) -> Response:
        """What happens to one lead, as server-sent events."""
        if not is_uuid(lead):
            raise NotFound("There is no such lead here.")
        return await _stream(request, settings, last_event_id or after, lead)

    return router


async def _header_values(tx: Tx, request: Request, who: Principal) -> dict[str, Any]:
    rate = request.app.state.resources.clock.rate
    signed_in = "" if who is LOCAL_ADMIN else who.name
    return {"now": tx.now, "rate": rate, "place": await timeline.newest_id(tx), "signed_in": signed_in}


async def _stream(request: Request, settings: Settings, start: str | None, lead: str | None) -> Response:
    if await viewer(request) is None:
        raise NotAllowed("Sign in first.", status=401)
    state = request.app.state

    async def allowed() -> bool:
        return await viewer(request) is not None

    stream = PageStream(
        database(request, "console"),
        state.stop,
        rate=lambda: float(state.resources.clock.rate),
        is_allowed=allowed,
        limit=settings.board_rows,
        lead=lead,
    )
    place = int(start) if start and start.isdecimal() else None
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(stream.events(place), media_type="text/event-stream", headers=headers)
