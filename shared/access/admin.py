"""Changes of keys, endpoints, destinations and the clock: each is recorded, and every process reloads."""

import base64
import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import select, text

from shared.access import tables as tables
from shared.access.cache import SECRET_PURPOSE, Access, hash_token
from shared.base.errors import BadRequest, NotFound
from shared.base.ids import new_id
from shared.store.tx import Tx
from shared.store.write import upsert

ROLES = ("intake", "rep", "manager", "marketing", "executive", "ops", "admin")


async def record_change(access: Access, tx: Tx, by: str, what: str, which: str, before: Any, after: Any) -> None:
    """Note a change, raise the version and wake everybody; the cache is read anew after the commit."""
    row = {
        "id": new_id(),
        "at": tx.wall,
        "by": by,
        "what": what,
        "which": which,
        "before": before,
        "after": after,
    }
    await tx.conn.execute(tables.changes.insert(), row)
    await tx.conn.execute(_BUMP)
    tx.wakeups.add("access")


async def create_key(access: Access, name: str, roles: list[str], person: str | None, by: str) -> tuple[str, str]:
    """A new API key; returns (id, the key itself, shown this once). Raises TheirMistake for an unknown role."""
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
            access,
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
    """Switch a key off at once. Raises NotFound."""
    await _revoke(access, tables.api_keys, tables.api_keys.c.id, key_id, "key", by)


async def list_keys(access: Access) -> list[dict[str, Any]]:
    """All keys, without their secrets."""
    async with access.db.reading() as tx:
        rows = await tx.rows(select(tables.api_keys).order_by(tables.api_keys.c.created_at))
    return [{name: row[name] for name in ("id", "name", "person", "roles", "created_at", "revoked_at")} for row in rows]


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
            access,
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
    """Add a secret; the old ones count until `until` (None: for good, until the next rotation), or until their own end
    where that comes first. Returns the new one. Raises NotFound, or TheirMistake for a revoked endpoint."""
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
        await record_change(access, tx, by, "endpoint", endpoint_id, None, {"rotated": new_sealed["id"]})
    await access.load()
    return secret


def _until(item: dict[str, Any], until: datetime | None) -> dict[str, Any]:
    """A secret that counts until then; one that ends earlier by an earlier rotation keeps its end."""
    own = item.get("not_after")
    if until is None or (own and datetime.fromisoformat(own) <= until):
        return item
    return {**item, "not_after": until.isoformat()}


def _ended(item: dict[str, Any], now: datetime) -> bool:
    return bool(item.get("not_after")) and datetime.fromisoformat(item["not_after"]) <= now


async def revoke_endpoint(access: Access, endpoint_id: str, by: str) -> None:
    """Revoke an endpoint; it stays and answers 410. Raises NotFound."""
    await _revoke(access, tables.endpoints, tables.endpoints.c.id, endpoint_id, "endpoint", by)


async def list_changes(access: Access, before: str | None, limit: int) -> list[dict[str, Any]]:
    """Who changed keys, endpoints, destinations and the clock, newest first; `before` is the id of the last one seen."""
    statement = select(tables.changes).order_by(tables.changes.c.id.desc()).limit(limit)
    async with access.db.reading() as tx:
        return [
            dict(row) for row in await tx.rows(statement.where(tables.changes.c.id < before) if before else statement)
        ]


async def put_destination(access: Access, name: str, url: str, secret: str | None, local: bool, by: str) -> str:
    """Create a destination, or give one a new secret; returns the secret (whsec_...), shown this once."""
    secret = secret or new_secret("v1")
    async with access.db.transaction() as tx:
        row = {
            "name": name,
            "url": url,
            "secret": access.db.context.keys.seal(SECRET_PURPOSE, secret),
            "local": local,
            "created_at": tx.wall,
            "revoked_at": None,
        }
        await upsert(
            tx,
            tables.destinations,
            [row],
            ["name"],
            ["url", "secret", "local", "revoked_at"],
        )
        await record_change(access, tx, by, "destination", name, None, {"url": url})
    await access.load()
    return secret


async def revoke_destination(access: Access, name: str, by: str) -> None:
    """Revoke a destination. Raises NotFound."""
    await _revoke(access, tables.destinations, tables.destinations.c.name, name, "destination", by)


async def set_clock(access: Access, base: datetime, rate: float, by: str) -> None:
    """Step the clock (BATON_CLOCK=row only): now it is `base`, and `rate` seconds pass in a real one."""
    if not access.db.clock.stepped:
        raise BadRequest(
            "The clock is the database's; start with BATON_CLOCK=row to step it.",
            status=409,
        )
    async with access.db.transaction() as tx:
        row = {"id": 1, "base": base, "rate": rate, "set_at": tx.wall}
        await upsert(tx, tables.clock, [row], ["id"], ["base", "rate", "set_at"])
        await record_change(access, tx, by, "clock", "1", None, {"base": base.isoformat(), "rate": rate})
        if tx.dialect == "postgresql":
            await access.db.wakeups.notify(tx.conn, "*", ["due"])
    await access.load()
    access.db.wakeups.signal("*", "due")


def new_secret(scheme: str) -> str:
    """Generate a secret of the form that the scheme wants."""
    if scheme in {"v1", "v1a"}:
        return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    return secrets.token_urlsafe(32)


async def _revoke(access: Access, table: Any, column: Any, which: str, what: str, by: str) -> None:
    async with access.db.transaction() as tx:
        statement = table.update().where(column == which, table.c.revoked_at.is_(None)).values(revoked_at=tx.wall)
        if not (await tx.conn.execute(statement)).rowcount:
            raise NotFound(f"There is no live {what} {which}.")
        await record_change(access, tx, by, what, which, None, {"revoked": True})
    await access.load()


_BUMP = text("INSERT INTO access_version (id, n) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = access_version.n + 1")
