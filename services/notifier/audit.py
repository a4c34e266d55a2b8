"""The notifier's part of the audit and of the metrics."""

from typing import Any

from services.notifier.store import audit as store
from shared.store.tx import Tx


async def counts(tx: Tx) -> dict[str, Any]:
    """Notices by state, and the items that the audit reports: unscheduled notices, answers without an outcome, waiting
    events."""
    return {
        "states": await store.counts_by_state(tx),
        "asleep": await store.unscheduled(tx),
        "oldest_notice": await store.oldest_unsent(tx),
        "unanswered": await store.leads_with_pending_answers(tx),
        "waiting": await store.count_deferred(tx),
    }


async def gauges(tx: Tx) -> dict[str, float]:
    """The number of notices by state, of notices ready or being sent, and of deferred events."""
    counts = {f"notices_{state}": float(count) for state, count in (await store.counts_by_state(tx)).items()}
    unsent = counts["notices_ready"] + counts["notices_sending"]
    return {**counts, "notices_unsent": unsent, "waiting": float(await store.count_deferred(tx))}
