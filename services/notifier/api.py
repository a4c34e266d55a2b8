"""The notifier's doors: action links (GET shows and changes nothing, POST acts once), and who was told what."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import HTMLResponse, Response

from services.notifier import store
from services.notifier.domain.links import PURPOSE, Link, unpack
from services.notifier.domain.page import Page, after_answer, expired, invalid, offer, stale
from services.notifier.domain.wording import Reader
from shared import points
from shared.access import Principal
from shared.agreement.compiled import Compiled
from shared.db import Database, Tx
from shared.events import ActionTaken
from shared.http import allow, answer, database, reading, same_origin
from shared.web import templates

doors = APIRouter()
ReadDep = Annotated[Tx, Depends(reading("notifier"), scope="function")]
Reading = Annotated[Principal, Depends(allow("rep", "manager", "marketing", "executive", "ops"))]
WAIT, EVERY = 3.0, 0.1
ACTIONS = ("accept", "decline", "contacted", "attempt")
_pages = templates("services/notifier/templates")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a link speaks of, as it is now."""

    link: Link
    lead: dict[str, Any]
    agreement: Compiled | None
    reader: Reader
    names: dict[str, str]
    due: datetime | None
    now: datetime


@doors.api_route("/a/{token}", methods=["GET", "HEAD"], include_in_schema=False)
async def show(tx: ReadDep, token: str, do: str = "") -> Response:
    """What the link is about, and buttons; nothing changes, whoever follows it."""
    found = await _found(tx, token)
    if isinstance(found, Page):
        return _page(found)
    return _page(_now(found, do if do in ACTIONS else ""))


def _now(found: Shown, chosen: str = "") -> Page:
    if found.lead["epoch"] != found.link.epoch or found.lead["owner"] != found.link.rep:
        return stale(found.lead, found.reader, found.names)
    return offer(found.lead, found.agreement, found.reader, found.now, found.due, chosen)


@doors.post("/a/{token}", include_in_schema=False)
async def act(
    request: Request, token: str, action: Annotated[str, Form()] = "", reason: Annotated[str, Form()] = ""
) -> Response:
    """Act once: the answer is stamped and said, then the page waits a moment for what the router makes of it."""
    if not same_origin(request):
        return _page(invalid())
    db = database(request, "notifier")
    async with db.reading() as tx:
        found = await _found(tx, token)
        if isinstance(found, Page):
            return _page(found)
    if action not in ACTIONS or (action == "decline" and found.agreement and reason not in _reasons(found.agreement)):
        page = _now(found, "decline" if action == "decline" else "")
        return _page(
            Page(page.title, ("Please choose what you do.", *page.lines), page.facts, page.offers, 422, page.due)
        )
    points.reached("post_verified")
    kept = await db.run(lambda tx: _answer(tx, found.link, action, reason or None))
    points.reached("committed_before_page")
    outcome = await _outcome(db, kept["id"])
    async with db.reading() as tx:
        now = await _found(tx, token)
    if isinstance(now, Page):
        return _page(now)
    return _page(after_answer(outcome, now.lead, now.link.rep, now.reader, now.names, now.agreement, now.due, now.now))


def _reasons(agreement: Compiled) -> tuple[str, ...]:
    return (*agreement.decline.ours, *agreement.decline.theirs)


async def _answer(tx: Tx, link: Link, action: str, reason: str | None) -> dict[str, Any]:
    """Keep the answer and say it; the same answer given again is the first one."""
    fact = ActionTaken(
        lead=link.lead,
        epoch=link.epoch,
        action=action,
        by=link.rep,
        reason=reason,
        answered_at=tx.now,
        notice=link.notice,
    )
    event = tx.emit(fact, subject=link.lead)
    row = {
        "id": event.id,
        "lead": link.lead,
        "epoch": link.epoch,
        "by": link.rep,
        "action": action,
        "reason": reason,
        "answered_at": tx.now,
        "outcome": "",
        "said": "",
    }
    kept, first = await store.first_answer(tx, row)
    if not first:
        tx.events.remove(event)
    return kept


async def _outcome(db: Database, answer_id: str) -> dict[str, Any]:
    """The answer with what the router made of it, waited for until the page must be shown."""
    deadline = asyncio.get_running_loop().time() + WAIT
    while True:
        async with db.reading() as tx:
            row = await store.answer(tx, answer_id)
        assert row is not None
        if row["outcome"] or asyncio.get_running_loop().time() >= deadline:
            return row
        await asyncio.sleep(EVERY)


async def _found(tx: Tx, token: str) -> Shown | Page:
    made = unpack(token)
    if made is None or not tx.house.keys.verify(PURPOSE, made[0].body(), made[1]):
        return invalid()
    link = made[0]
    lead = (await store.leads_of(tx, [link.lead])).get(link.lead)
    if lead is None:
        return invalid()
    if tx.now > link.expires:
        return expired()
    people = await store.everybody(tx)
    rep = people.get(link.rep)
    versions = await store.versions_of(tx, [lead["pinned"]])
    dues = await store.dues_of(tx, [link.lead])
    return Shown(
        link,
        lead,
        versions.get(lead["pinned"]),
        Reader(link.rep, rep.name if rep else link.rep, rep.timezone if rep else None),
        {person.id: person.name for person in people.values()},
        dues.get((link.lead, "accept" if lead["state"] == "assigned" else "first_touch", link.epoch)),
        tx.now,
    )


def _page(page: Page) -> Response:
    html = _pages.get_template("link.html").render(
        title=page.title,
        lines=page.lines,
        facts=page.facts,
        offers=page.offers,
        due=page.due,
        reasons=page.reasons,
        chosen=page.chosen,
    )
    return HTMLResponse(html, page.status, {"Cache-Control": "no-store"})


@doors.get("/v1/notices")
async def notices(who: Reading, tx: ReadDep, lead: str | None = None, limit: int = 100) -> Response:
    """Who was told, how, and what the channel answered; newest first."""
    return answer({"notices": await store.of_lead(tx, lead, max(1, min(limit, 1000)))})
