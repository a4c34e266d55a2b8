"""Events that came before what they need (a version, a person, a lead): kept in order, and handled when it arrives."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, func, select, text

from shared.events.base import Event, decode
from shared.store.tx import Tx
from shared.store.types import BigId

PART = 400
Handler = Callable[[Tx, list[Event[Any]]], Awaitable[None]]
Missing = Callable[[Event[Any]], str]
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' deferred'))")


def deferred_table(metadata: MetaData) -> Table:
    """The table, for a service that keeps such events."""
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
    tx: Tx, events: Sequence[Event[Any]], needs: Missing, look: Callable[[], Awaitable[Missing]] | None = None
) -> list[Event[Any]]:
    """Those events that can be handled; the others, and whatever comes behind one of their lead, are kept.

    `needs` names what is missing for an event ("" when nothing is). Another process may be committing just that: with
    `look` it is asked for once more under the lock that `resume` takes too, so that nothing waits for what is here."""
    if look and tx.dialect == "postgresql" and any(needs(event) for event in events):
        await tx.conn.execute(_LOCK)
        needs = await look()
    behind = await _leads(tx, sorted({event.subject for event in events}))
    fit, kept = [], []
    for event in events:
        missing = needs(event)
        if missing or event.subject in behind:
            kept.append({"lead": event.subject, "missing": missing or "behind", "body": event.encode()})
        else:
            fit.append(event)
    await tx.execute(_table.insert(), kept)
    return fit


async def resume(tx: Tx, hear: Handler, arrived: Sequence[str]) -> None:
    """Handle what waited for these needs, and what waited behind it, lead by lead in order."""
    if tx.dialect == "postgresql":
        await tx.conn.execute(_LOCK)
    queues = await _take(tx, sorted(set(arrived)))
    for place in range(max((len(bodies) for bodies in queues.values()), default=0)):
        wave: list[Event[Any]] = [decode(bodies[place]) for bodies in queues.values() if len(bodies) > place]
        await hear(tx, wave)


async def count(tx: Tx) -> int:
    """How many events wait."""
    row = await tx.first(select(func.count().label("n")).select_from(_table))
    return int(row["n"]) if row else 0


async def _leads(tx: Tx, leads: list[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(leads), PART):
        part = leads[start : start + PART]
        found |= {row["lead"] for row in await tx.rows(select(_table.c.lead).where(_table.c.lead.in_(part)))}
    return found


async def _take(tx: Tx, needs: list[str]) -> dict[str, list[bytes]]:
    leads: set[str] = set()
    for start in range(0, len(needs), PART):
        part = needs[start : start + PART]
        leads |= {row["lead"] for row in await tx.rows(select(_table.c.lead).where(_table.c.missing.in_(part)))}
    found: dict[str, list[bytes]] = {}
    ordered = sorted(leads)
    for start in range(0, len(ordered), PART):
        part = ordered[start : start + PART]
        for row in await tx.rows(select(_table).where(_table.c.lead.in_(part)).order_by(_table.c.id)):
            found.setdefault(row["lead"], []).append(bytes(row["body"]))
        await tx.execute(_table.delete().where(_table.c.lead.in_(part)))
    return found
