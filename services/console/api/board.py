"""Routes of the live board: the page and its stream."""

from typing import Annotated

from fastapi import APIRouter, Header, Request
from starlette.responses import RedirectResponse, Response

from services.console.api.rendering import ReadDep, live_page
from services.console.api.stream import stream_response
from services.console.api.viewer import viewer_of
from services.console.handlers import queries


def board_routes(rows: int) -> APIRouter:
    """The routes of the live board, which shows at most `rows` leads."""
    router = APIRouter()

    @router.get("/", include_in_schema=False)
    async def board_page(request: Request, tx: ReadDep) -> Response:
        """Show the live board: leads with owners and clocks, the feed and the counters."""
        viewer = await viewer_of(request)
        if viewer is None:
            return RedirectResponse("/sign-in", 303)
        return await live_page(tx, request, viewer, "board.html", board=await queries.board(tx, rows), limit=rows)

    @router.get("/board/stream", include_in_schema=False)
    async def board_stream(
        request: Request, last_event_id: Annotated[str | None, Header()] = None, after: str | None = None
    ) -> Response:
        """Changes of the live board as server-sent events, after a cursor."""
        return await stream_response(request, last_event_id or after, limit=rows)

    return router
