"""Stores leads with their clocks and notices for the live board and the lead pages."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from services.console.store.tables import clocks, leads, notices
from shared.store.chunks import key_chunks
from shared.store.tx import Tx
from shared.store.write import upsert

HIDDEN_STATES = ("", "merged")
"""States of leads that the board does not list: "" (no event of the router yet) and merged into another lead."""
Row = dict[str, Any]


async def find(tx: Tx, ids: Iterable[str], *, lock: bool = False) -> dict[str, Row]:
    """The rows of these leads by id; with `lock`, locked until the commit."""
    rows: dict[str, Row] = {}
    for chunk in key_chunks(ids):
        statement = select(leads).where(leads.c.id.in_(chunk)).order_by(leads.c.id)
        result = await tx.rows(statement.with_for_update() if lock else statement)
        rows |= {row["id"]: dict(row) for row in result}
    return rows


async def load_for_update(tx: Tx, new_rows: Mapping[str, Row]) -> dict[str, Row]:
    """The rows of these leads, locked until the commit; a lead without a row gets its new row first.

    Two processes may handle the first events of a lead at the same time, from different topics. Without a row to lock,
    the later transaction would overwrite the changes of the earlier one.
    """
    rows = await find(tx, new_rows, lock=True)
    missing = [new_rows[lead] for lead in new_rows if lead not in rows]
    if missing:
        await upsert(tx, leads, missing, ["id"])
        rows |= await find(tx, [row["id"] for row in missing], lock=True)
    return rows


async def clocks_by_lead(tx: Tx, lead_ids: Iterable[str]) -> dict[str, list[Row]]:
    """The clocks of these leads by lead, oldest first."""
    by_lead: dict[str, list[Row]] = {}
    for chunk in key_chunks(lead_ids):
        statement = select(clocks).where(clocks.c.lead.in_(chunk)).order_by(clocks.c.epoch, clocks.c.started_at)
        for row in await tx.rows(statement):
            by_lead.setdefault(row["lead"], []).append(dict(row))
    return by_lead


async def save(tx: Tx, lead_rows: Sequence[Row], clock_rows: Sequence[Row], notice_rows: Sequence[Row]) -> None:
    """Insert or update leads, clocks and notices."""
    for table, rows in ((leads, lead_rows), (clocks, clock_rows), (notices, notice_rows)):
        columns = [column.name for column in table.columns if column.name != "id"]
        await upsert(tx, table, list(rows), ["id"], columns)


async def last_changed(tx: Tx, limit: int) -> list[Row]:
    """The leads of the board whose timeline changed last, newest first."""
    statement = (
        select(leads).where(leads.c.state.not_in(HIDDEN_STATES)).order_by(leads.c.newest_entry.desc()).limit(limit)
    )
    return [dict(row) for row in await tx.rows(statement)]


async def notices_of(tx: Tx, lead: str) -> list[Row]:
    """The notices about a lead, oldest first."""
    return [dict(row) for row in await tx.rows(select(notices).where(notices.c.lead == lead).order_by(notices.c.at))]


async def count_by_state(tx: Tx) -> dict[str, int]:
    """The number of leads in each state."""
    rows = await tx.rows(select(leads.c.state, func.count().label("n")).group_by(leads.c.state))
    return {row["state"]: int(row["n"]) for row in rows if row["state"]}


async def count_breached_clocks(tx: Tx) -> int:
    """The number of clocks that are breached and still open."""
    row = await tx.first(select(func.count().label("n")).where(clocks.c.state == "breached"))
    return int(row["n"]) if row else 0


async def count_received(tx: Tx, since: datetime) -> int:
    """The number of leads received after an instant."""
    row = await tx.first(select(func.count().label("n")).where(leads.c.received_at > since))
    return int(row["n"]) if row else 0
