"""The record of changes to keys, endpoints, destinations and the clock; each makes every process reload."""

from typing import Any

from sqlalchemy import select, text

from shared.access import tables
from shared.access.cache import Access
from shared.base.errors import NotFound
from shared.base.ids import new_id
from shared.store.tx import Tx


async def record_change(tx: Tx, by: str, what: str, which: str, before: Any, after: Any) -> None:
    """Record a change and raise the version; every process reloads after the commit."""
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


async def list_changes(access: Access, before: str | None, limit: int) -> list[dict[str, Any]]:
    """List changes of keys, endpoints, destinations and the clock, newest first.

    `before` is the id of the last change on the previous page."""
    statement = select(tables.changes).order_by(tables.changes.c.id.desc()).limit(limit)
    async with access.db.reading() as tx:
        return [
            dict(row) for row in await tx.rows(statement.where(tables.changes.c.id < before) if before else statement)
        ]


async def revoke(access: Access, table: Any, column: Any, which: str, what: str, by: str) -> None:
    """Revoke the row whose `column` equals `which` and record a change of `what` by `by`. Raises NotFound."""
    async with access.db.transaction() as tx:
        statement = table.update().where(column == which, table.c.revoked_at.is_(None)).values(revoked_at=tx.wall)
        if not (await tx.conn.execute(statement)).rowcount:
            raise NotFound(f"There is no live {what} {which}.")
        await record_change(tx, by, what, which, None, {"revoked": True})
    await access.load()


_BUMP = text("INSERT INTO access_version (id, n) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET n = access_version.n + 1")
