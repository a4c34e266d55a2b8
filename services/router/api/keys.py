"""API keys over HTTP."""

from typing import Any

from fastapi import APIRouter

from services.router.api.auth import AccessDep, Admin, StrictModel
from shared.access import keys as store

router = APIRouter()


class NewKey(StrictModel):
    """A key to create; `person` is the person who uses it."""

    name: str
    roles: list[str]
    person: str | None = None


@router.post("/v1/keys", status_code=201)
async def create_key(who: Admin, access: AccessDep, new: NewKey) -> dict[str, Any]:
    """Create an API key; it is shown only in this response."""
    key_id, token = await store.create_key(access, new.name, new.roles, new.person, who.name)
    return {"id": key_id, "key": token}


@router.get("/v1/keys")
async def list_keys(who: Admin, access: AccessDep) -> list[dict[str, Any]]:
    """All keys, without their secrets."""
    return await store.list_keys(access)


@router.post("/v1/keys/{key_id}/revoke")
async def revoke_key(who: Admin, access: AccessDep, key_id: str) -> dict[str, str]:
    """Revoke a key."""
    await store.revoke_key(access, key_id, who.name)
    return {"id": key_id, "state": "revoked"}
