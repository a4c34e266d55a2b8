"""The router's part of the audit: counts of received items and of their outcomes, which must agree."""

from typing import Any

from services.router.store import audit as store
from services.router.store.config_cache import compiled_versions
from shared.store.tx import Tx


async def counts(tx: Tx) -> dict[str, Any]:
    """Count deliveries, items by outcome and leads by state, and list leads that contradict their assignments.

    `bound` names each `VERSION:TIER` among the owned leads for which the agreement promises an accept.
    """
    owned = await store.owned_leads(tx)
    return {
        **await store.delivery_counts(tx),
        "items": await store.items_by_outcome(tx),
        "states": await store.leads_by_state(tx),
        "owned": owned,
        "bound": await _bound(tx, owned),
        "two_owners": await store.leads_with_two_owners(tx),
        "owner_without_assignment": await store.owners_without_assignment(tx),
    }


async def _bound(tx: Tx, owned: list[dict[str, Any]]) -> list[str]:
    versions = await compiled_versions(tx, [row["terms_version"] for row in owned])
    tiers = {row["tier"] for row in owned}
    return sorted(
        f"{number}:{tier}"
        for number, compiled in versions.items()
        for tier in tiers
        if (promise := compiled.promises.get("accept")) and promise.target(tier or "")
    )


async def gauges(tx: Tx) -> dict[str, float]:
    """The number of leads in each state, as `leads_STATE`."""
    return {f"leads_{state}": float(count) for state, count in (await store.leads_by_state(tx)).items()}
