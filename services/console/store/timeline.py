"""What happened, a sentence each; its ids are the places that live pages go on from."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from services.console.store.tables import timeline
from shared.store.chunks import chunked
from shared.store.tx import Tx

Row = dict[str, Any]


async def insert(tx: Tx, rows: Sequence[Row]) -> dict[str, int]:
    """Add lines; returns each lead's newest place."""
    newest: dict[str, int] = {}
    statement = timeline.insert().returning(timeline.c.id, timeline.c.lead)
    for chunk in chunked(rows):
        for row in (await tx.conn.execute(statement, list(chunk))).all():
            newest[row.lead] = max(newest.get(row.lead, 0), int(row.id))
    return newest


async def after(tx: Tx, place: int, *, lead: str | None = None, limit: int = 500) -> list[Row]:
    """Lines after a place, in order."""
    statement = select(timeline).where(timeline.c.id > place).order_by(timeline.c.id).limit(limit)
    return [dict(row) for row in await tx.rows(statement.where(timeline.c.lead == lead) if lead else statement)]


async def newest_in_feed(tx: Tx, limit: int) -> list[Row]:
    """The newest loud lines, newest first."""
    statement = select(timeline).where(timeline.c.loud.is_(True)).order_by(timeline.c.id.desc()).limit(limit)
    return [dict(row) for row in await tx.rows(statement)]


async def of_lead(tx: Tx, lead: str) -> list[Row]:
    """All lines of a lead in the order in which it happened; topics may have told it in another."""
    statement = select(timeline).where(timeline.c.lead == lead).order_by(timeline.c.at, timeline.c.id)
    return [dict(row) for row in await tx.rows(statement)]


async def newest_id(tx: Tx) -> int:
    """The newest place."""
    row = await tx.first(select(func.max(timeline.c.id).label("n")))
    return int(row["n"] or 0) if row else 0
