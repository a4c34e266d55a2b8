"""The notifier's terms of the audit: notices by state, and those that wait without anything to wake them."""

from typing import Any

from sqlalchemy import func, select, text

from services.notifier.store import notices
from shared import waiting
from shared.db import Tx

_DUE = text("SELECT id FROM due WHERE kind = 'send'")


async def terms(tx: Tx) -> dict[str, Any]:
    """Counts, and what does not fit."""
    states = await tx.rows(select(notices.c.state, func.count().label("n")).group_by(notices.c.state))
    rows = await tx.rows(select(notices.c.id).where(notices.c.state.in_(("waiting", "sending"))))
    awake = {row["id"].removeprefix("send:") for row in await tx.rows(_DUE)}
    oldest = await tx.one(
        select(func.min(notices.c.created_at).label("at")).where(notices.c.state.in_(("ready", "sending")))
    )
    return {
        "states": {row["state"]: int(row["n"]) for row in states},
        "asleep": [row["id"] for row in rows if row["id"] not in awake],
        "oldest_unsent": oldest["at"] if oldest else None,
        "waiting": await waiting.count(tx),
    }


async def gauges(tx: Tx) -> dict[str, float]:
    """Notices by state, and what is on its way now."""
    rows = await tx.rows(select(notices.c.state, func.count().label("n")).group_by(notices.c.state))
    found = {f"notices_{row['state']}": float(row["n"]) for row in rows}
    unsent = found.get("notices_ready", 0.0) + found.get("notices_sending", 0.0)
    return {**found, "notices_unsent": unsent, "waiting": float(await waiting.count(tx))}
