"""The router's terms of the audit: what was received must equal what became of it."""

from typing import Any

from sqlalchemy import func, select

from services.router.domain.lead import OWNED
from services.router.store.cached import pinned
from services.router.store.tables import assignments, deliveries, elements, leads
from shared.store.tx import Tx


async def terms(tx: Tx) -> dict[str, Any]:
    """Counts of what came in and of what became of it, and what does not fit, by lead."""
    arrived = await tx.first(
        select(func.coalesce(func.sum(deliveries.c.elements), 0).label("read"), func.count().label("requests"))
    )
    unread = await tx.first(select(func.count().label("n")).where(deliveries.c.elements.is_(None)))
    became = await tx.rows(select(elements.c.became, func.count().label("n")).group_by(elements.c.became))
    states = await tx.rows(select(leads.c.state, func.count().label("n")).group_by(leads.c.state))
    oldest = await tx.first(
        select(func.min(deliveries.c.received_at).label("at")).where(deliveries.c.elements.is_(None))
    )
    owned = await tx.rows(
        select(leads.c.id, leads.c.epoch, leads.c.owner, leads.c.state, leads.c.tier, leads.c.pinned).where(
            leads.c.state.in_(sorted(OWNED))
        )
    )
    versions = await pinned(tx, [row["pinned"] for row in owned])
    bound = {
        f"{number}:{tier}"
        for number, compiled in versions.items()
        for tier in {row["tier"] for row in owned}
        if (promise := compiled.promises.get("accept")) and promise.target(tier or "")
    }
    open_twice = await tx.rows(
        select(assignments.c.lead, func.count().label("n"))
        .where(assignments.c.ended_at.is_(None))
        .group_by(assignments.c.lead)
        .having(func.count() > 1)
    )
    unlike = await tx.rows(
        select(leads.c.id)
        .outerjoin(
            assignments,
            (assignments.c.lead == leads.c.id)
            & (assignments.c.epoch == leads.c.epoch)
            & assignments.c.ended_at.is_(None)
            & (assignments.c.owner == leads.c.owner),
        )
        .where(leads.c.state.in_(sorted(OWNED)), assignments.c.lead.is_(None))
    )
    return {
        "requests": int(arrived["requests"] or 0) if arrived else 0,
        "read": int(arrived["read"]) if arrived else 0,
        "unread": int(unread["n"]) if unread else 0,
        "oldest_in_flight": oldest["at"] if oldest else None,
        "elements": {row["became"]: int(row["n"]) for row in became},
        "states": {row["state"]: int(row["n"]) for row in states},
        "owned": [dict(row) for row in owned],
        "bound": sorted(bound),
        "two_owners": [row["lead"] for row in open_twice],
        "owner_without_assignment": [row["id"] for row in unlike],
    }


async def gauges(tx: Tx) -> dict[str, float]:
    """Leads by state."""
    rows = await tx.rows(select(leads.c.state, func.count().label("n")).group_by(leads.c.state))
    return {f"leads_{row['state']}": float(row["n"]) for row in rows}
