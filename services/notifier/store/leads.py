"""Leads as they are now, when their clocks are due, and what was said of them too early."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from services.notifier.domain.lead import Lead
from services.notifier.store.tables import clocks, early, leads
from shared.events.base import Event, decode
from shared.store.tx import Tx
from shared.store.write import insert_new, upsert

PART = 400
_NAMES = tuple(item.name for item in fields(Lead))


def parts(ids: Iterable[str]) -> Iterable[list[str]]:
    """Sorted ids in lists short enough for one statement."""
    wanted = sorted(set(ids))
    return (wanted[start : start + PART] for start in range(0, len(wanted), PART))


async def leads_of(tx: Tx, ids: Iterable[str], *, lock: bool = False) -> dict[str, Lead]:
    """What is known of these leads; locked (in the order of their ids) for who will change them."""
    found: dict[str, Lead] = {}
    for part in parts(ids):
        statement = select(leads).where(leads.c.id.in_(part)).order_by(leads.c.id)
        for row in await tx.rows(statement.with_for_update() if lock else statement):
            found[row["id"]] = Lead(**row)
    return found


async def save_leads(tx: Tx, changed: Sequence[Lead]) -> None:
    """Write leads."""
    await upsert(tx, leads, [asdict(lead) for lead in changed], ["id"], [name for name in _NAMES if name != "id"])


async def expect(tx: Tx, ids: Iterable[str]) -> None:
    """Make place for leads that nobody has told of yet, so that whoever brings them meets whoever waits for them."""
    rows = [asdict(Lead(lead, since=tx.now)) for lead in sorted(set(ids))]
    if rows:
        await insert_new(tx, leads, rows, ["id"])


async def keep_early(tx: Tx, events: Sequence[Event[Any]]) -> None:
    """Keep events about assignments that are not here yet."""
    await tx.execute(early.insert(), [{"lead": event.subject, "body": event.encode()} for event in events])


async def take_early(tx: Tx, ids: Iterable[str]) -> dict[str, list[Event[Any]]]:
    """The events that were kept for these leads, in their order; they are kept no more."""
    found: dict[str, list[Event[Any]]] = {}
    for part in parts(ids):
        for row in await tx.rows(select(early).where(early.c.lead.in_(part)).order_by(early.c.id)):
            found.setdefault(row["lead"], []).append(decode(bytes(row["body"])))
        if found:
            await tx.execute(early.delete().where(early.c.lead.in_(part)))
    return found


async def dues_of(tx: Tx, ids: Iterable[str]) -> dict[tuple[str, str, int], datetime]:
    """When clocks of these leads are due: (lead, promise, epoch) to the instant."""
    found: dict[tuple[str, str, int], datetime] = {}
    for part in parts(ids):
        for row in await tx.rows(select(clocks).where(clocks.c.lead.in_(part))):
            found[row["lead"], row["promise"], row["epoch"]] = row["due_at"]
    return found


async def save_dues(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep when clocks are due."""
    await upsert(tx, clocks, rows, ["lead", "promise", "epoch"], ["due_at"])


async def drop_dues(tx: Tx, keys: Sequence[tuple[str, str, int]]) -> None:
    """These clocks (lead, promise, epoch) do not run any more."""
    for start in range(0, len(keys), PART):
        which = [
            and_(clocks.c.lead == lead, clocks.c.promise == promise, clocks.c.epoch == epoch)
            for lead, promise, epoch in keys[start : start + PART]
        ]
        await tx.execute(clocks.delete().where(or_(*which)))
