"""The notifier's terms of the audit: notices by state, and those that wait without anything to wake them."""

from typing import Any

from sqlalchemy import func, select, text

from services.notifier.store.tables import answers, early, notices
from shared.store.tx import Tx
from shared.work import deferred

STATES = ("waiting", "ready", "sending", "sent", "failed", "suppressed")
_DUE = text("SELECT id FROM scheduled_items WHERE kind = 'send'")


async def terms(tx: Tx) -> dict[str, Any]:
    """Counts, and what does not fit."""
    held = await tx.rows(select(notices.c.id).where(notices.c.state.in_(("waiting", "sending"))))
    awake = {row["id"].removeprefix("send:") for row in await tx.rows(_DUE)}
    unsent = notices.c.state.in_(("ready", "sending"))
    oldest = await tx.first(select(func.min(notices.c.created_at).label("at")).where(unsent))
    open_answers = await tx.rows(select(answers.c.lead).where(answers.c.outcome == "").order_by(answers.c.id))
    return {
        "states": await _states(tx),
        "asleep": [row["id"] for row in held if row["id"] not in awake],
        "oldest_notice": oldest["at"] if oldest else None,
        "unanswered": [row["lead"] for row in open_answers],
        "waiting": await _waits(tx),
    }


async def gauges(tx: Tx) -> dict[str, float]:
    """Notices by state, what is on its way now, and events that wait for what they name."""
    found = {f"notices_{state}": float(n) for state, n in (await _states(tx)).items()}
    unsent = found["notices_ready"] + found["notices_sending"]
    return {**found, "notices_unsent": unsent, "waiting": float(await _waits(tx))}


async def _states(tx: Tx) -> dict[str, int]:
    rows = await tx.rows(select(notices.c.state, func.count().label("n")).group_by(notices.c.state))
    return dict.fromkeys(STATES, 0) | {row["state"]: int(row["n"]) for row in rows}


async def _waits(tx: Tx) -> int:
    row = await tx.first(select(func.count().label("n")).select_from(early))
    return await deferred.count(tx) + (int(row["n"]) if row else 0)
