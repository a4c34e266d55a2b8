"""Stores the timeline: one sentence for each event; live pages resume from an entry's id, their cursor."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from services.console.store.tables import timeline
from shared.store.chunks import chunked
from shared.store.tx import Tx
from shared.store.write import ROWS_PER_INSERT

Row = dict[str, Any]


async def insert(tx: Tx, entries: Sequence[Row]) -> dict[str, int]:
    """Insert entries; return the id of the newest one of each lead."""
    newest: dict[str, int] = {}
    statement = timeline.insert().returning(timeline.c.id, timeline.c.lead)
    for chunk in chunked(entries, ROWS_PER_INSERT):
        for row in (await tx.conn.execute(statement, list(chunk))).all():
            newest[row.lead] = max(newest.get(row.lead, 0), int(row.id))
    return newest


async def after(tx: Tx, cursor: int, *, lead: str | None = None, limit: int = 500) -> list[Row]:
    """The entries after a cursor, in order; of one lead when `lead` is given."""
    statement = select(timeline).where(timeline.c.id > cursor).order_by(timeline.c.id).limit(limit)
    return [dict(row) for row in await tx.rows(statement.where(timeline.c.lead == lead) if lead else statement)]


async def newest_in_feed(tx: Tx, limit: int) -> list[Row]:
    """The newest entries that belong in the live feed, newest first."""
    statement = select(timeline).where(timeline.c.in_feed.is_(True)).order_by(timeline.c.id.desc()).limit(limit)
    return [dict(row) for row in await tx.rows(statement)]


async def of_lead(tx: Tx, lead: str) -> list[Row]:
    """All entries of a lead in the order in which its events happened, which may differ from the order of arrival."""
    statement = select(timeline).where(timeline.c.lead == lead).order_by(timeline.c.at, timeline.c.id)
    return [dict(row) for row in await tx.rows(statement)]


async def newest_id(tx: Tx) -> int:
    """The id of the newest entry; 0 when there is none."""
    row = await tx.first(select(func.max(timeline.c.id).label("n")))
    return int(row["n"] or 0) if row else 0
