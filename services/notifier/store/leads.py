"""Stores leads, the due times of their clocks, and events that arrived before their assignment."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from services.notifier.domain.lead import Lead
from services.notifier.store.tables import clocks, early_events, leads
from shared.events.base import Event, decode
from shared.store.chunks import chunked, key_chunks
from shared.store.tx import Tx
from shared.store.write import insert_new, upsert

_COLUMNS = tuple(item.name for item in fields(Lead))


async def load_leads(tx: Tx, ids: Iterable[str], *, lock: bool = False) -> dict[str, Lead]:
    """These leads by id; with `lock` for update, in the order of their ids."""
    loaded: dict[str, Lead] = {}
    for chunk in key_chunks(ids):
        statement = select(leads).where(leads.c.id.in_(chunk)).order_by(leads.c.id)
        for row in await tx.rows(statement.with_for_update() if lock else statement):
            loaded[row["id"]] = Lead(**row)
    return loaded


async def save_leads(tx: Tx, changed: Sequence[Lead]) -> None:
    """Insert or replace leads."""
    await upsert(tx, leads, [asdict(lead) for lead in changed], ["id"], [name for name in _COLUMNS if name != "id"])


async def insert_placeholders(tx: Tx, ids: Iterable[str]) -> None:
    """Insert rows for unknown leads, so that the transactions of an early event and of the assignment lock one row."""
    rows = [asdict(Lead(lead_id, since=tx.now)) for lead_id in sorted(set(ids))]
    if rows:
        await insert_new(tx, leads, rows, ["id"])


async def insert_early_events(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Store events that arrived before their assignment."""
    await tx.execute(early_events.insert(), [{"lead": event.subject, "body": event.encode()} for event in events])


async def take_early_events(tx: Tx, ids: Iterable[str]) -> dict[str, list[Event[Any]]]:
    """Delete and return the early events of these leads, in their order."""
    events: dict[str, list[Event[Any]]] = {}
    for chunk in key_chunks(ids):
        statement = select(early_events).where(early_events.c.lead.in_(chunk)).order_by(early_events.c.id)
        for row in await tx.rows(statement):
            events.setdefault(row["lead"], []).append(decode(bytes(row["body"])))
        if events:
            await tx.execute(early_events.delete().where(early_events.c.lead.in_(chunk)))
    return events


async def due_times(tx: Tx, ids: Iterable[str]) -> dict[tuple[str, str, int], datetime]:
    """When the running clocks of these leads are due, by (lead, promise, epoch)."""
    result: dict[tuple[str, str, int], datetime] = {}
    for chunk in key_chunks(ids):
        for row in await tx.rows(select(clocks).where(clocks.c.lead.in_(chunk))):
            result[row["lead"], row["promise"], row["epoch"]] = row["due_at"]
    return result


async def save_due_times(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Insert or update due times of clocks."""
    await upsert(tx, clocks, rows, ["lead", "promise", "epoch"], ["due_at"])


async def delete_due_times(tx: Tx, keys: Sequence[tuple[str, str, int]]) -> None:
    """Delete stopped clocks, named by (lead, promise, epoch)."""
    for chunk in chunked(keys):
        conditions = [
            and_(clocks.c.lead == lead, clocks.c.promise == promise, clocks.c.epoch == epoch)
            for lead, promise, epoch in chunk
        ]
        await tx.execute(clocks.delete().where(or_(*conditions)))
