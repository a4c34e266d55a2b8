"""Actions on leads over HTTP, under the epoch of the assignment."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from services.router.domain.lead import OWNED, Lead
from services.router.domain.lifecycle import ACTIONS, MANAGER_ACTIONS, NOT_YET
from services.router.handlers.actions import apply
from services.router.handlers.outcomes import LeadAction
from services.router.store import leads as store
from shared.base.credentials import Principal
from shared.base.errors import BadRequest, NotAllowed, NotFound
from shared.store.tx import Tx
from shared.web.http import allow, in_transaction, json_response

router = APIRouter()
TxDep = Annotated[Tx, Depends(in_transaction("router"), scope="function")]
Actor = Annotated[Principal, Depends(allow("rep", "manager", "marketing"))]


class Action(BaseModel):
    """The body of an action on a lead; `to` is the rep or team of an assignment."""

    model_config = ConfigDict(extra="forbid")
    action: str
    epoch: int | None = None
    reason: str | None = None
    to: str | None = None


@router.post("/v1/leads/{lead_id}/actions")
async def act_on_lead(who: Actor, tx: TxDep, lead_id: str, body: Action) -> Response:
    """Act on a lead; 409 with the present owner if the epoch is old or the state does not allow it."""
    _check_known(body.action)
    lead = await store.get(tx, lead_id)
    if lead is None:
        raise NotFound(f"There is no lead {lead_id}.")
    if body.action in ACTIONS and body.epoch is None:
        raise BadRequest("Say the `epoch` under which you act; GET the lead to see it.")
    _check_permission(who, lead, body)
    by = who.person or who.name
    to = by if body.action == "claim" else body.to
    if body.action == "assign" and not to:
        raise BadRequest("To assign needs `to`: a person of the roster or a team.")
    epoch = lead.epoch if body.epoch is None else body.epoch
    action = LeadAction(lead_id, epoch, body.action, by, tx.now, body.reason, to=to)
    result = (await apply(tx, [action]))[lead_id]
    if result.refused or result.lead is None:
        return _conflict(result.lead or lead, result.refused)
    lead = result.lead
    return json_response({"lead": lead.id, "state": lead.state, "owner": lead.owner, "epoch": lead.epoch})


def _check_known(action: str) -> None:
    if action in NOT_YET:
        raise BadRequest(f"The action {action!r} is not executed yet.", status=501, kind="not-yet")
    if action not in (*ACTIONS, *MANAGER_ACTIONS):
        raise BadRequest(f"{action!r} is not an action; use one of {', '.join((*ACTIONS, *MANAGER_ACTIONS))}.")


def _check_permission(who: Principal, lead: Lead, body: Action) -> None:
    """Check the role for this action. An action under an old epoch passes: its refusal names the present owner. Raises NotAllowed."""
    if who.may("manager"):
        return
    if body.action in ("recycle", "disqualify") and who.may("marketing") and lead.state not in OWNED:
        return
    if body.action == "claim" and who.person:
        return
    is_owner = who.person is not None and who.person == lead.owner
    old_epoch = body.epoch is not None and body.epoch < lead.epoch
    if body.action in ("assign", "reassign") or not (is_owner or old_epoch):
        raise NotAllowed("Only the owner of a lead, or a manager, may do that.")


def _conflict(lead: Lead, why: str) -> Response:
    """Build the 409, which is returned and not raised so that the record of the refusal is committed."""
    body = {
        "type": "/problems/conflict",
        "status": 409,
        "detail": why,
        "owner": lead.owner if lead.state in OWNED else None,
        "epoch": lead.epoch,
        "state": lead.state,
        "since": lead.assigned_at or lead.since,
    }
    return json_response(body, 409, media_type="application/problem+json")
