"""Destinations, the URLs that receive notices besides people: create, rotate and revoke them."""

from shared.access import tables
from shared.access.cache import SECRET_PURPOSE, Access
from shared.access.changes import record_change, revoke
from shared.access.secret import new_secret
from shared.store.write import upsert


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
        await record_change(tx, by, "destination", name, None, {"url": url})
    await access.load()
    return secret


async def revoke_destination(access: Access, name: str, by: str) -> None:
    """Revoke a destination. Raises NotFound."""
    await revoke(access, tables.destinations, tables.destinations.c.name, name, "destination", by)
