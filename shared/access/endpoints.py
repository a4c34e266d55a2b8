"""Webhook endpoints: create them, rotate their secrets, revoke them."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import select

from shared.access import tables
from shared.access.cache import SECRET_PURPOSE, Access
from shared.access.changes import record_change, revoke
from shared.access.secret import new_secret
from shared.base.errors import BadRequest, NotFound
from shared.base.ids import new_id


async def create_endpoint(
    access: Access,
    *,
    source: str,
    scheme: str,
    name: str,
    url: str | None,
    secret: str | None,
    mapping: dict[str, Any] | None,
    options: dict[str, Any] | None,
    by: str,
    endpoint_id: str | None = None,
) -> tuple[str, str, str]:
    """Create an endpoint; returns (id, the URL to register, the secret, shown this once)."""
    endpoint_id = endpoint_id or secrets.token_urlsafe(16)
    secret = secret or new_secret(scheme)
    url = url or f"{access.db.context.public_url}/webhooks/{endpoint_id}"
    sealed = {"id": new_id(), "sealed": access.db.context.keys.seal(SECRET_PURPOSE, secret)}
    async with access.db.transaction() as tx:
        row = {
            "id": endpoint_id,
            "name": name,
            "source": source,
            "scheme": scheme,
            "url": url,
            "secrets": [sealed],
            "mapping": mapping,
            "options": options,
            "created_at": tx.wall,
            "revoked_at": None,
        }
        await tx.conn.execute(tables.endpoints.insert(), row)
        await record_change(
            tx,
            by,
            "endpoint",
            endpoint_id,
            None,
            {"source": source, "scheme": scheme, "url": url},
        )
    await access.load()
    return endpoint_id, url, secret


async def rotate_endpoint(
    access: Access,
    endpoint_id: str,
    secret: str | None,
    until: datetime | None,
    by: str,
) -> str:
    """Add a secret to an endpoint and return that secret.

    The old secrets stay valid until `until`, or until their own end where that is earlier; None sets no new end.
    The three newest old secrets are kept. Raises NotFound, or BadRequest (409) for a revoked endpoint."""
    async with access.db.transaction() as tx:
        row = await tx.first(select(tables.endpoints).where(tables.endpoints.c.id == endpoint_id).with_for_update())
        if row is None:
            raise NotFound(f"There is no endpoint {endpoint_id}; `baton endpoints list` shows them.")
        if row["revoked_at"]:
            raise BadRequest(f"The endpoint {endpoint_id} is closed; create a new one.", status=409)
        secret = secret or new_secret(row["scheme"])
        old_secrets = [_until(item, until) for item in row["secrets"] if not _ended(item, tx.wall)]
        new_sealed = {"id": new_id(), "sealed": access.db.context.keys.seal(SECRET_PURPOSE, secret)}
        where = tables.endpoints.c.id == endpoint_id
        await tx.conn.execute(tables.endpoints.update().where(where).values(secrets=[new_sealed, *old_secrets[:3]]))
        await record_change(tx, by, "endpoint", endpoint_id, None, {"rotated": new_sealed["id"]})
    await access.load()
    return secret


def _until(item: dict[str, Any], until: datetime | None) -> dict[str, Any]:
    """The secret, valid until `until`; a secret whose own end is earlier keeps that end."""
    own = item.get("not_after")
    if until is None or (own and datetime.fromisoformat(own) <= until):
        return item
    return {**item, "not_after": until.isoformat()}


def _ended(item: dict[str, Any], now: datetime) -> bool:
    return bool(item.get("not_after")) and datetime.fromisoformat(item["not_after"]) <= now


async def revoke_endpoint(access: Access, endpoint_id: str, by: str) -> None:
    """Revoke an endpoint. Its row is kept; its URL answers 200 and stores nothing. Raises NotFound."""
    await revoke(access, tables.endpoints, tables.endpoints.c.id, endpoint_id, "endpoint", by)
