"""The timer's terms of the audit: clocks that are missing, overdue, doubled, or have nothing to wake them."""

from typing import Any

from sqlalchemy import func, select, text

from services.timer.store import clocks
from shared import waiting
from shared.db import Tx

_DUE = text("SELECT id FROM due WHERE kind = 'clock'")


async def terms(tx: Tx) -> dict[str, Any]:
    """Clocks by state, and what does not fit."""
    states = await tx.rows(select(clocks.c.state, func.count().label("n")).group_by(clocks.c.state))
    rows = await tx.rows(
        select(clocks).where(clocks.c.state.in_(["running", "breached"]), clocks.c.stopped_at.is_(None))
    )
    awake = {row["id"] for row in await tx.rows(_DUE)}
    seen: dict[tuple[str, str], str] = {}
    doubled = []
    for row in rows:
        key = (row["lead"], row["promise"])
        if key in seen:
            doubled.append(row["lead"])
        seen[key] = row["id"]
    late = [row["id"] for row in rows if row["state"] == "running" and (tx.now - row["due_at"]).total_seconds() > 120]
    waits = await waiting.count(tx)
    return {
        "states": {row["state"]: int(row["n"]) for row in states},
        "doubled": sorted(set(doubled)),
        "asleep": [row["id"] for row in rows if row["step"] and row["id"] not in awake],
        "overdue": late if tx.now == tx.wall else [],
        "accept": [[row["lead"], row["epoch"]] for row in await _accept(tx)],
        "waiting": waits,
    }


async def _accept(tx: Tx) -> Any:
    statement = select(clocks.c.lead, clocks.c.epoch).where(clocks.c.promise == "accept")
    return await tx.rows(statement)


async def gauges(tx: Tx) -> dict[str, float]:
    """Clocks by state, and events that wait."""
    rows = await tx.rows(select(clocks.c.state, func.count().label("n")).group_by(clocks.c.state))
    waits = await waiting.count(tx)
    return {f"clocks_{row['state']}": float(row["n"]) for row in rows} | {"waiting": float(waits)}
