"""The console's figures for the audit and the metrics: leads by state, as projected from the topics."""

from typing import Any

from services.console.handlers.queries import lead_counters
from services.console.store import leads
from shared.store.tx import Tx


async def counts(tx: Tx) -> dict[str, Any]:
    """The number of leads in each state."""
    return {"states": await leads.count_by_state(tx)}


async def gauges(tx: Tx) -> dict[str, float]:
    """The number of open leads, and of breached clocks that are still open."""
    counters = await lead_counters(tx)
    return {"leads_open": float(counters["open"]), "clocks_late": float(counters["breached"])}
