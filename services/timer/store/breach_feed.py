"""The breach feed: every event of `baton.breaches` in one order, for its HTTP page and stream."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from services.timer.store.tables import breaches
from shared.store.tx import Tx

BREACH_SIGNAL = "breaches"
_COLUMNS = ("id", "at", "lead", "type", "event", "data")
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('baton breaches'))")


async def append_breaches(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Append rows (at, lead, type, event, data) and wake the streams of all processes.

    Under a lock that is held until the commit: ids become visible in their order, so a reader that continues from the
    last id misses none.
    """
    if rows:
        if tx.dialect == "postgresql":
            await tx.conn.execute(_LOCK)
        await tx.execute(breaches.insert(), rows)
        tx.wakeups.add(BREACH_SIGNAL)


async def breaches_after(tx: Tx, *, after: int, since: datetime | None, limit: int) -> list[dict[str, Any]]:
    """The rows after an id, oldest first; with `since`, only those from that instant on."""
    statement = select(breaches).where(breaches.c.id > after).order_by(breaches.c.id).limit(limit)
    if since:
        statement = statement.where(breaches.c.at >= since)
    return [{name: row[name] for name in _COLUMNS} for row in await tx.rows(statement)]


async def last_breach(tx: Tx) -> int:
    """The id of the newest row, 0 when there is none."""
    row = await tx.first(select(func.max(breaches.c.id).label("n")))
    return int(row["n"] or 0) if row else 0
