"""What could not be read when it came in: shown with its body, read again by the door as it is now, or given up."""

import base64
from typing import Any

from services.router.domain.lead import Lead
from services.router.handlers.book import Book
from services.router.handlers.intake import Intake, finished, taken_in
from services.router.handlers.reading import Reading, read
from services.router.store import intake as store
from services.router.store import leads as lead_store
from services.router.store.cached import known
from shared.base.errors import BadRequest, NotFound
from shared.events.base import Event
from shared.events.intake import IntakeReceived
from shared.events.leads import LeadMerged, LeadRefused
from shared.runtime.service import UnreadableRequests
from shared.store.tx import Tx

KIND = "unreadable"


async def listed(tx: Tx) -> list[dict[str, Any]]:
    """The parked leads, oldest first, in the shape of parked records."""
    return [_shown(lead) for lead in await lead_store.in_state(tx, "parked", limit=200)]


async def shown(tx: Tx, lead_id: str) -> dict[str, Any] | None:
    """One parked lead with the request that it came with; None when it is not parked."""
    lead = await lead_store.one(tx, lead_id)
    if lead is None or lead.state != "parked":
        return None
    row = await store.delivery(tx, lead.intake)
    kept = {name: row[name] for name in ("method", "query", "content_type", "headers")} if row else {}
    return {
        **_shown(lead),
        "endpoint": lead.endpoint,
        **kept,
        "body": row["body"].decode(errors="replace") if row else "",
    }


async def settled(tx: Tx, lead_id: str, by: str, drop: bool) -> str:
    """Read it again, or give it up; returns what became of it. Raises NotFound, or TheirMistake when it still cannot
    be read."""
    book = Book(tx)
    await book.load([lead_id])
    lead = book.leads.get(lead_id)
    if lead is None or lead.state != "parked":
        raise NotFound(f"There is no parked record {lead_id} here.")
    return await _dropped(tx, book, lead, by) if drop else await _again(tx, lead)


async def _dropped(tx: Tx, book: Book, lead: Lead, by: str) -> str:
    live = (await known(tx)).live
    why = f"given up by {by}: {lead.why}"
    lead = book.keep(lead, state="refused", why=why)
    book.say(lead, LeadRefused(reason=why, terms_version=live.version if live else 0))
    await book.write()
    return "Given up; it stays readable as a refused lead."


async def _again(tx: Tx, lead: Lead) -> str:
    event = await _event(tx, lead)
    others = await store.elements_of(tx, lead.intake) - {lead.id}
    readings = [reading for reading in read(tx, event) if reading.lead not in others]
    mine = next((reading for reading in readings if reading.lead == lead.id), None)
    if mine is None or mine.problem:
        raise BadRequest(f"It still cannot be read: {mine.problem if mine else 'there is no lead in it.'}", status=409)
    await store.forget_element(tx, lead.id)
    work = await taken_in(tx, readings)
    _repeated(work, lead, mine)
    await finished(work)
    await store.recount(tx, lead.intake)
    became = work.book.leads[lead.id]
    return f"It is read now: the lead is {became.state}."


def _repeated(work: Intake, lead: Lead, mine: Reading) -> None:
    """It turns out to repeat what came before: the parked lead points to that one."""
    element = next(row for row in work.elements if row["id"] == lead.id)
    if element["became"] == "duplicate":
        why = "repeats what was received before"
        element["became"] = "merged"
        lead = work.book.keep(lead, state="merged", merged_into=element["lead"], why=why)
        work.book.say(lead, LeadMerged(into=element["lead"], why=why), mine.event)


async def _event(tx: Tx, lead: Lead) -> Event[IntakeReceived]:
    row = await store.delivery(tx, lead.intake)
    if row is None:
        raise NotFound(f"The request of lead {lead.id} is not kept any more.")
    names = ("endpoint", "source", "received_at", "method", "query", "content_type", "headers")
    data = IntakeReceived(**{name: row[name] for name in names}, body=base64.b64encode(row["body"]).decode())
    return Event(data, lead.intake, f"/baton/{tx.service}", tx.now)


def _shown(lead: Lead) -> dict[str, Any]:
    return {
        "id": lead.id,
        "topic": "intake",
        "key": lead.intake,
        "event_id": None,
        "type": KIND,
        "reason": lead.why,
        "error": "Unreadable",
        "attempts": 1,
        "first_failed_at": lead.since,
        "blocked": False,
        "state": "parked",
    }


aside = UnreadableRequests(listed, shown, settled)
