"""The console's terms of the audit: leads by state, as the topics told them."""

from typing import Any

from services.console import store
from shared.db import Tx


async def terms(tx: Tx) -> dict[str, Any]:
    """Counts by state."""
    found = await store.counts(tx)
    return {"states": {state: n for state, n in found.items() if state != "late"}}


async def gauges(tx: Tx) -> dict[str, float]:
    """Breached clocks that are still open."""
    return {"clocks_late": float((await store.counts(tx))["late"])}
