"""The timer's terms of the audit: clocks that are missing, overdue, doubled, or have nothing to wake them."""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from services.timer.store.tables import clocks, metadata
from shared.store.tx import Tx
from shared.work import deferred

GRACE = timedelta(seconds=60)
"""How far behind its due row a clock may be (real time) before somebody must know."""
_due = metadata.tables["scheduled_items"]
_OPEN = and_(clocks.c.state.in_(("running", "breached")), clocks.c.stopped_at.is_(None))


async def terms(tx: Tx) -> dict[str, Any]:
    """Clocks by state, and what does not fit: counted where they are, as there may be a million."""
    return {
        "states": await _states(tx),
        "doubled": await _doubled(tx),
        "asleep": await _asleep(tx),
        "overdue": await _overdue(tx),
        "accept": await _accept(tx),
        "waiting": await deferred.count(tx),
    }


async def gauges(tx: Tx) -> dict[str, float]:
    """Clocks by state, and events that wait."""
    found = {"running": 0, "breached": 0} | await _states(tx)
    return {f"clocks_{state}": float(n) for state, n in found.items()} | {"waiting": float(await deferred.count(tx))}


async def _states(tx: Tx) -> dict[str, int]:
    rows = await tx.rows(select(clocks.c.state, func.count().label("n")).group_by(clocks.c.state))
    return {row["state"]: int(row["n"]) for row in rows}


async def _doubled(tx: Tx) -> list[str]:
    """Leads with two open clocks of one promise."""
    twice = select(clocks.c.lead).where(_OPEN).group_by(clocks.c.lead, clocks.c.promise).having(func.count() > 1)
    return sorted({row["lead"] for row in await tx.rows(twice)})


async def _asleep(tx: Tx) -> list[str]:
    """Open clocks that wait for a step which nothing will wake."""
    woken = exists().where(_due.c.id == clocks.c.id)
    return await _ids(tx, and_(_OPEN, clocks.c.step != "", ~woken))


async def _overdue(tx: Tx) -> list[str]:
    """Running clocks that are past due though nobody settles them: woken only later, or not woken when it was time."""
    row = _due.c
    too_late = [and_(row.clock == "wall", row.at < tx.wall - GRACE), and_(row.clock == "now", row.at > tx.now)]
    if abs(tx.now - tx.wall) < timedelta(seconds=1):
        # Only on the real clock: a stepped one makes every row late in the instant of its step.
        too_late.append(and_(row.clock == "now", row.at < tx.now - GRACE))
    wrongly = exists().where(row.id == clocks.c.id, or_(*too_late))
    return await _ids(tx, and_(clocks.c.state == "running", clocks.c.due_at < tx.now - tx.context.settle, wrongly))


async def _ids(tx: Tx, which: ColumnElement[bool]) -> list[str]:
    return [row["id"] for row in await tx.rows(select(clocks.c.id).where(which).order_by(clocks.c.id))]


async def _accept(tx: Tx) -> list[list[Any]]:
    """Every (lead, epoch) that ever had an accept clock: an assignment without one is a clock that is missing."""
    rows = await tx.rows(select(clocks.c.lead, clocks.c.epoch).where(clocks.c.promise == "accept"))
    return [[row["lead"], row["epoch"]] for row in rows]
