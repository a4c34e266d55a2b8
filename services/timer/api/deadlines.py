"""Previews of deadlines over HTTP."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from services.timer.api.clocks import Reader
from shared.agreement.time.preview import preview
from shared.base.errors import BadRequest
from shared.reference.cache import agreement_versions, live_version
from shared.store.tx import Tx
from shared.web.http import json_response, reading

routes = APIRouter()


@routes.post("/v1/deadlines/preview")
async def deadline(
    request: Request, who: Reader, tx: Annotated[Tx, Depends(reading("timer"), scope="function")]
) -> Response:
    """Compute when a deadline would be due, with every interval, in a calendar of the live agreement or of the request."""
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON: {error}.") from error
    if not isinstance(body, dict):
        raise BadRequest("The body must be a JSON object with calendar, start, and within or end.")
    version = await live_version(tx)
    live = (await agreement_versions(tx, [version])).get(version)
    try:
        return json_response(preview(body, live.calendars if live else {}))
    except ValueError as error:
        raise BadRequest(str(error)) from error
