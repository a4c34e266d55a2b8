"""Leads as people ask for them: lists by page, their record, their decisions."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from services.router.store.tables import assignments, decisions, elements, lead_log, leads
from shared.store.tx import Tx

LISTED = (
    *(
        leads.c.id,
        leads.c.state,
        leads.c.since,
        leads.c.owner,
        leads.c.team,
        leads.c.tier,
        leads.c.score,
        leads.c.epoch,
    ),
    *(leads.c.source, leads.c.endpoint, leads.c.received_at, leads.c.assigned_at, leads.c.rule, leads.c.why),
    *(leads.c.needs_fetch, leads.c.merged_into, leads.c.card),
)


async def page(
    tx: Tx,
    *,
    state: str | None,
    owner: str | None,
    q: str | None,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Leads, newest first, after a place in that order."""
    statement = select(*LISTED).order_by(leads.c.received_at.desc(), leads.c.id.desc()).limit(limit)
    if state:
        statement = statement.where(leads.c.state.in_(state.split(",")))
    if owner:
        statement = statement.where(leads.c.owner == owner)
    if q:
        escaped = q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        statement = statement.where(leads.c.card.cast(_text()).ilike(f"%{escaped}%", escape="\\"))
    if after:
        at, lead_id = after
        statement = statement.where(
            or_(leads.c.received_at < at, and_(leads.c.received_at == at, leads.c.id < lead_id))
        )
    return [dict(row) for row in await tx.rows(statement)]


def _text() -> Any:
    from sqlalchemy import Text

    return Text()


async def whole(tx: Tx, lead_id: str) -> dict[str, Any] | None:
    """One lead with its facts, assignments and the elements that speak of it."""
    row = await tx.first(select(leads).where(leads.c.id == lead_id))
    if row is None:
        return None
    had = await tx.rows(select(assignments).where(assignments.c.lead == lead_id).order_by(assignments.c.epoch))
    came = await tx.rows(select(elements).where(elements.c.lead == lead_id).order_by(elements.c.id))
    return {**row, "assignments": [dict(item) for item in had], "elements": [dict(item) for item in came]}


async def became(tx: Tx, element_id: str) -> str | None:
    """The lead that an element (a lead id of a 202) speaks of."""
    row = await tx.first(select(elements.c.lead).where(elements.c.id == element_id))
    return row["lead"] if row else None


async def timeline(tx: Tx, lead_id: str) -> list[dict[str, Any]]:
    """What happened to a lead, in order."""
    rows = await tx.rows(select(lead_log).where(lead_log.c.lead == lead_id).order_by(lead_log.c.id))
    return [{"at": row["at"], "type": row["type"], "data": row["data"]} for row in rows]


async def decided(tx: Tx, lead_id: str) -> list[dict[str, Any]]:
    """The decisions about a lead, oldest first."""
    rows = await tx.rows(select(decisions).where(decisions.c.lead == lead_id).order_by(decisions.c.id))
    return [{"id": row["id"], "epoch": row["epoch"], "at": row["at"], **row["record"]} for row in rows]
