"""Leads over HTTP: our own contract in, lists and records out, and actions under the epoch."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from services.router.api.webhooks import TooLarge, body_of, gather_of
from services.router.domain.lead import OWNED, Lead
from services.router.domain.life import ACTIONS, LATER, MANAGING
from services.router.handlers import actions
from services.router.handlers.door import Knock
from services.router.sources import responses
from services.router.sources.body import MAX_BODY_BYTES
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.first_response import first_response
from services.router.sources.registry import source_named, stored_headers
from services.router.sources.request import lower_case_headers
from services.router.sources.source import LONG_DEDUPE_WINDOW, SHORT_DEDUPE_WINDOW
from services.router.store import leads as lead_store
from services.router.store import views
from shared.base.credentials import Principal
from shared.base.errors import BadRequest, NotAllowed, NotFound
from shared.base.ids import is_uuid, new_id
from shared.base.telemetry import WEBHOOKS_RECEIVED
from shared.store.failures import is_infrastructure_error
from shared.store.tx import Tx
from shared.web.http import allow, in_transaction, json_response, reading

doors = APIRouter()
TxDep = Annotated[Tx, Depends(in_transaction("router"), scope="function")]
ReadDep = Annotated[Tx, Depends(reading("router"), scope="function")]
Sender = Annotated[Principal, Depends(allow("intake", local=False))]
Reader = Annotated[Principal, Depends(allow("rep", "manager", "marketing", "executive", "ops"))]
Actor = Annotated[Principal, Depends(allow("rep", "manager", "marketing"))]


@doors.post("/v1/leads")
async def take(request: Request, who: Sender) -> Response:
    """One lead or an array of up to 100: 202 with their ids, problems by item; 400 when none is of use."""
    kind = source_named("generic")
    headers = lower_case_headers(request.headers.raw)
    try:
        body = await body_of(request, MAX_BODY_BYTES)
    except TooLarge:
        return _sent(responses.too_large(MAX_BODY_BYTES))
    unfit = kind.unsupported_content(headers)
    if unfit:
        return _sent(unfit)
    intake = new_id()
    delivery = Delivery(body, headers.get("content-type", ""), stored_headers(headers))
    first = first_response(kind, intake, delivery, EndpointConfig())
    if first.status >= 400:
        return _sent(first)
    key, named = kind.delivery_key(headers, body)
    knock = Knock(
        intake=intake,
        endpoint=f"api:{who.name}"[:100],
        source=kind.name,
        dedupe_key=key,
        window=LONG_DEDUPE_WINDOW if named else SHORT_DEDUPE_WINDOW,
        method="POST",
        query="",
        content_type=delivery.content_type,
        headers=dict(delivery.headers),
        body=body,
        answer=first,
    )
    try:
        return _sent(await gather_of(request).submit(knock))
    except Exception as error:
        if not is_infrastructure_error(error):
            raise
        return _sent(responses.unavailable(kind.response_policy))


def _sent(made: responses.WebhookResponse) -> Response:
    WEBHOOKS_RECEIVED.labels("api", str(made.status)).inc()
    return Response(made.body, made.status, dict(made.headers))


@doors.get("/v1/leads")
async def listed(
    who: Reader,
    tx: ReadDep,
    state: str | None = None,
    owner: str | None = None,
    q: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Response:
    """Leads, newest first; `cursor` is the `next` of the page before."""
    most = max(1, min(limit, 500))
    rows = await views.page(tx, state=state, owner=owner, q=q, after=_place(cursor), limit=most)
    last = rows[-1] if len(rows) == most else None
    following = f"{last['received_at'].isoformat()}~{last['id']}" if last else None
    return json_response({"leads": rows, "next": following})


def _place(cursor: str | None) -> tuple[datetime, str] | None:
    if not cursor:
        return None
    at, _, lead_id = cursor.replace(" ", "+").partition("~")
    try:
        return datetime.fromisoformat(at), lead_id
    except ValueError as error:
        raise BadRequest("The cursor is not one of ours; take `next` of the page before.") from error


@doors.get("/v1/leads/{lead_id}")
async def shown(who: Reader, tx: ReadDep, lead_id: str) -> Response:
    """One lead; an id of a repeated element shows the lead that it speaks of."""
    return json_response(await views.whole(tx, await _known(tx, lead_id)))


async def _known(tx: Tx, lead_id: str) -> str:
    """The lead of an id: its own, or that of a repeated element. Raises NotFound."""
    if await lead_store.one(tx, lead_id):
        return lead_id
    found = await views.became(tx, lead_id)
    if found is None:
        raise NotFound(f"There is no lead {lead_id}." if is_uuid(lead_id) else "A lead id is a UUID.")
    return found


@doors.get("/v1/leads/{lead_id}/timeline")
async def timeline(who: Reader, tx: ReadDep, lead_id: str) -> Response:
    """What happened to a lead, in order."""
    return json_response(await views.timeline(tx, await _known(tx, lead_id)))


@doors.get("/v1/leads/{lead_id}/decisions")
async def decisions(who: Reader, tx: ReadDep, lead_id: str) -> Response:
    """Why it went where it went: every rule tried, every candidate passed over, the counters, and all of it in words."""
    return json_response(await views.decided(tx, await _known(tx, lead_id)))


class Action(BaseModel):
    """What somebody does with a lead."""

    model_config = ConfigDict(extra="forbid")
    action: str
    epoch: int | None = None
    reason: str | None = None
    to: str | None = None


@doors.post("/v1/leads/{lead_id}/actions")
async def act(who: Actor, tx: TxDep, lead_id: str, wanted: Action) -> Response:
    """Act on a lead; 409 with the present owner when the epoch is old or the state does not allow it."""
    if wanted.action in LATER:
        raise BadRequest(f"The action {wanted.action!r} is not executed yet.", status=501, kind="not-yet")
    if wanted.action not in (*ACTIONS, *MANAGING):
        raise BadRequest(f"{wanted.action!r} is not an action; use one of {', '.join((*ACTIONS, *MANAGING))}.")
    lead = await lead_store.one(tx, lead_id)
    if lead is None:
        raise NotFound(f"There is no lead {lead_id}.")
    if wanted.action in ACTIONS and wanted.epoch is None:
        raise BadRequest("Say the `epoch` under which you act; GET the lead to see it.")
    _may(who, lead, wanted)
    by = who.person or who.name
    to = by if wanted.action == "claim" else wanted.to
    if wanted.action == "assign" and not to:
        raise BadRequest("To assign needs `to`: a person of the roster or a team.")
    epoch = lead.epoch if wanted.epoch is None else wanted.epoch
    made = actions.Answer(lead_id, epoch, wanted.action, by, tx.now, wanted.reason, to=to)
    now, why = (await actions.apply(tx, [made]))[lead_id]
    if why or now is None:
        return _refused(now or lead, why)
    return json_response({"lead": now.id, "state": now.state, "owner": now.owner, "epoch": now.epoch})


def _may(who: Principal, lead: Lead, wanted: Action) -> None:
    if who.may("manager"):
        return
    mine = who.person is not None and who.person == lead.owner
    if wanted.action in ("recycle", "disqualify") and who.may("marketing") and lead.state not in OWNED:
        return
    if wanted.action == "claim" and who.person:
        return
    if wanted.action in ("assign", "reassign") or not (
        mine or (wanted.epoch is not None and wanted.epoch < lead.epoch)
    ):
        raise NotAllowed("Only the owner of a lead, or a manager, may do that.")


def _refused(lead: Lead, why: str) -> Response:
    """The refusal is recorded with the transaction, so it is an answer and not an exception."""
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
