"""API keys: create, revoke and list them."""

import secrets
from typing import Any

from sqlalchemy import select

from shared.access import tables
from shared.access.cache import Access, hash_token
from shared.access.changes import record_change, revoke
from shared.base.errors import BadRequest
from shared.base.ids import new_id

ROLES = ("intake", "rep", "manager", "marketing", "executive", "ops", "admin")


async def create_key(access: Access, name: str, roles: list[str], person: str | None, by: str) -> tuple[str, str]:
    """Create an API key; returns (id, the key itself, shown this once). Raises BadRequest for an unknown role."""
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        raise BadRequest(f"{', '.join(unknown) or 'No role'} is not a role; use some of {', '.join(ROLES)}.")
    token = f"baton_{secrets.token_urlsafe(32)}"
    key_id = new_id()
    row = {
        "id": key_id,
        "name": name,
        "person": person,
        "roles": roles,
        "hash": hash_token(token),
        "revoked_at": None,
    }
    async with access.db.transaction() as tx:
        await tx.conn.execute(tables.api_keys.insert(), {**row, "created_at": tx.wall})
        await record_change(
            tx,
            by,
            "key",
            key_id,
            None,
            {"name": name, "person": person, "roles": roles},
        )
    await access.load()
    return key_id, token


async def revoke_key(access: Access, key_id: str, by: str) -> None:
    """Revoke a key, which is invalid at once. Raises NotFound."""
    await revoke(access, tables.api_keys, tables.api_keys.c.id, key_id, "key", by)


async def list_keys(access: Access) -> list[dict[str, Any]]:
    """All keys, without their secrets."""
    async with access.db.reading() as tx:
        rows = await tx.rows(select(tables.api_keys).order_by(tables.api_keys.c.created_at))
    return [{name: row[name] for name in ("id", "name", "person", "roles", "created_at", "revoked_at")} for row in rows]
