"""The counters above the live board."""

from collections.abc import Mapping
from datetime import timedelta

from services.console.domain.lead import OPEN_STATES

DAY = timedelta(days=1)


def count_leads(by_state: Mapping[str, int], breached_clocks: int, received: int) -> dict[str, int]:
    """Leads by state, with `breached` (breached clocks still without an answer), `received_24h` (leads received in the
    last 24 hours) and `open` (leads in one of OPEN_STATES)."""
    open_leads = sum(by_state.get(state, 0) for state in OPEN_STATES)
    return {**by_state, "breached": breached_clocks, "received_24h": received, "open": open_leads}
