"""The change log of access over HTTP: who changed keys, endpoints, destinations and the clock."""

from fastapi import APIRouter
from starlette.responses import Response

from services.router.api.auth import AccessDep, Ops
from shared.access import changes as store
from shared.web.http import json_response

router = APIRouter()
MAX_PAGE = 1000


@router.get("/v1/changes")
async def list_changes(who: Ops, access: AccessDep, cursor: str | None = None, limit: int = 100) -> Response:
    """Changes of keys, endpoints, destinations and the clock, newest first; `cursor` is the `next` of the page before."""
    size = max(1, min(limit, MAX_PAGE))
    changes = await store.list_changes(access, cursor, size)
    return json_response({"changes": changes, "next": changes[-1]["id"] if len(changes) == size else None})
