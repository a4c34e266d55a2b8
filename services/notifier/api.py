"""The notifier's doors: action links (GET shows and changes nothing, POST acts once), and who was told what."""

import asyncio
from typing import Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, Response

from services.notifier.domain.links import PURPOSE, unpack
from services.notifier.domain.page import (
    ACTIONS,
    Page,
    Shown,
    after_answer,
    expired,
    foreign,
    invalid,
    offer,
    unfinished,
)
from services.notifier.domain.reader import Reader
from services.notifier.handlers.confirming import take
from services.notifier.store import answers, notices
from services.notifier.store.leads import dues_of, leads_of
from shared.base import failpoints
from shared.base.credentials import Principal
from shared.base.errors import BadRequest
from shared.reference import cache
from shared.store.database import Database
from shared.store.tx import Tx
from shared.web import templates
from shared.web.http import allow, database, json_response, reading

doors = APIRouter()
ReadDep = Annotated[Tx, Depends(reading("notifier"), scope="function")]
Readers = Annotated[Principal, Depends(allow("rep", "manager", "marketing", "executive", "ops"))]
WAIT, EVERY = 3.0, 0.1
LONGEST = 10_000
_pages = templates("services/notifier/templates")


@doors.api_route("/a/{token}", methods=["GET", "HEAD"], include_in_schema=False)
async def show(tx: ReadDep, token: str, do: str = "") -> Response:
    """What the link is about, and buttons; nothing changes, whoever follows it."""
    found = await _found(tx, token)
    return _page(found if isinstance(found, Page) else offer(found, do if do in ACTIONS else ""))


@doors.post("/a/{token}", include_in_schema=False)
async def act(request: Request, token: str) -> Response:
    """Act once: the answer is stamped and said, then the page waits a moment for what the router makes of it."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        return _page(foreign())
    form = await _form(request)
    db = database(request, "notifier")
    async with db.reading() as tx:
        found = await _found(tx, token)
    if isinstance(found, Page):
        return _page(found)
    action, reason = form.get("action", ""), form.get("reason") or None
    if action not in ACTIONS or (action == "decline" and found.reasons and reason not in found.reasons):
        return _page(unfinished(found, action))
    failpoints.hit("post_verified")
    kept = await db.run(lambda tx: take(tx, found.link, action, reason))
    failpoints.hit("committed_before_page")
    outcome = await _outcome(db, kept["id"])
    async with db.reading() as tx:
        now = await _found(tx, token)
    return _page(now if isinstance(now, Page) else after_answer(now, outcome, action))


@doors.get("/v1/notices")
async def listed(
    who: Readers, tx: ReadDep, lead: str | None = None, cursor: str | None = None, limit: int = 100
) -> Response:
    """Who was told, how, and what the channel answered; newest first. `cursor` is the last id of the page before."""
    wanted = max(1, min(limit, 1000))
    found = await notices.listed(tx, lead, cursor, wanted)
    return json_response({"notices": found, "cursor": found[-1]["id"] if len(found) == wanted else None})


async def _form(request: Request) -> dict[str, str]:
    """The fields of a posted form, the first of each name."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST:
            raise BadRequest("This form is too large to be ours.", status=413)
    fields = parse_qs(bytes(body).decode(errors="replace"), max_num_fields=20)
    return {name: values[0] for name, values in fields.items()}


async def _outcome(db: Database, answer_id: str) -> dict[str, Any]:
    """The answer with what the router made of it, waited for until the page must be shown."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + WAIT
    while True:
        async with db.reading() as tx:
            row = await answers.answer(tx, answer_id)
        assert row is not None
        if row["outcome"]:
            return row
        if loop.time() >= deadline and await db.run(lambda tx: answers.give_up(tx, answer_id)):
            return row
        await asyncio.sleep(EVERY)


async def _found(tx: Tx, token: str) -> Shown | Page:
    """What a link speaks of, or the page that says why it speaks of nothing."""
    made = unpack(token)
    if made is None or not tx.context.keys.verify(PURPOSE, made[0].body(), made[1]):
        return invalid()
    link = made[0]
    lead = (await leads_of(tx, [link.lead])).get(link.lead)
    if lead is None:
        return invalid()
    if tx.now > link.expires:
        return expired()
    people = await cache.roster(tx)
    rep = people.get(link.rep)
    if rep is None or not rep.active:
        return invalid()
    dues = await dues_of(tx, [link.lead])
    promise = "accept" if lead.state == "assigned" else "first_touch"
    return Shown(
        link,
        lead,
        (await cache.agreement_versions(tx, [lead.pinned])).get(lead.pinned),
        Reader(link.rep, rep.name if rep else link.rep, rep.timezone if rep else None, tx.now),
        {person.id: person.name for person in people.values()},
        dues.get((link.lead, promise, link.epoch)),
        await answers.open_of(tx, link.notice),
    )


def _page(page: Page) -> Response:
    return HTMLResponse(_pages.get_template("link.html").render(page=page), page.status, {"Cache-Control": "no-store"})
