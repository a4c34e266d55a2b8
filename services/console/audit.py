"""The console's terms of the audit: leads by state, as the topics told them."""

from typing import Any

from services.console.domain.counters import DAY, counters
from services.console.store import leads
from shared.store.tx import Tx


async def audit_terms(tx: Tx) -> dict[str, Any]:
    """Counts by state."""
    return {"states": await leads.count_by_state(tx)}


async def gauges(tx: Tx) -> dict[str, float]:
    """Open leads, and breached clocks that are still open."""
    found = counters(
        await leads.count_by_state(tx),
        await leads.count_breached_clocks(tx),
        await leads.count_received(tx, tx.now - DAY),
    )
    return {"leads_open": float(found["open"]), "clocks_late": float(found["late"])}
