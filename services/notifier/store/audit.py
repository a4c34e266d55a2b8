"""Audit queries: notices by state, notices without a scheduled item, and answers without an outcome."""

from datetime import datetime

from sqlalchemy import func, select, text

from services.notifier.store.tables import answers, early_events, notices
from shared.store.tx import Tx
from shared.work import deferred

STATES = ("waiting", "ready", "sending", "sent", "failed", "suppressed")
_SCHEDULED = text("SELECT id FROM scheduled_items WHERE kind = 'send'")


async def counts_by_state(tx: Tx) -> dict[str, int]:
    """How many notices are in each state."""
    rows = await tx.rows(select(notices.c.state, func.count().label("n")).group_by(notices.c.state))
    return dict.fromkeys(STATES, 0) | {row["state"]: int(row["n"]) for row in rows}


async def unscheduled(tx: Tx) -> list[str]:
    """The notices that wait or are being sent, and that no scheduled item would make ready again."""
    waiting = await tx.rows(select(notices.c.id).where(notices.c.state.in_(("waiting", "sending"))))
    scheduled = {row["id"].removeprefix("send:") for row in await tx.rows(_SCHEDULED)}
    return [row["id"] for row in waiting if row["id"] not in scheduled]


async def oldest_unsent(tx: Tx) -> datetime | None:
    """The creation time of the oldest notice that is ready or being sent."""
    unsent = notices.c.state.in_(("ready", "sending"))
    row = await tx.first(select(func.min(notices.c.created_at).label("at")).where(unsent))
    return row["at"] if row else None


async def leads_with_pending_answers(tx: Tx) -> list[str]:
    """The leads of answers that the router has not confirmed, oldest answer first."""
    rows = await tx.rows(select(answers.c.lead).where(answers.c.outcome == "").order_by(answers.c.id))
    return [row["lead"] for row in rows]


async def count_deferred(tx: Tx) -> int:
    """How many events are deferred or arrived before their assignment."""
    row = await tx.first(select(func.count().label("n")).select_from(early_events))
    return await deferred.count(tx) + (int(row["n"]) if row else 0)
