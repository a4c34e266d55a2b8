"""The handler of escalation steps: reassign a lead, or return it to marketing, if its epoch and state still match."""

from services.router.domain.lead import Lead
from services.router.handlers.assignment import place
from services.router.handlers.lead_batch import LeadBatch
from services.router.handlers.outcomes import LeadAction, recycle, refuse
from services.router.handlers.placement import PlacementRequest
from services.router.handlers.release import schedule_retry
from shared.events.base import Event
from shared.events.breaches import SlaEscalated
from shared.store.tx import Tx


async def on_escalated(tx: Tx, events: list[Event[SlaEscalated]]) -> None:
    """Reassign or return the leads whose escalation step names that action."""
    relevant = [event for event in events if any(_is_for_router(verb) for verb in event.data.do)]
    if not relevant:
        return
    batch = LeadBatch(tx)
    await batch.load(event.data.lead for event in relevant)
    requests: dict[str, PlacementRequest] = {}
    causes: dict[str, Event[SlaEscalated]] = {}
    for event in relevant:
        lead = batch.leads.get(event.data.lead)
        if lead is None or not _still_applies(lead, event.data):
            continue
        returned = next((verb for verb in event.data.do if verb.startswith(("return", "recycle"))), None)
        if returned:
            recycle(batch, lead, _recycle_reason(returned, event.data.promise), tx.now, "timer", event)
        elif "reassign" in event.data.do:
            reason = f"{event.data.promise} breached at {event.data.due_at:%Y-%m-%d %H:%M} UTC"
            requests[lead.id] = PlacementRequest(lead.id, reason, event, keep_owner=True)
            causes[lead.id] = event
    decisions = await place(batch, list(requests.values()))
    for lead_id, decision in decisions.items():
        if decision.kind != "assigned":
            _stays(batch, batch.leads[lead_id], causes[lead_id], decision.why)
    await schedule_retry(batch)
    await batch.save()


def _is_for_router(verb: str) -> bool:
    return verb == "reassign" or verb.startswith(("return", "recycle"))


def _still_applies(lead: Lead, escalated: SlaEscalated) -> bool:
    if lead.epoch != escalated.epoch:
        return False
    if escalated.promise == "accept":
        return lead.state == "assigned"
    if escalated.promise == "first_touch":
        return lead.state in ("assigned", "accepted") and lead.contacted_at is None
    return lead.state in ("accepted", "contacted", "advanced")


def _recycle_reason(verb: str, promise: str) -> str:
    return verb.removeprefix("recycle as ").strip() if verb.startswith("recycle as ") else f"{promise} breached"


def _stays(batch: LeadBatch, lead: Lead, event: Event[SlaEscalated], why: str) -> None:
    """Refuse the reassignment: nobody else can take the lead, so its owner keeps it."""
    action = LeadAction(lead.id, lead.epoch, "reassign", "timer", batch.tx.now, cause=event)
    refuse(batch, lead, action, f"It stays with {lead.owner}: {why}")
