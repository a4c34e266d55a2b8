"""Renders the console's templates, with what the header of every page shows."""

from typing import Annotated, Any

from fastapi import Depends, Request
from starlette.responses import HTMLResponse, Response

from services.console.store import timeline
from shared.base.credentials import Principal
from shared.store.tx import Tx
from shared.web import templates
from shared.web.http import LOCAL_ADMIN, reading

ReadDep = Annotated[Tx, Depends(reading("console"), scope="function")]
_templates = templates("services/console/templates")


def html(name: str, status: int = 200, **values: Any) -> Response:
    """The response with a rendered template."""
    return HTMLResponse(_templates.get_template(name).render(**values), status)


async def live_page(
    tx: Tx, request: Request, viewer: Principal, name: str, status: int = 200, **values: Any
) -> Response:
    """The response with a page whose header shows the clock and the viewer. The page's stream starts at `cursor`."""
    header = {
        "now": tx.now,
        "rate": request.app.state.resources.clock.rate,
        "cursor": await timeline.newest_id(tx),
        "signed_in": "" if viewer is LOCAL_ADMIN else viewer.name,
    }
    return html(name, status, **values, **header)
