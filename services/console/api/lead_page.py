"""Routes of a lead's page: the page, its refreshed content, and its stream."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import RedirectResponse, Response

from services.console.api.rendering import ReadDep, html, live_page
from services.console.api.stream import stream_response
from services.console.api.viewer import require_viewer, viewer_of
from services.console.handlers import queries
from shared.base.errors import NotFound
from shared.base.ids import is_uuid

UNKNOWN_LEAD = "There is no such lead here."


def lead_routes() -> APIRouter:
    """The routes of a lead's page."""
    router = APIRouter()

    @router.get("/leads/{lead}", include_in_schema=False)
    async def lead_page(request: Request, tx: ReadDep, lead: str) -> Response:
        """One lead: timeline, routing decision in words, clocks and notices."""
        viewer = await viewer_of(request)
        if viewer is None:
            return RedirectResponse(f"/sign-in?to=/leads/{lead}" if is_uuid(lead) else "/sign-in", 303)
        detail = await queries.lead_detail(tx, lead) if is_uuid(lead) else None
        if detail is None:
            return await live_page(tx, request, viewer, "unknown_lead.html", 404)
        return await live_page(tx, request, viewer, "lead.html", **detail)

    @router.get("/leads/{lead}/content", include_in_schema=False)
    async def lead_content(request: Request, tx: ReadDep, lead: str) -> Response:
        """The content of a lead's page without header and frame; the page fetches this when the lead changes."""
        await require_viewer(request)
        detail = await queries.lead_detail(tx, lead) if is_uuid(lead) else None
        if detail is None:
            raise NotFound(UNKNOWN_LEAD)
        return html("lead_content.html", **detail)

    @router.get("/leads/{lead}/stream", include_in_schema=False)
    async def lead_stream(
        request: Request, lead: str, last_event_id: Annotated[str | None, Header()] = None, after: str | None = None
    ) -> Response:
        """Cursors of new timeline entries of one lead as server-sent events."""
        if not is_uuid(lead):
            raise NotFound(UNKNOWN_LEAD)
        return await stream_response(request, last_event_id or after, lead=lead)

    return router
