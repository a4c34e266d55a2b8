"""Leads over HTTP: create leads, and read lists, details, timelines and decisions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.router.api.submit import BodyTooLarge, http_response, read_body, submit
from services.router.handlers.webhook_store import IncomingWebhook
from services.router.sources import responses
from services.router.sources.body import MAX_BODY_BYTES
from services.router.sources.delivery import Delivery
from services.router.sources.endpoint_config import EndpointConfig
from services.router.sources.first_response import first_response
from services.router.sources.registry import source_named, stored_headers
from services.router.sources.request import lower_case_headers
from services.router.sources.responses import WebhookResponse
from services.router.sources.source import LONG_DEDUPE_WINDOW, SHORT_DEDUPE_WINDOW
from services.router.store import leads as lead_store
from services.router.store import views
from shared.base.credentials import Principal
from shared.base.errors import NotFound
from shared.base.ids import is_uuid, new_id
from shared.store.tx import Tx
from shared.web.cursors import decode_cursor, encode_cursor
from shared.web.http import allow, json_response, reading

router = APIRouter()
ReadDep = Annotated[Tx, Depends(reading("router"), scope="function")]
Sender = Annotated[Principal, Depends(allow("intake", local=False))]
Reader = Annotated[Principal, Depends(allow("rep", "manager", "marketing", "executive", "ops"))]
MAX_PAGE = 500


@router.post("/v1/leads")
async def create_leads(request: Request, who: Sender) -> Response:
    """One lead or an array of up to 100: 202 with their ids and problems by item; 400 if none is usable."""
    try:
        body = await read_body(request, MAX_BODY_BYTES)
    except BodyTooLarge:
        return http_response("api", responses.too_large(MAX_BODY_BYTES))
    return http_response("api", await _store(request, who, body))


async def _store(request: Request, who: Principal, body: bytes) -> WebhookResponse:
    kind = source_named("generic")
    headers = lower_case_headers(request.headers.raw)
    unsupported = kind.unsupported_content(headers)
    if unsupported:
        return unsupported
    intake = new_id()
    delivery = Delivery(body, headers.get("content-type", ""), stored_headers(headers))
    response = first_response(kind, intake, delivery, EndpointConfig())
    if response.status >= 400:
        return response
    key, named_by_sender = kind.delivery_key(headers, body)
    webhook = IncomingWebhook(
        intake=intake,
        endpoint=f"api:{who.name}"[:100],
        source=kind.name,
        dedupe_key=key,
        dedupe_window=LONG_DEDUPE_WINDOW if named_by_sender else SHORT_DEDUPE_WINDOW,
        method="POST",
        query="",
        content_type=delivery.content_type,
        headers=dict(delivery.headers),
        body=body,
        response=response,
    )
    return await submit(request, kind, webhook)


@router.get("/v1/leads")
async def list_leads(
    who: Reader,
    tx: ReadDep,
    state: str | None = None,
    owner: str | None = None,
    q: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Response:
    """Leads, newest first; `cursor` is the `next` of the page before."""
    size = max(1, min(limit, MAX_PAGE))
    rows = await views.list_leads(
        tx, state=state, owner=owner, q=q, after=decode_cursor(cursor) if cursor else None, limit=size
    )
    last = rows[-1] if len(rows) == size else None
    following = encode_cursor(last["received_at"], last["id"]) if last else None
    return json_response({"leads": rows, "next": following})


@router.get("/v1/leads/{lead_id}")
async def get_lead(who: Reader, tx: ReadDep, lead_id: str) -> Response:
    """One lead; the id of a repeated item shows the lead that it is about."""
    return json_response(await views.lead_detail(tx, await _resolve(tx, lead_id)))


async def _resolve(tx: Tx, lead_id: str) -> str:
    """The id of a lead: as given, or of the lead that a repeated item is about. Raises NotFound."""
    if await lead_store.get(tx, lead_id):
        return lead_id
    about = await views.lead_of_item(tx, lead_id)
    if about is None:
        raise NotFound(f"There is no lead {lead_id}." if is_uuid(lead_id) else "A lead id is a UUID.")
    return about


@router.get("/v1/leads/{lead_id}/timeline")
async def timeline(who: Reader, tx: ReadDep, lead_id: str) -> Response:
    """What happened to a lead, in order."""
    return json_response(await views.timeline(tx, await _resolve(tx, lead_id)))


@router.get("/v1/leads/{lead_id}/decisions")
async def decisions(who: Reader, tx: ReadDep, lead_id: str) -> Response:
    """The routing decisions of a lead: rules evaluated, candidates passed over, counters, and an explanation in words."""
    return json_response(await views.decisions_of(tx, await _resolve(tx, lead_id)))
