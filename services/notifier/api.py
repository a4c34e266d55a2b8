"""The notifier's routes: action links (GET shows a page, POST records an answer once), and the list of notices."""

import asyncio
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from services.notifier.domain.page import (
    ACTIONS,
    Page,
    action_page,
    cross_site_page,
    incomplete_page,
    outcome_page,
)
from services.notifier.handlers.action_links import open_link, record_answer
from services.notifier.store import answers, notices
from shared.base import failpoints
from shared.base.credentials import Principal
from shared.base.errors import BadRequest
from shared.store.database import Database
from shared.store.tx import Tx
from shared.web import templates
from shared.web.http import allow, database, json_response, reading

routes = APIRouter()
ReadTx = Annotated[Tx, Depends(reading("notifier"), scope="function")]
Reader = Annotated[Principal, Depends(allow("rep", "manager", "marketing", "executive", "ops"))]
OUTCOME_WAIT, POLL_INTERVAL = 3.0, 0.1
"""Seconds that a page waits for the router's outcome, and seconds between two reads of the outcome."""
MAX_FORM_BYTES = 10_000
_templates = templates("services/notifier/templates")


@routes.api_route("/a/{token}", methods=["GET", "HEAD"], include_in_schema=False)
async def show(tx: ReadTx, token: str, do: str = "") -> Response:
    """Show the lead of an action link with buttons to answer. Opening a link changes nothing."""
    context = await open_link(tx, token)
    return _html(context if isinstance(context, Page) else action_page(context, do if do in ACTIONS else ""))


@routes.post("/a/{token}", include_in_schema=False)
async def answer(request: Request, token: str) -> Response:
    """Record an answer once, with the server's time, then wait up to 3 seconds for the router's outcome and show it."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        return _html(cross_site_page())
    form = await _form(request)
    db = database(request, "notifier")
    async with db.reading() as tx:
        context = await open_link(tx, token)
    if isinstance(context, Page):
        return _html(context)
    action, reason = form.get("action", ""), form.get("reason") or None
    reasons = context.decline_reasons
    if action not in ACTIONS or (action == "decline" and reasons and reason not in reasons):
        return _html(incomplete_page(context, action))
    failpoints.hit("post_verified")
    link = context.link
    recorded = await db.run(lambda tx: record_answer(tx, link, action, reason))
    failpoints.hit("committed_before_page")
    outcome = await _wait_for_outcome(db, recorded["id"])
    async with db.reading() as tx:
        context = await open_link(tx, token)
    return _html(context if isinstance(context, Page) else outcome_page(context, outcome, action))


@routes.get("/v1/notices")
async def list_notices(
    who: Reader, tx: ReadTx, lead: str | None = None, cursor: str | None = None, limit: int = 100
) -> Response:
    """List notices with recipient, channel and result, newest first. `cursor` is the last id of the previous page."""
    size = max(1, min(limit, 1000))
    rows = await notices.newest_first(tx, lead, cursor, size)
    return json_response({"notices": rows, "cursor": rows[-1]["id"] if len(rows) == size else None})


async def _form(request: Request) -> dict[str, str]:
    """The fields of a posted form, the first of each name. Raises BadRequest (413) for a form that is too large."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_FORM_BYTES:
            raise BadRequest("This form is too large; please send it from the page of the link.", status=413)
    fields = parse_qs(bytes(body).decode(errors="replace"), max_num_fields=20)
    return {name: values[0] for name, values in fields.items()}


async def _wait_for_outcome(db: Database, answer_id: str) -> dict[str, Any]:
    """The answer, with its outcome unless the router takes longer than OUTCOME_WAIT."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + OUTCOME_WAIT
    while True:
        async with db.reading() as tx:
            row = await answers.get(tx, answer_id)
        assert row is not None
        if row["outcome"]:
            return row
        if loop.time() >= deadline and await db.run(lambda tx: answers.mark_unconfirmed(tx, answer_id)):
            return row
        await asyncio.sleep(POLL_INTERVAL)


def _html(page: Page) -> Response:
    html = _templates.get_template("link.html").render(page=page)
    return HTMLResponse(html, page.status, {"Cache-Control": "no-store"})
