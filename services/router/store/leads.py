"""Leads: loaded, locked and saved in one statement each, however many there are."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import case, func, select

from services.router.domain.lead import COUNTED, FIELDS, Lead
from services.router.store.tables import assignments, decisions, lead_log, leads
from shared.store.tx import Tx
from shared.store.write import upsert

PART = 400


async def locked(tx: Tx, ids: Iterable[str]) -> dict[str, Lead]:
    """The leads with these ids, locked in the order of their ids; what does not exist is left out."""
    found: dict[str, Lead] = {}
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), PART):
        part = ordered[start : start + PART]
        statement = select(leads).where(leads.c.id.in_(part)).order_by(leads.c.id).with_for_update()
        found |= {row["id"]: lead_of(row) for row in await tx.rows(statement)}
    return found


async def one(tx: Tx, lead_id: str) -> Lead | None:
    """A lead, not locked."""
    row = await tx.first(select(leads).where(leads.c.id == lead_id))
    return lead_of(row) if row else None


async def save(tx: Tx, changed: Sequence[Lead]) -> None:
    """Write leads, new ones too."""
    rows = [_row(lead) | {"changed_at": tx.now} for lead in changed]
    for start in range(0, len(rows), 100):
        await upsert(tx, leads, rows[start : start + 100], ["id"], [*FIELDS[1:], "changed_at"])


async def of_state(tx: Tx, state: str, *, limit: int, tier: str | None = None) -> list[str]:
    """The ids of leads in a state, oldest first."""
    statement = select(leads.c.id).where(leads.c.state == state).order_by(leads.c.received_at).limit(limit)
    if tier:
        statement = statement.where(leads.c.tier == tier)
    return [row["id"] for row in await tx.rows(statement)]


async def in_state(tx: Tx, state: str, *, limit: int) -> list[Lead]:
    """The leads in a state, oldest first, not locked."""
    statement = select(leads).where(leads.c.state == state).order_by(leads.c.received_at, leads.c.id).limit(limit)
    return [lead_of(row) for row in await tx.rows(statement)]


async def waiting(tx: Tx, tiers: Sequence[str], *, skip: int, limit: int) -> list[str]:
    """The ids of leads that wait for somebody: by tier, then score, then age."""
    rank = case({tier: place for place, tier in enumerate(tiers)}, value=leads.c.tier, else_=len(tiers)) if tiers else 0
    order = (rank, func.coalesce(leads.c.points, 0).desc(), leads.c.received_at, leads.c.id) if tiers else (leads.c.id,)
    statement = select(leads.c.id).where(leads.c.state.in_(("held", "unrouted"))).order_by(*order)
    return [row["id"] for row in await tx.rows(statement.offset(skip).limit(limit))]


async def owned_by(tx: Tx, rep: str, states: Iterable[str]) -> list[str]:
    """The ids of a rep's leads in these states."""
    statement = select(leads.c.id).where(leads.c.owner == rep, leads.c.state.in_(list(states))).order_by(leads.c.id)
    return [row["id"] for row in await tx.rows(statement)]


async def loads(tx: Tx, reps: Iterable[str]) -> dict[str, int]:
    """How many open leads each rep has."""
    wanted = sorted(set(reps))
    if not wanted:
        return {}
    statement = (
        select(leads.c.owner, func.count().label("n"))
        .where(leads.c.owner.in_(wanted), leads.c.state.in_(sorted(COUNTED)))
        .group_by(leads.c.owner)
    )
    return {row["owner"]: int(row["n"]) for row in await tx.rows(statement)}


async def write_log(tx: Tx, lines: list[dict[str, Any]]) -> None:
    """Add lines to the leads' own record."""
    await tx.execute(lead_log.insert(), lines)


async def write_decisions(tx: Tx, rows: list[dict[str, Any]]) -> None:
    """Keep decisions."""
    await tx.execute(decisions.insert(), rows)


async def write_assignments(tx: Tx, rows: list[dict[str, Any]], ended: list[dict[str, Any]]) -> None:
    """Keep who had which lead under which epoch, and end those that are over."""
    for row in ended:
        where = (assignments.c.lead == row["lead"], assignments.c.ended_at.is_(None))
        await tx.execute(assignments.update().where(*where).values(ended_at=row["at"], ended_why=row["why"]))
    await tx.execute(assignments.insert(), rows)


def lead_of(row: Any) -> Lead:
    """A row as a lead."""
    values = {name: row[name] for name in FIELDS}
    values["had"] = tuple(values["had"] or ())
    return Lead(**values)


def _row(lead: Lead) -> dict[str, Any]:
    return {name: getattr(lead, name) for name in FIELDS} | {"had": list(lead.had)}


async def waiting_for_agreement(tx: Tx, limit: int) -> list[str]:
    """The ids of leads that were received while no agreement was live, oldest first."""
    where = (leads.c.state == "received", leads.c.needs_fetch.is_(False))
    statement = select(leads.c.id).where(*where).order_by(leads.c.received_at, leads.c.id).limit(limit)
    return [row["id"] for row in await tx.rows(statement)]
