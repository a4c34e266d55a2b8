"""Leads with their clocks and notices, as the floor and a lead's page show them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from services.console.store.tables import clocks, leads, notices
from shared.store.tx import Tx
from shared.store.write import upsert

HIDDEN = ("", "merged")
Row = dict[str, Any]


def _parts(ids: Iterable[str]) -> list[list[str]]:
    wanted = sorted(set(ids))
    return [wanted[start : start + 400] for start in range(0, len(wanted), 400)]


async def find(tx: Tx, ids: Iterable[str], *, lock: bool = False) -> dict[str, Row]:
    """These leads."""
    found: dict[str, Row] = {}
    for part in _parts(ids):
        statement = select(leads).where(leads.c.id.in_(part)).order_by(leads.c.id)
        rows = await tx.rows(statement.with_for_update() if lock else statement)
        found |= {row["id"]: dict(row) for row in rows}
    return found


async def load_for_update(tx: Tx, new_rows: Mapping[str, Row]) -> dict[str, Row]:
    """These leads, locked until the commit; whoever is new gets its blank row first.

    Two processes may meet a new lead at once, by different topics. Without a row to lock, the later one would write
    what it read before the earlier one wrote.
    """
    found = await find(tx, new_rows, lock=True)
    missing = [new_rows[lead] for lead in new_rows if lead not in found]
    if missing:
        await upsert(tx, leads, missing, ["id"])
        found |= await find(tx, [row["id"] for row in missing], lock=True)
    return found


async def clocks_by_lead(tx: Tx, of_leads: Iterable[str]) -> dict[str, list[Row]]:
    """The clocks of these leads, oldest first."""
    found: dict[str, list[Row]] = {}
    for part in _parts(of_leads):
        statement = select(clocks).where(clocks.c.lead.in_(part)).order_by(clocks.c.epoch, clocks.c.started_at)
        for row in await tx.rows(statement):
            found.setdefault(row["lead"], []).append(dict(row))
    return found


async def save(tx: Tx, rows: Sequence[Row], clock_rows: Sequence[Row], notice_rows: Sequence[Row]) -> None:
    """Write leads, clocks and notices."""
    for table, values in ((leads, rows), (clocks, clock_rows), (notices, notice_rows)):
        columns = [column.name for column in table.columns if column.name != "id"]
        await upsert(tx, table, list(values), ["id"], columns)


async def last_changed(tx: Tx, limit: int) -> list[Row]:
    """The leads that moved last, newest first."""
    statement = select(leads).where(leads.c.state.not_in(HIDDEN)).order_by(leads.c.moved.desc()).limit(limit)
    return [dict(row) for row in await tx.rows(statement)]


async def notices_of(tx: Tx, lead: str) -> list[Row]:
    """The notices about a lead, oldest first."""
    return [dict(row) for row in await tx.rows(select(notices).where(notices.c.lead == lead).order_by(notices.c.at))]


async def count_by_state(tx: Tx) -> dict[str, int]:
    """How many leads are in each state."""
    rows = await tx.rows(select(leads.c.state, func.count().label("n")).group_by(leads.c.state))
    return {row["state"]: int(row["n"]) for row in rows if row["state"]}


async def count_breached_clocks(tx: Tx) -> int:
    """How many clocks are breached and still open."""
    row = await tx.first(select(func.count().label("n")).where(clocks.c.state == "breached"))
    return int(row["n"]) if row else 0


async def count_received(tx: Tx, since: datetime) -> int:
    """How many leads came in since then."""
    row = await tx.first(select(func.count().label("n")).where(leads.c.received_at > since))
    return int(row["n"]) if row else 0
