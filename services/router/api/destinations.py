"""Destinations over HTTP: where notices go besides people."""

from typing import Any

from fastapi import APIRouter

from services.router.api.auth import AccessDep, Admin, StrictModel
from shared.access import destinations as store
from shared.base.errors import BadRequest

router = APIRouter()


class NewDestination(StrictModel):
    """A destination to create; `local` allows a private http address."""

    name: str
    url: str
    local: bool = False


@router.post("/v1/destinations", status_code=201)
async def create_destination(who: Admin, access: AccessDep, new: NewDestination) -> dict[str, str]:
    """Create a destination; its secret is shown only in this response."""
    if not new.url.startswith("https://") and not (new.local and new.url.startswith("http://")):
        raise BadRequest(f"The destination URL {new.url!r} must be https; a private http address needs `local`.")
    secret = await store.put_destination(access, new.name, new.url, None, new.local, who.name)
    return {"name": new.name, "secret": secret}


@router.get("/v1/destinations")
async def list_destinations(who: Admin, access: AccessDep) -> list[dict[str, Any]]:
    """All destinations, without their secrets."""
    return [{"name": item.name, "url": item.url, "local": item.local} for item in access.destinations()]


@router.post("/v1/destinations/{name}/rotate")
async def rotate_destination(who: Admin, access: AccessDep, name: str) -> dict[str, str]:
    """Give a destination a new secret."""
    destination = access.destination(name)
    if destination is None:
        raise BadRequest(f"There is no destination {name}.", status=404)
    secret = await store.put_destination(access, name, destination.url, None, destination.local, who.name)
    return {"secret": secret}


@router.post("/v1/destinations/{name}/revoke")
async def revoke_destination(who: Admin, access: AccessDep, name: str) -> dict[str, str]:
    """Revoke a destination."""
    await store.revoke_destination(access, name, who.name)
    return {"name": name, "state": "revoked"}
