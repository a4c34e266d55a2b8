"""What happened, a sentence each; its ids are the places that live pages go on from."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from services.console.store.tables import lines
from shared.store.chunks import chunked
from shared.store.tx import Tx

Row = dict[str, Any]


async def write(tx: Tx, rows: Sequence[Row]) -> dict[str, int]:
    """Add lines; returns each lead's newest place."""
    newest: dict[str, int] = {}
    statement = lines.insert().returning(lines.c.id, lines.c.lead)
    for chunk in chunked(rows):
        for row in (await tx.conn.execute(statement, list(chunk))).all():
            newest[row.lead] = max(newest.get(row.lead, 0), int(row.id))
    return newest


async def after(tx: Tx, place: int, *, lead: str | None = None, limit: int = 500) -> list[Row]:
    """Lines after a place, in order."""
    statement = select(lines).where(lines.c.id > place).order_by(lines.c.id).limit(limit)
    return [dict(row) for row in await tx.rows(statement.where(lines.c.lead == lead) if lead else statement)]


async def last(tx: Tx, limit: int) -> list[Row]:
    """The newest loud lines, newest first."""
    statement = select(lines).where(lines.c.loud.is_(True)).order_by(lines.c.id.desc()).limit(limit)
    return [dict(row) for row in await tx.rows(statement)]


async def story(tx: Tx, lead: str) -> list[Row]:
    """All lines of a lead in the order in which it happened; topics may have told it in another."""
    statement = select(lines).where(lines.c.lead == lead).order_by(lines.c.at, lines.c.id)
    return [dict(row) for row in await tx.rows(statement)]


async def newest(tx: Tx) -> int:
    """The newest place."""
    row = await tx.first(select(func.max(lines.c.id).label("n")))
    return int(row["n"] or 0) if row else 0
