"""The audit's queries: clocks by state, and clocks that are doubled, asleep (not scheduled) or overdue.

All are counted in the database, as there may be a million clocks.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, and_, exists, func, or_, select

from services.timer.store.tables import clocks, metadata
from shared.store.tx import Tx

_items = metadata.tables["scheduled_items"]
_OPEN = and_(clocks.c.state.in_(("running", "breached")), clocks.c.stopped_at.is_(None))


async def count_states(tx: Tx) -> dict[str, int]:
    """The number of clocks in each state."""
    rows = await tx.rows(select(clocks.c.state, func.count().label("n")).group_by(clocks.c.state))
    return {row["state"]: int(row["n"]) for row in rows}


async def doubled(tx: Tx) -> list[str]:
    """Leads with two open clocks of one promise."""
    twice = select(clocks.c.lead).where(_OPEN).group_by(clocks.c.lead, clocks.c.promise).having(func.count() > 1)
    return sorted({row["lead"] for row in await tx.rows(twice)})


async def asleep(tx: Tx) -> list[str]:
    """Open clocks that have a next step but no scheduled item."""
    scheduled = exists().where(_items.c.id == clocks.c.id)
    return await _clock_ids(tx, and_(_OPEN, clocks.c.next_step != "", ~scheduled))


async def overdue(tx: Tx, grace: timedelta) -> list[str]:
    """Running clocks past their due instant whose scheduled item comes only later, or is late by more than `grace`."""
    item = _items.c
    late = [and_(item.clock == "wall", item.at < tx.wall - grace), and_(item.clock == "now", item.at > tx.now)]
    if abs(tx.now - tx.wall) < timedelta(seconds=1):
        # Only on the real clock: a stepped one makes every item late in the instant of its step.
        late.append(and_(item.clock == "now", item.at < tx.now - grace))
    late_item = exists().where(item.id == clocks.c.id, or_(*late))
    past_due = clocks.c.due_at < tx.now - tx.context.settle
    return await _clock_ids(tx, and_(clocks.c.state == "running", past_due, late_item))


async def accept_epochs(tx: Tx) -> list[tuple[str, int]]:
    """Every (lead, epoch) that ever had an accept clock."""
    rows = await tx.rows(select(clocks.c.lead, clocks.c.epoch).where(clocks.c.promise == "accept"))
    return [(row["lead"], row["epoch"]) for row in rows]


async def _clock_ids(tx: Tx, which: ColumnElement[bool]) -> list[str]:
    return [row["id"] for row in await tx.rows(select(clocks.c.id).where(which).order_by(clocks.c.id))]
