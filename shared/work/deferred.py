"""Deferred events: events that arrived before the version, person or lead they need, stored until that arrives."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, func, select, text

from shared.events.base import Event, decode
from shared.store.chunks import key_chunks
from shared.store.tx import Tx
from shared.store.types import BigId

EARLIER_EVENT = "behind"
"""The value of `missing` for an event that is deferred because an earlier event of its lead is."""
Handler = Callable[[Tx, list[Event[Any]]], Awaitable[None]]
Missing = Callable[[Event[Any]], str]
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' deferred'))")


def deferred_table(metadata: MetaData) -> Table:
    """The table of deferred events, for a service that defers events."""
    return Table(
        "deferred_events",
        metadata,
        Column("id", BigId, primary_key=True, autoincrement=True),
        Column("lead", String(200), nullable=False, index=True),
        Column("missing", String(200), nullable=False, index=True),
        Column("body", LargeBinary, nullable=False),
    )


_table = deferred_table(MetaData())


async def defer_unready(
    tx: Tx, events: Sequence[Event[Any]], missing_of: Missing, recheck: Callable[[], Awaitable[Missing]] | None = None
) -> list[Event[Any]]:
    """Return the events that can be handled now; store the others, and every later event of the same lead.

    `missing_of` names what an event lacks ("" when nothing). Another process may be committing the missing thing, so
    `recheck` computes `missing_of` again under the lock that `resume` also takes: no event then waits for something
    that has arrived."""
    if recheck and tx.dialect == "postgresql" and any(missing_of(event) for event in events):
        await tx.conn.execute(_LOCK)
        missing_of = await recheck()
    deferred_leads = await _with_deferred_events(tx, sorted({event.subject for event in events}))
    handleable: list[Event[Any]] = []
    rows: list[dict[str, Any]] = []
    for event in events:
        missing = missing_of(event)
        if missing or event.subject in deferred_leads:
            rows.append({"lead": event.subject, "missing": missing or EARLIER_EVENT, "body": event.encode()})
        else:
            handleable.append(event)
    await tx.execute(_table.insert(), rows)
    return handleable


async def resume(tx: Tx, handler: Handler, arrived: Sequence[str]) -> None:
    """Handle the events that lacked what has arrived, and those deferred behind them, in order for each lead."""
    if tx.dialect == "postgresql":
        await tx.conn.execute(_LOCK)
    queues = await _take(tx, sorted(set(arrived)))
    for place in range(max((len(bodies) for bodies in queues.values()), default=0)):
        wave: list[Event[Any]] = [decode(bodies[place]) for bodies in queues.values() if len(bodies) > place]
        await handler(tx, wave)


async def missing(tx: Tx) -> list[str]:
    """The distinct things that deferred events lack."""
    rows = await tx.rows(select(_table.c.missing).distinct())
    return [row["missing"] for row in rows if row["missing"] != EARLIER_EVENT]


async def count(tx: Tx) -> int:
    """How many events are deferred."""
    row = await tx.first(select(func.count().label("n")).select_from(_table))
    return int(row["n"]) if row else 0


async def _with_deferred_events(tx: Tx, leads: list[str]) -> set[str]:
    deferred_leads: set[str] = set()
    for part in key_chunks(leads):
        deferred_leads |= {row["lead"] for row in await tx.rows(select(_table.c.lead).where(_table.c.lead.in_(part)))}
    return deferred_leads


async def _take(tx: Tx, needs: list[str]) -> dict[str, list[bytes]]:
    leads: set[str] = set()
    for part in key_chunks(needs):
        leads |= {row["lead"] for row in await tx.rows(select(_table.c.lead).where(_table.c.missing.in_(part)))}
    queues: dict[str, list[bytes]] = {}
    for part in key_chunks(leads):
        for row in await tx.rows(select(_table).where(_table.c.lead.in_(part)).order_by(_table.c.id)):
            queues.setdefault(row["lead"], []).append(bytes(row["body"]))
        await tx.execute(_table.delete().where(_table.c.lead.in_(part)))
    return queues
