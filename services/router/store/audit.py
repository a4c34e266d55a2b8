"""The audit's queries: how many items came in, what became of them, and which leads contradict their assignments."""

from typing import Any

from sqlalchemy import func, select

from services.router.domain.lead import OWNED
from services.router.store.tables import assignments, deliveries, items, leads
from shared.store.tx import Tx


async def delivery_counts(tx: Tx) -> dict[str, Any]:
    """How many deliveries there are, how many items were read in them, how many are unread, since when (UTC)."""
    total = await tx.first(
        select(func.count().label("requests"), func.coalesce(func.sum(deliveries.c.item_count), 0).label("read"))
    )
    unread = await tx.first(
        select(func.count().label("n"), func.min(deliveries.c.received_at).label("oldest")).where(
            deliveries.c.item_count.is_(None)
        )
    )
    return {
        "requests": int(total["requests"]) if total else 0,
        "read": int(total["read"]) if total else 0,
        "unread": int(unread["n"]) if unread else 0,
        "oldest_in_flight": unread["oldest"] if unread else None,
    }


async def items_by_outcome(tx: Tx) -> dict[str, int]:
    """The number of items by outcome (lead, merged, duplicate, parked)."""
    rows = await tx.rows(select(items.c.outcome, func.count().label("n")).group_by(items.c.outcome))
    return {row["outcome"]: int(row["n"]) for row in rows}


async def leads_by_state(tx: Tx) -> dict[str, int]:
    """How many leads are in each state."""
    rows = await tx.rows(select(leads.c.state, func.count().label("n")).group_by(leads.c.state))
    return {row["state"]: int(row["n"]) for row in rows}


async def owned_leads(tx: Tx) -> list[dict[str, Any]]:
    """Every lead that has an owner, with the tier and version that its promises follow from."""
    columns = (leads.c.id, leads.c.epoch, leads.c.owner, leads.c.state, leads.c.tier, leads.c.terms_version)
    return [dict(row) for row in await tx.rows(select(*columns).where(leads.c.state.in_(sorted(OWNED))))]


async def leads_with_two_owners(tx: Tx) -> list[str]:
    """The ids of leads with more than one assignment that has not ended."""
    statement = (
        select(assignments.c.lead)
        .where(assignments.c.ended_at.is_(None))
        .group_by(assignments.c.lead)
        .having(func.count() > 1)
    )
    return [row["lead"] for row in await tx.rows(statement)]


async def owners_without_assignment(tx: Tx) -> list[str]:
    """The ids of leads whose owner has no assignment under the present epoch."""
    same = (
        (assignments.c.lead == leads.c.id)
        & (assignments.c.epoch == leads.c.epoch)
        & assignments.c.ended_at.is_(None)
        & (assignments.c.owner == leads.c.owner)
    )
    statement = (
        select(leads.c.id)
        .outerjoin(assignments, same)
        .where(leads.c.state.in_(sorted(OWNED)), assignments.c.lead.is_(None))
    )
    return [row["id"] for row in await tx.rows(statement)]
