"""What must happen later, as rows: put in place, claimed in batches, gone or put again in the same commit."""

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
    """One thing that must happen: which ring (`kind`), for whom (`subject`), when, and by which reading of time:
    `now` (business time, may be stepped) or `wall` (real time: settle, hold, back-off)."""

    id: str
    kind: str
    subject: str
    at: datetime
    clock: ClockName = "now"
    data: dict[str, Any] = field(default_factory=dict)


async def schedule(tx: Tx, rows: list[ScheduledItem]) -> None:
    """Add rows, or move those whose id is there already."""
    values = [
        {
            "id": row.id,
            "kind": row.kind,
            "subject": row.subject,
            "at": row.at,
            "clock": row.clock,
            "data": row.data or None,
        }
        for row in {row.id: row for row in rows}.values()
    ]
    if values:
        await upsert(tx, _items, values, ["id"], ["kind", "subject", "at", "clock", "data"])
        tx.wakeups.add("due")


async def cancel(tx: Tx, ids: list[str]) -> None:
    """Take rows away."""
    if ids:
        await tx.conn.execute(_DROP, {"ids": sorted(set(ids))})


async def drop_for(tx: Tx, subjects: list[str], kind: str | None = None) -> None:
    """Take away all rows of the subjects, of one kind or of all."""
    if subjects:
        statement = _DROP_FOR_KIND if kind else _DROP_FOR
        await tx.conn.execute(
            statement,
            {"subjects": sorted(set(subjects)), **({"kind": kind} if kind else {})},
        )


async def for_subjects(tx: Tx, subjects: list[str]) -> list[ScheduledItem]:
    """The rows of the subjects, locked."""
    if not subjects:
        return []
    statement = (
        _items.select().where(_items.c.subject.in_(sorted(set(subjects)))).order_by(_items.c.id).with_for_update()
    )
    return [_item(row) for row in await tx.rows(statement)]


async def lock(tx: Tx, subjects: list[str]) -> None:
    """Lock the subjects' rows, so that a tick and an event meet in one order: due rows first."""
    if tx.dialect == "postgresql":
        await for_subjects(tx, subjects)


async def claim(tx: Tx, limit: int = BATCH) -> list[ScheduledItem]:
    """What has come due, earliest first. The rows are gone with this transaction's commit, unless put again."""
    statement = _CLAIM_PG if tx.dialect == "postgresql" else _CLAIM
    found = (await tx.conn.execute(statement, {"now": tx.now, "wall": tx.wall, "limit": limit})).mappings().all()
    return sorted((_item(row) for row in found), key=lambda due: (due.at, due.id))


async def claim_by_id(tx: Tx, ids: list[str]) -> list[ScheduledItem]:
    """Claim named rows, to find the one at fault after a batch failed."""
    if not ids:
        return []
    statement = _items.delete().where(_items.c.id.in_(ids)).returning(*_items.c)
    return sorted(
        (_item(row) for row in await tx.rows(statement)),
        key=lambda due: (due.at, due.id),
    )


async def next_instants(tx: Tx) -> dict[ClockName, datetime]:
    """The earliest row of each reading of time."""
    row = await tx.first(_NEXT)
    assert row is not None
    found: dict[ClockName, datetime] = {}
    if row["business"]:
        found["now"] = row["business"]
    if row["wall"]:
        found["wall"] = row["wall"]
    return found


async def count_overdue(tx: Tx, now: datetime, wall: datetime) -> int:
    """How many rows are due and not yet claimed."""
    row = await tx.first(_LATE, {"now": now, "wall": wall})
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
_LATE = text(
    "SELECT (SELECT count(*) FROM scheduled_items WHERE clock = 'now' AND at <= :now)"
    " + (SELECT count(*) FROM scheduled_items WHERE clock = 'wall' AND at <= :wall) AS n"
).bindparams(*_MOMENTS)
_DROP = text("DELETE FROM scheduled_items WHERE id IN :ids").bindparams(bindparam("ids", expanding=True))
_DROP_FOR = text("DELETE FROM scheduled_items WHERE subject IN :subjects").bindparams(
    bindparam("subjects", expanding=True)
)
_DROP_FOR_KIND = text("DELETE FROM scheduled_items WHERE subject IN :subjects AND kind = :kind").bindparams(
    bindparam("subjects", expanding=True)
)
