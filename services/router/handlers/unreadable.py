"""Requests that could not be read: shown with their body, read again by the endpoint's present mapping, or dropped."""

import base64
from typing import Any

from services.router.domain.lead import Lead
from services.router.handlers.intake import ingest, place_and_write
from services.router.handlers.intake_batch import IntakeBatch
from services.router.handlers.lead_batch import LeadBatch
from services.router.handlers.parse_intake import ParsedLead, parse_intake
from services.router.store import intake as store
from services.router.store import leads as lead_store
from services.router.store.config_cache import current
from shared.base.errors import BadRequest, NotFound
from shared.events.base import Event
from shared.events.intake import IntakeReceived
from shared.events.leads import LeadMerged, LeadRefused
from shared.runtime.service import UnreadableRequests
from shared.store.tx import Tx

KIND = "unreadable"
REQUEST_FIELDS = ("method", "query", "content_type", "headers")


async def list_parked(tx: Tx) -> list[dict[str, Any]]:
    """The parked leads, oldest first, at most 200, in the shape of dead letters."""
    return [_as_dead_letter(lead) for lead in await lead_store.leads_in_state(tx, "parked", limit=200)]


async def show_parked(tx: Tx, lead_id: str) -> dict[str, Any] | None:
    """One parked lead with the request that it came with; None if it is not parked."""
    lead = await lead_store.get(tx, lead_id)
    if lead is None or lead.state != "parked":
        return None
    row = await store.get_delivery(tx, lead.intake)
    request = {name: row[name] for name in REQUEST_FIELDS} if row else {}
    body = row["body"].decode(errors="replace") if row else ""
    return {**_as_dead_letter(lead), "endpoint": lead.endpoint, **request, "body": body}


async def settle_parked(tx: Tx, lead_id: str, by: str, drop: bool) -> str:
    """Read a parked lead's request again, or drop it; returns a sentence about the result.

    Raises NotFound if the lead is not parked, and BadRequest if it still cannot be read.
    """
    batch = LeadBatch(tx)
    await batch.load([lead_id])
    lead = batch.leads.get(lead_id)
    if lead is None or lead.state != "parked":
        raise NotFound(f"There is no parked record {lead_id} here.")
    return await _drop(batch, lead, by) if drop else await _read_again(tx, lead)


async def _drop(batch: LeadBatch, lead: Lead, by: str) -> str:
    live = (await current(batch.tx)).live
    why = f"given up by {by}: {lead.why}"
    lead = batch.update(lead, state="refused", why=why)
    batch.emit(lead, LeadRefused(reason=why, terms_version=live.version if live else 0))
    await batch.save()
    return "Given up; it stays readable as a refused lead."


async def _read_again(tx: Tx, lead: Lead) -> str:
    event = await _intake_event(tx, lead)
    others = await store.item_ids(tx, lead.intake) - {lead.id}
    parsed = [item for item in parse_intake(tx, event) if item.lead not in others]
    own = next((item for item in parsed if item.lead == lead.id), None)
    if own is None or own.problem:
        raise BadRequest(f"It still cannot be read: {own.problem if own else 'there is no lead in it.'}", status=409)
    await store.delete_item(tx, lead.id)
    batch = await ingest(tx, parsed)
    _merge_if_repeated(batch, lead, own)
    await place_and_write(batch)
    await store.recount_items(tx, lead.intake)
    return f"It is read now: the lead is {batch.leads.leads[lead.id].state}."


def _merge_if_repeated(batch: IntakeBatch, lead: Lead, own: ParsedLead) -> None:
    """Merge the parked lead into the one that it repeats, if its item is a duplicate."""
    item = next(row for row in batch.items if row["id"] == lead.id)
    if item["outcome"] == "duplicate":
        why = "repeats what was received before"
        item["outcome"] = "merged"
        lead = batch.leads.update(lead, state="merged", merged_into=item["lead"], why=why)
        batch.leads.emit(lead, LeadMerged(into=item["lead"], why=why), own.event)


async def _intake_event(tx: Tx, lead: Lead) -> Event[IntakeReceived]:
    row = await store.get_delivery(tx, lead.intake)
    if row is None:
        raise NotFound(f"The request of lead {lead.id} is not kept any more.")
    request = {name: row[name] for name in ("endpoint", "source", "received_at", *REQUEST_FIELDS)}
    data = IntakeReceived(**request, body=base64.b64encode(row["body"]).decode())
    return Event(data, lead.intake, f"/baton/{tx.service}", tx.now)


def _as_dead_letter(lead: Lead) -> dict[str, Any]:
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


unreadable_requests = UnreadableRequests(list_parked, show_parked, settle_parked)
