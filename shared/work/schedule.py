"""Scheduled items: rows that say what must happen later; claimed in batches, in the transaction that handles them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Column, MetaData, String, Table, bindparam, text

from shared.store.tx import Tx
from shared.store.types import Json, UtcDateTime
from shared.store.write import upsert

ClockName = Literal["now", "wall"]
BATCH = 500

_items = Table(
    "scheduled_items",
    MetaData(),
    Column("id", String, primary_key=True),
    Column("kind", String),
    Column("subject", String),
    Column("at", UtcDateTime),
    Column("clock", String),
    Column("data", Json),
)


@dataclass(frozen=True, slots=True)
class ScheduledItem:
    """One thing that must happen: its handler (`kind`), its `subject`, its time (`at`) and the clock of that time.

    The clock is `now` (business time, may be stepped) or `wall` (real time: settle, hold, back-off)."""

    id: str
    kind: str
    subject: str
    at: datetime
    clock: ClockName = "now"
    data: dict[str, Any] = field(default_factory=dict)


async def schedule(tx: Tx, items: list[ScheduledItem]) -> None:
    """Add items; an item whose id exists replaces the existing one."""
    values = [
        {
            "id": item.id,
            "kind": item.kind,
            "subject": item.subject,
            "at": item.at,
            "clock": item.clock,
            "data": item.data or None,
        }
        for item in {item.id: item for item in items}.values()
    ]
    if values:
        await upsert(tx, _items, values, ["id"], ["kind", "subject", "at", "clock", "data"])
        tx.wakeups.add("due")


async def cancel(tx: Tx, ids: list[str]) -> None:
    """Delete the items with these ids."""
    if ids:
        await tx.conn.execute(_CANCEL, {"ids": sorted(set(ids))})


async def for_subjects(tx: Tx, subjects: list[str]) -> list[ScheduledItem]:
    """The items of the subjects, locked."""
    if not subjects:
        return []
    statement = (
        _items.select().where(_items.c.subject.in_(sorted(set(subjects)))).order_by(_items.c.id).with_for_update()
    )
    return [_item(row) for row in await tx.rows(statement)]


async def lock(tx: Tx, subjects: list[str]) -> None:
    """Lock the items of the subjects, so that scheduler and consumer take locks in one order: scheduled items first."""
    if tx.dialect == "postgresql":
        await for_subjects(tx, subjects)


async def claim(tx: Tx, limit: int = BATCH) -> list[ScheduledItem]:
    """Claim the items that are due, earliest first. The claim deletes them when this transaction commits."""
    statement = _CLAIM_PG if tx.dialect == "postgresql" else _CLAIM
    rows = (await tx.conn.execute(statement, {"now": tx.now, "wall": tx.wall, "limit": limit})).mappings().all()
    return sorted((_item(row) for row in rows), key=lambda item: (item.at, item.id))


async def claim_by_id(tx: Tx, ids: list[str]) -> list[ScheduledItem]:
    """Claim the items with these ids, to handle them one by one after a batch failed."""
    if not ids:
        return []
    statement = _items.delete().where(_items.c.id.in_(ids)).returning(*_items.c)
    return sorted(
        (_item(row) for row in await tx.rows(statement)),
        key=lambda item: (item.at, item.id),
    )


async def next_instants(tx: Tx) -> dict[ClockName, datetime]:
    """When the earliest item of each clock is due."""
    row = await tx.first(_NEXT)
    assert row is not None
    instants: dict[ClockName, datetime] = {}
    if row["business"]:
        instants["now"] = row["business"]
    if row["wall"]:
        instants["wall"] = row["wall"]
    return instants


async def count_overdue(tx: Tx, now: datetime, wall: datetime) -> int:
    """How many items are due and not yet claimed."""
    row = await tx.first(_OVERDUE, {"now": now, "wall": wall})
    return int(row["n"]) if row else 0


def _item(row: Any) -> ScheduledItem:
    return ScheduledItem(
        row["id"],
        row["kind"],
        row["subject"],
        row["at"],
        row["clock"],
        row["data"] or {},
    )


_MOMENTS = [bindparam("now", type_=UtcDateTime), bindparam("wall", type_=UtcDateTime)]
_PICK = "SELECT id FROM scheduled_items WHERE clock = '{clock}' AND at <= :{name} ORDER BY at LIMIT :limit"
_CLAIM = (
    text(
        "DELETE FROM scheduled_items WHERE id IN (SELECT id FROM ("
        + _PICK.format(clock="now", name="now")
        + ")) OR id IN (SELECT id FROM ("
        + _PICK.format(clock="wall", name="wall")
        + ")) RETURNING id, kind, subject, at, clock, data"
    )
    .bindparams(*_MOMENTS)
    .columns(*_items.c)
)
_SKIP = " FOR UPDATE SKIP LOCKED"
_CLAIM_PG = (
    text(
        "DELETE FROM scheduled_items WHERE id = ANY(ARRAY("
        + _PICK.format(clock="now", name="now")
        + _SKIP
        + ") || ARRAY("
        + _PICK.format(clock="wall", name="wall")
        + _SKIP
        + ")) RETURNING id, kind, subject, at, clock, data"
    )
    .bindparams(*_MOMENTS)
    .columns(*_items.c)
)
_NEXT = text(
    "SELECT (SELECT min(at) FROM scheduled_items WHERE clock = 'now') AS business,"
    " (SELECT min(at) FROM scheduled_items WHERE clock = 'wall') AS wall"
).columns(Column("business", UtcDateTime), Column("wall", UtcDateTime))
_OVERDUE = text(
    "SELECT (SELECT count(*) FROM scheduled_items WHERE clock = 'now' AND at <= :now)"
    " + (SELECT count(*) FROM scheduled_items WHERE clock = 'wall' AND at <= :wall) AS n"
).bindparams(*_MOMENTS)
_CANCEL = text("DELETE FROM scheduled_items WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))
