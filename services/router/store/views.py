"""Queries of leads for the HTTP routes: pages of leads, details, timelines, decisions."""

from datetime import datetime
from typing import Any

from sqlalchemy import Text, and_, or_, select

from services.router.store.tables import assignments, decisions, items, lead_timeline, leads
from shared.store.tx import Tx

LIST_COLUMNS = (
    *(leads.c.id, leads.c.state, leads.c.since, leads.c.owner, leads.c.team, leads.c.tier, leads.c.grade),
    *(leads.c.score, leads.c.epoch, leads.c.source, leads.c.endpoint, leads.c.received_at, leads.c.assigned_at),
    *(leads.c.rule, leads.c.why, leads.c.needs_fetch, leads.c.merged_into, leads.c.card),
)


async def list_leads(
    tx: Tx,
    *,
    state: str | None,
    owner: str | None,
    q: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """One page of leads, newest first, after a (received at, id) in that order.

    `state` may be several, separated by commas; `q` is a text that the card contains.
    """
    statement = select(*LIST_COLUMNS).order_by(leads.c.received_at.desc(), leads.c.id.desc()).limit(limit)
    if state:
        statement = statement.where(leads.c.state.in_(state.split(",")))
    if owner:
        statement = statement.where(leads.c.owner == owner)
    if q:
        escaped = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        statement = statement.where(leads.c.card.cast(Text()).ilike(f"%{escaped}%", escape="\\"))
    if after:
        at, lead_id = after
        statement = statement.where(
            or_(leads.c.received_at < at, and_(leads.c.received_at == at, leads.c.id < lead_id))
        )
    return [dict(row) for row in await tx.rows(statement)]


async def lead_detail(tx: Tx, lead_id: str) -> dict[str, Any] | None:
    """One lead with its facts, its assignments and the items that are about it, or None."""
    row = await tx.first(select(leads).where(leads.c.id == lead_id))
    if row is None:
        return None
    assigned = await tx.rows(select(assignments).where(assignments.c.lead == lead_id).order_by(assignments.c.epoch))
    about = await tx.rows(select(items).where(items.c.lead == lead_id).order_by(items.c.id))
    return {**row, "assignments": [dict(item) for item in assigned], "items": [dict(item) for item in about]}


async def lead_of_item(tx: Tx, item_id: str) -> str | None:
    """The lead that an item (a lead id of a 202) is about, or None."""
    row = await tx.first(select(items.c.lead).where(items.c.id == item_id))
    return row["lead"] if row else None


async def timeline(tx: Tx, lead_id: str) -> list[dict[str, Any]]:
    """What happened to a lead, in order."""
    rows = await tx.rows(select(lead_timeline).where(lead_timeline.c.lead == lead_id).order_by(lead_timeline.c.id))
    return [{"at": row["at"], "type": row["type"], "data": row["data"]} for row in rows]


async def decisions_of(tx: Tx, lead_id: str) -> list[dict[str, Any]]:
    """The decision records of a lead, oldest first."""
    rows = await tx.rows(select(decisions).where(decisions.c.lead == lead_id).order_by(decisions.c.id))
    return [{"id": row["id"], "epoch": row["epoch"], "at": row["at"], **row["record"]} for row in rows]
