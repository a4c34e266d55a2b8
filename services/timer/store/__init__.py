"""The timer's store: functions that read and write its tables, and the queries of its audit."""

from services.timer.store.breach_feed import BREACH_SIGNAL, append_breaches, breaches_after, last_breach
from services.timer.store.clocks import (
    calendars_of,
    clock_page,
    get_clock,
    insert_calendars,
    lock_clocks,
    lock_clocks_of,
    save_clocks,
    save_step_counts,
    step_counts_of,
)
from services.timer.store.leads import (
    delete_pending_actions,
    insert_pending_actions,
    leads_of,
    pending_actions_of,
    save_leads,
)
from services.timer.store.tables import metadata

__all__ = [
    "BREACH_SIGNAL",
    "append_breaches",
    "breaches_after",
    "calendars_of",
    "clock_page",
    "delete_pending_actions",
    "get_clock",
    "insert_calendars",
    "insert_pending_actions",
    "last_breach",
    "leads_of",
    "lock_clocks",
    "lock_clocks_of",
    "metadata",
    "pending_actions_of",
    "save_clocks",
    "save_leads",
    "save_step_counts",
    "step_counts_of",
]
