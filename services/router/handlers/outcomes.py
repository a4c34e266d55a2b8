"""Outcomes of actions on leads: events of applied and refused actions, and the return of leads to marketing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.router.domain.lead import OWNED, Lead
from services.router.handlers.lead_batch import LeadBatch
from shared.agreement.model import Decline
from shared.events.base import Event
from shared.events.outcomes import (
    ActionRefused,
    LeadAccepted,
    LeadAdvanced,
    LeadAttempted,
    LeadContacted,
    LeadDeclined,
    LeadDisqualified,
    LeadLost,
    LeadRecycled,
    LeadWon,
    Outcome,
)

OUTCOME_EVENTS: dict[str, type[Outcome]] = {
    "accept": LeadAccepted,
    "decline": LeadDeclined,
    "attempt": LeadAttempted,
    "contacted": LeadContacted,
    "advance": LeadAdvanced,
    "disqualify": LeadDisqualified,
    "recycle": LeadRecycled,
    "won": LeadWon,
    "lost": LeadLost,
}


@dataclass(frozen=True, slots=True)
class LeadAction:
    """One action on one lead: by whom, under which epoch, answered when (UTC); `action_id` is the id of the action.taken.

    `to` is the rep or team of an assignment, `cause` the event that brought the action.
    """

    lead: str
    epoch: int
    action: str
    by: str | None
    answered_at: datetime
    reason: str | None = None
    action_id: str | None = None
    to: str | None = None
    cause: Event[Any] | None = None


def outcome_event(lead: Lead, answer: LeadAction, action: str, rules: Decline) -> Outcome:
    """The event that an applied action emits; `rules` say whose fault the reason of a decline is."""
    common: dict[str, Any] = {
        "owner": lead.owner,
        "epoch": lead.epoch,
        "by": answer.by,
        "answered_at": answer.answered_at,
        "action_id": answer.action_id,
    }
    reason = answer.reason or ""
    if action == "decline":
        side = "theirs" if is_leads_fault(reason, rules) else "ours"
        return LeadDeclined(**common, reason=reason, side=side)
    if action in ("disqualify", "lost"):
        return OUTCOME_EVENTS[action](**common, reason=reason)
    if action == "recycle":
        return LeadRecycled(**common, reason=reason, lead=lead.to_card())
    return OUTCOME_EVENTS[action](**common)


def is_leads_fault(reason: str, rules: Decline) -> bool:
    """Whether a reason to decline is the lead's own (`theirs`) and not sales' (`ours`)."""
    return reason.casefold() in {item.casefold() for item in rules.theirs}


def refuse(batch: LeadBatch, lead: Lead, answer: LeadAction, why: str) -> None:
    """Emit that an action was not applied, and who owns the lead now."""
    owned = lead.state in OWNED
    refusal = ActionRefused(
        action=answer.action,
        by=answer.by,
        epoch=answer.epoch,
        answered_at=answer.answered_at,
        action_id=answer.action_id,
        why=why,
        present_owner=lead.owner if owned else None,
        present_epoch=lead.epoch,
        present_state=lead.state,
        since=lead.assigned_at if owned else lead.since,
    )
    batch.emit(lead, refusal, answer.cause)


def recycle(
    batch: LeadBatch, lead: Lead, reason: str, at: datetime, by: str | None = None, cause: Event[Any] | None = None
) -> None:
    """Return a lead to marketing, answered `at` (UTC)."""
    if lead.state != "declined" and lead.owner:
        batch.end_assignment(lead, f"recycled: {reason}")
    lead = batch.update(lead, state="recycled", closed_at=batch.tx.now, why=f"Back to marketing: {reason}.")
    event = LeadRecycled(owner=lead.owner, epoch=lead.epoch, by=by, answered_at=at, reason=reason, lead=lead.to_card())
    batch.emit(lead, event, cause)
