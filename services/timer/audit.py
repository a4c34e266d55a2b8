"""The timer's part of the audit: clocks that are missing, overdue, doubled, or have no scheduled item."""

from datetime import timedelta
from typing import Any

from services.timer.store import audit as queries
from shared.store.tx import Tx
from shared.work import deferred

GRACE = timedelta(seconds=60)
"""How late (real time) the scheduled item of a clock may be before the audit reports the clock as overdue."""


async def counts(tx: Tx) -> dict[str, Any]:
    """Clocks by state, the clocks at fault, and every (lead, epoch) that had an accept clock: an assignment
    of any other epoch lacks its clock."""
    return {
        "states": await queries.count_states(tx),
        "doubled": await queries.doubled(tx),
        "asleep": await queries.asleep(tx),
        "overdue": await queries.overdue(tx, GRACE),
        "accept": [[lead, epoch] for lead, epoch in await queries.accept_epochs(tx)],
        "waiting": await deferred.count(tx),
    }


async def gauges(tx: Tx) -> dict[str, float]:
    """Clocks by state, and deferred events."""
    states = {"running": 0, "breached": 0} | await queries.count_states(tx)
    return {f"clocks_{state}": float(n) for state, n in states.items()} | {"waiting": float(await deferred.count(tx))}
