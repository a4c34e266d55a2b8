"""What was said on the breach topic, kept for its door."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from services.timer.store.tables import breaches
from shared.store.tx import Tx

BELL = "breaches"
NAMES = ("id", "at", "lead", "type", "event", "data")


async def tell_breaches(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep what was said on the breach topic, and wake its streams, in other processes too. One timer at a time, until
    its commit: so places become visible in their order, and who reads on from the last one misses none."""
    if rows:
        if tx.dialect == "postgresql":
            await tx.conn.execute(_IN_TURN)
        await tx.execute(breaches.insert(), rows)
        tx.wakeups.add(BELL)


async def told_breaches(tx: Tx, *, after: int, since: datetime | None, limit: int) -> list[dict[str, Any]]:
    """What was said on the breach topic after a place in its order."""
    statement = select(breaches).where(breaches.c.id > after).order_by(breaches.c.id).limit(limit)
    if since:
        statement = statement.where(breaches.c.at >= since)
    return [{name: row[name] for name in NAMES} for row in await tx.rows(statement)]


async def last_breach(tx: Tx) -> int:
    """The place of the last thing said on the breach topic."""
    row = await tx.first(select(func.max(breaches.c.id).label("n")))
    return int(row["n"] or 0) if row else 0


_IN_TURN = text("SELECT pg_advisory_xact_lock(hashtext('baton breaches'))")
