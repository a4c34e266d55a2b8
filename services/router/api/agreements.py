"""Versions of the agreement over HTTP: draft, sign, publish, read."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response

from services.router.handlers import agreement as handlers
from services.router.store import agreements as store
from shared.agreement.language.parse import parse_agreement
from shared.agreement.language.render import render_agreement
from shared.base.credentials import Principal
from shared.base.errors import BadRequest, NotFound
from shared.store.tx import Tx
from shared.web.http import allow, in_transaction, json_response, reading

doors = APIRouter()
TxDep = Annotated[Tx, Depends(in_transaction("router"), scope="function")]
ReadDep = Annotated[Tx, Depends(reading("router"), scope="function")]
Side = Annotated[Principal, Depends(allow("admin", "marketing", "manager"))]
Reader = Annotated[Principal, Depends(allow("rep", "manager", "marketing", "executive", "ops"))]
LONGEST = 1_000_000


@doors.post("/v1/agreements", status_code=201)
async def upload(request: Request, who: Side, tx: TxDep) -> Response:
    """The body is the YAML file; 400 with every error, line and column, when it cannot be kept."""
    raw = await request.body()
    if len(raw) > LONGEST:
        raise BadRequest("An agreement may have at most 1 MB.", status=413)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest("The file is not UTF-8 text.") from error
    return json_response(await handlers.upload(tx, text, who.person or who.name), 201)


@doors.get("/v1/agreements")
async def history(who: Reader, tx: ReadDep) -> Response:
    """Every version, newest first, with its signatures."""
    return json_response(await store.history(tx))


@doors.get("/v1/agreements/{version}")
async def shown(who: Reader, tx: ReadDep, version: int, form: str = "json") -> Response:
    """One version: as JSON, as the file it was (`form=yaml`), or as a document (`form=html`)."""
    row = await store.version(tx, version)
    if row is None:
        raise NotFound(f"There is no version {version} of the agreement.")
    if form == "yaml":
        return PlainTextResponse(row["text"], media_type="application/yaml")
    signatures = list((await store.signatures_of(tx, version)).values())
    if form == "html":
        parsed = parse_agreement(row["text"])
        if parsed.agreement is None:
            raise NotFound("This version cannot be read by this program any more; ask for `form=yaml`.")
        signed = [dict(item) for item in signatures]
        return HTMLResponse(render_agreement(parsed.agreement, version=version, hash=row["hash"], signatures=signed))
    return json_response({**row, "signatures": [dict(item) for item in signatures]})


@doors.post("/v1/agreements/{version}/sign")
async def sign(who: Side, tx: TxDep, version: int) -> Response:
    """Sign as the person of the key."""
    return json_response(await handlers.sign(tx, version, who))


@doors.post("/v1/agreements/{version}/publish")
async def publish(who: Side, tx: TxDep, version: int) -> Response:
    """Make a signed version live, at once or on its effective day."""
    said: dict[str, Any] = await handlers.publish(tx, version)
    return json_response(said)
