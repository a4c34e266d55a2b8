"""Queries of leads, their timeline, decisions and assignments: one statement for each table and batch."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import case, func, select

from services.router.domain.lead import COUNTS_AGAINST_CAP, FIELDS, Lead
from services.router.store.tables import assignments, decisions, lead_timeline, leads
from shared.store.chunks import chunked, key_chunks
from shared.store.tx import Tx
from shared.store.write import upsert

ROWS_PER_UPSERT = 100


async def load_for_update(tx: Tx, ids: Iterable[str]) -> dict[str, Lead]:
    """The leads with these ids, locked in the order of their ids; ids that do not exist are left out."""
    loaded: dict[str, Lead] = {}
    for part in key_chunks(ids):
        statement = select(leads).where(leads.c.id.in_(part)).order_by(leads.c.id).with_for_update()
        loaded |= {row["id"]: _lead(row) for row in await tx.rows(statement)}
    return loaded


async def get(tx: Tx, lead_id: str) -> Lead | None:
    """One lead, not locked, or None."""
    row = await tx.first(select(leads).where(leads.c.id == lead_id))
    return _lead(row) if row else None


async def save(tx: Tx, changed: Sequence[Lead]) -> None:
    """Insert or update leads."""
    rows = [_row(lead) | {"changed_at": tx.now} for lead in changed]
    for part in chunked(rows, ROWS_PER_UPSERT):
        await upsert(tx, leads, list(part), ["id"], [*FIELDS[1:], "changed_at"])


async def ids_in_state(tx: Tx, state: str, *, limit: int) -> list[str]:
    """The ids of leads in a state, oldest first."""
    statement = select(leads.c.id).where(leads.c.state == state).order_by(leads.c.received_at).limit(limit)
    return [row["id"] for row in await tx.rows(statement)]


async def leads_in_state(tx: Tx, state: str, *, limit: int) -> list[Lead]:
    """The leads in a state, oldest first, not locked."""
    statement = select(leads).where(leads.c.state == state).order_by(leads.c.received_at, leads.c.id).limit(limit)
    return [_lead(row) for row in await tx.rows(statement)]


async def ids_waiting(tx: Tx, tiers: Sequence[str], *, skip: int, limit: int) -> list[str]:
    """The ids of held and unrouted leads: by tier (in this order), then score, then age."""
    rank = case({tier: place for place, tier in enumerate(tiers)}, value=leads.c.tier, else_=len(tiers)) if tiers else 0
    order = (rank, func.coalesce(leads.c.score, 0).desc(), leads.c.received_at, leads.c.id) if tiers else (leads.c.id,)
    statement = select(leads.c.id).where(leads.c.state.in_(("held", "unrouted"))).order_by(*order)
    return [row["id"] for row in await tx.rows(statement.offset(skip).limit(limit))]


async def ids_waiting_for_agreement(tx: Tx, limit: int) -> list[str]:
    """The ids of leads that were received while no agreement was live, oldest first."""
    where = (leads.c.state == "received", leads.c.needs_fetch.is_(False))
    statement = select(leads.c.id).where(*where).order_by(leads.c.received_at, leads.c.id).limit(limit)
    return [row["id"] for row in await tx.rows(statement)]


async def ids_owned_by(tx: Tx, rep: str, states: Iterable[str]) -> list[str]:
    """The ids of a rep's leads in these states."""
    statement = select(leads.c.id).where(leads.c.owner == rep, leads.c.state.in_(list(states))).order_by(leads.c.id)
    return [row["id"] for row in await tx.rows(statement)]


async def open_counts(tx: Tx, reps: Iterable[str]) -> dict[str, int]:
    """How many leads of each rep count against the cap; reps without any are left out."""
    rep_ids = sorted(set(reps))
    if not rep_ids:
        return {}
    statement = (
        select(leads.c.owner, func.count().label("n"))
        .where(leads.c.owner.in_(rep_ids), leads.c.state.in_(sorted(COUNTS_AGAINST_CAP)))
        .group_by(leads.c.owner)
    )
    return {row["owner"]: int(row["n"]) for row in await tx.rows(statement)}


async def insert_timeline(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Add entries to the timelines of leads."""
    await tx.execute(lead_timeline.insert(), rows)


async def insert_decisions(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Insert decision records."""
    await tx.execute(decisions.insert(), rows)


async def save_assignments(tx: Tx, rows: list[dict[str, Any]], ended: list[dict[str, Any]]) -> None:
    """End the assignments that are over, then insert new ones: who has which lead under which epoch."""
    for row in ended:
        where = (assignments.c.lead == row["lead"], assignments.c.ended_at.is_(None))
        await tx.execute(assignments.update().where(*where).values(ended_at=row["at"], ended_why=row["why"]))
    await tx.execute(assignments.insert(), rows)


def _lead(row: Any) -> Lead:
    values = {name: row[name] for name in FIELDS}
    values["previous_owners"] = tuple(values["previous_owners"] or ())
    return Lead(**values)


def _row(lead: Lead) -> dict[str, Any]:
    return {name: getattr(lead, name) for name in FIELDS} | {"previous_owners": list(lead.previous_owners)}
