"""Actions on leads: applied under the epoch of their assignment, or refused; either way an event records it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from services.router.domain.lead import COUNTS_AGAINST_CAP, OWNED, Lead
from services.router.domain.lifecycle import MANAGER_ACTIONS, implied_actions, next_state
from services.router.domain.refusal import refusal
from services.router.handlers.assignment import place
from services.router.handlers.lead_batch import LeadBatch
from services.router.handlers.outcomes import LeadAction, is_leads_fault, outcome_event, recycle, refuse
from services.router.handlers.placement import PlacementRequest
from services.router.handlers.release import schedule_retry
from services.router.store import people as people_store
from services.router.store.config_cache import compiled_versions, current
from shared.agreement.model import Decline, ExecutableAgreement
from shared.events.base import Event
from shared.events.notices import ActionTaken
from shared.store.tx import Tx

TIME_COLUMNS = {"accept": "accepted_at", "attempt": "attempted_at", "contacted": "contacted_at"}
CLOSING = frozenset(("disqualify", "recycle", "won", "lost"))


@dataclass(frozen=True, slots=True)
class ActionResult:
    """The lead as it is after an action (None if there is no such lead), and why the action was refused ("" if not)."""

    lead: Lead | None
    refused: str = ""


async def on_action_taken(tx: Tx, events: list[Event[ActionTaken]]) -> None:
    """Apply the actions that people took by links and buttons."""
    await apply(
        tx,
        [
            LeadAction(
                event.data.lead,
                event.data.epoch,
                event.data.action,
                event.data.by,
                event.data.answered_at,
                event.data.reason,
                event.id,
                cause=event,
            )
            for event in events
        ],
    )


async def apply(tx: Tx, actions: Sequence[LeadAction]) -> dict[str, ActionResult]:
    """Apply actions in their order; returns the result of the last action on each lead."""
    batch = LeadBatch(tx)
    await batch.load(action.lead for action in actions)
    versions = await compiled_versions(tx, [lead.terms_version for lead in batch.leads.values()])
    await people_store.lock_people(tx, [lead.owner for lead in batch.leads.values() if lead.owner])
    refused: dict[str, str] = {}
    requests: list[PlacementRequest] = []
    freed = False
    for action in actions:
        lead = batch.leads.get(action.lead)
        if lead is None:
            refused[action.lead] = "There is no such lead."
            continue
        agreement = versions.get(lead.terms_version or 0)
        why = refused[lead.id] = refusal(lead, action.action, action.epoch, action.reason, agreement)
        if why:
            refuse(batch, lead, action, why)
        else:
            requests += await _apply_one(batch, lead, action, agreement)
        freed = freed or _frees_capacity(lead, batch.leads[lead.id])
    await place(batch, requests)
    if freed or requests:
        await schedule_retry(batch)
    await batch.save()
    return {lead: ActionResult(batch.leads.get(lead), why) for lead, why in refused.items()}


def _frees_capacity(before: Lead, after: Lead) -> bool:
    return before.state in COUNTS_AGAINST_CAP and after.state not in COUNTS_AGAINST_CAP


async def _apply_one(
    batch: LeadBatch, lead: Lead, action: LeadAction, agreement: ExecutableAgreement | None
) -> list[PlacementRequest]:
    """Apply one action that is allowed; returns the lead's placement where it needs a new owner."""
    if action.action in MANAGER_ACTIONS:
        return [await _reassign(batch, lead, action)]
    rules = agreement.decline if agreement else Decline()
    for step in (*implied_actions(lead.state, action.action), action.action):
        lead = _transition(batch, lead, action, step, rules)
    if action.action == "decline":
        return await _after_decline(batch, lead, action, rules)
    return []


async def _reassign(batch: LeadBatch, lead: Lead, action: LeadAction) -> PlacementRequest:
    if not lead.terms_version:
        live = (await current(batch.tx)).live
        lead = batch.update(lead, terms_version=live.version if live else None)
    return PlacementRequest(
        lead.id,
        action.reason or f"{action.action} by {action.by or 'somebody'}",
        action.cause,
        keep_owner=lead.state in OWNED,
        assign_to=action.to,
        assigned_by=action.by,
    )


def _transition(batch: LeadBatch, lead: Lead, answer: LeadAction, action: str, rules: Decline) -> Lead:
    """Move the lead to the action's next state and emit the outcome."""
    following = next_state(lead.state, action)
    assert isinstance(following, str)
    changes: dict[str, Any] = {TIME_COLUMNS[action]: answer.answered_at} if action in TIME_COLUMNS else {}
    if action in CLOSING:
        changes["closed_at"] = batch.tx.now
        batch.end_assignment(lead, action)
    if action == "advance" and lead.contacted_at is None:
        changes["contacted_at"] = answer.answered_at
    lead = batch.update(lead, state=following, **changes)
    batch.emit(lead, outcome_event(lead, answer, action, rules), answer.cause)
    return lead


async def _after_decline(batch: LeadBatch, lead: Lead, action: LeadAction, rules: Decline) -> list[PlacementRequest]:
    """Move a declined lead to the next rep, or back to marketing if it was declined too often.

    A turn is returned if the lead itself was at fault.
    """
    reason = action.reason or "no reason"
    batch.end_assignment(lead, f"declined: {reason}")
    if is_leads_fault(action.reason or "", rules) and lead.used_turn and lead.team and lead.owner:
        await people_store.return_turn(batch.tx, lead.team, lead.owner)
    lead = batch.update(lead, declines=lead.declines + 1)
    too_often = rules.at_most is not None and lead.declines > rules.at_most
    if (rules.last if too_often else rules.then) == "reassign":
        return [PlacementRequest(lead.id, f"declined by {lead.owner}: {reason}", action.cause)]
    recycle(batch, lead, f"declined: {action.reason}", action.answered_at, action.by, action.cause)
    return []
