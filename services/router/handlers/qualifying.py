"""Applying the outcome of qualification to a lead: refused, nurtured, or qualified and to be placed."""

from typing import Any

from services.router.domain.lead import Lead
from services.router.domain.qualification import Verdict
from services.router.handlers.lead_batch import LeadBatch
from services.router.handlers.placement import PlacementRequest
from shared.events.base import Event
from shared.events.leads import LeadNurtured, LeadQualified, LeadRefused


def apply_verdict(
    batch: LeadBatch,
    lead: Lead,
    verdict: Verdict,
    live_version: int,
    reason: str,
    cause: Event[Any] | None = None,
    prefer: str | None = None,
) -> PlacementRequest | None:
    """Update the lead by its verdict under this agreement version and emit the event.

    Returns the placement of a qualified lead, else None.
    `reason` says why it was qualified now, `prefer` is the rep who gets it if they can take it.
    """
    if verdict.state == "refused":
        lead = batch.update(lead, state="refused", routing_version=live_version, why=verdict.why)
        batch.emit(lead, LeadRefused(reason=verdict.reason, terms_version=live_version), cause)
        return None
    scores: dict[str, Any] = {
        "grade": verdict.grade,
        "score": verdict.score,
        "tier": verdict.tier,
        "needs_met": verdict.needs_met,
        "why": verdict.why,
    }
    if verdict.state == "nurtured":
        _nurture(batch, lead, verdict, live_version, scores, cause)
        return None
    lead = batch.update(lead, state="qualified", qualified_at=batch.tx.now, terms_version=live_version, **scores)
    event = LeadQualified(
        lead=lead.to_card(),
        tier=verdict.tier or "",
        grade=verdict.grade,
        needs_met=verdict.needs_met,
        needs_of=verdict.needs_of,
        terms_version=live_version,
    )
    batch.emit(lead, event, cause)
    return PlacementRequest(lead.id, reason, cause, prefer)


def _nurture(
    batch: LeadBatch, lead: Lead, verdict: Verdict, version: int, scores: dict[str, Any], cause: Event[Any] | None
) -> None:
    """Mark a lead as nurtured; one that is nurtured already is scored again without another event."""
    repeated = lead.state == "nurtured"
    lead = batch.update(lead, state="nurtured", routing_version=version, **scores)
    if not repeated:
        batch.emit(lead, LeadNurtured(why=verdict.why, grade=verdict.grade, terms_version=version), cause)
