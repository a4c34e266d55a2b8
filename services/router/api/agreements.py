"""Agreement versions over HTTP: upload, sign, publish, read."""

from typing import Annotated

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

router = APIRouter()
TxDep = Annotated[Tx, Depends(in_transaction("router"), scope="function")]
ReadDep = Annotated[Tx, Depends(reading("router"), scope="function")]
Side = Annotated[Principal, Depends(allow("admin", "marketing", "manager"))]
Reader = Annotated[Principal, Depends(allow("rep", "manager", "marketing", "executive", "ops"))]
MAX_BYTES = 1_000_000


@router.post("/v1/agreements", status_code=201)
async def upload(request: Request, who: Side, tx: TxDep) -> Response:
    """Store the YAML file of the body as a draft; 400 with every error, its line and column."""
    raw = await request.body()
    if len(raw) > MAX_BYTES:
        raise BadRequest("An agreement may have at most 1 MB.", status=413)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadRequest("The file is not UTF-8 text.") from error
    return json_response(await handlers.upload(tx, text, who.person or who.name), 201)


@router.get("/v1/agreements")
async def history(who: Reader, tx: ReadDep) -> Response:
    """Every version, newest first, with its signatures."""
    return json_response(await store.history(tx))


@router.get("/v1/agreements/{version}")
async def get_version(who: Reader, tx: ReadDep, version: int, form: str = "json") -> Response:
    """One version: as JSON, as the file it was (`form=yaml`), or as a document (`form=html`)."""
    row = await store.get(tx, version)
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


@router.post("/v1/agreements/{version}/sign")
async def sign(who: Side, tx: TxDep, version: int) -> Response:
    """Sign as the person of the key."""
    return json_response(await handlers.sign(tx, version, who))


@router.post("/v1/agreements/{version}/publish")
async def publish(who: Side, tx: TxDep, version: int) -> Response:
    """Make a signed version live, at once or on its effective day."""
    return json_response(await handlers.publish(tx, version))
