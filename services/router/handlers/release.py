"""Handlers that retry waiting leads: held and unrouted ones are placed again, received ones qualified by a new version."""

from services.router.domain.lead import Lead
from services.router.handlers.assignment import place
from services.router.handlers.intake_batch import IntakeBatch
from services.router.handlers.lead_batch import LeadBatch
from services.router.handlers.placement import PlacementRequest
from services.router.store import leads as store
from services.router.store.config_cache import current
from shared.events.leads import LeadUnrouted
from shared.store.tx import Tx
from shared.work.schedule import ScheduledItem, schedule

BATCH_SIZE = 300
WAITING = ("held", "unrouted")


async def schedule_retry(batch: LeadBatch) -> None:
    """Schedule a retry of the held and unrouted leads, if there are any: a rep may have room for them now."""
    for state in WAITING:
        if await store.ids_in_state(batch.tx, state, limit=1):
            batch.scheduled.append(ScheduledItem("waiting", "waiting", "waiting", batch.tx.now))
            return


async def retry_waiting(tx: Tx, due: list[ScheduledItem]) -> None:
    """Try all held and unrouted leads again, a batch at a time, by tier, then score, then age."""
    for skip in sorted({int(row.data.get("skip", 0)) for row in due}):
        ids = await store.ids_waiting(tx, await _tiers(tx), skip=skip, limit=BATCH_SIZE)
        still_waiting = await _retry(tx, ids, "somebody has room, or things changed")
        if len(ids) == BATCH_SIZE:
            data = {"skip": skip + still_waiting}
            await schedule(tx, [ScheduledItem("waiting:more", "waiting", "waiting", tx.now, data=data)])


async def retry_held(tx: Tx, due: list[ScheduledItem]) -> None:
    """Try held leads again at the time that they waited for."""
    await _retry(tx, [row.subject for row in due], "opening hours")


async def _tiers(tx: Tx) -> list[str]:
    live = (await current(tx)).live
    return [tier.tier for tier in live.compiled.tiers] if live else []


async def _retry(tx: Tx, ids: list[str], reason: str) -> int:
    """Place these leads again; returns how many still wait."""
    batch = LeadBatch(tx)
    await batch.load(ids)
    tiers = await _tiers(tx)
    waiting = [lead for lead in batch.leads.values() if lead.state in WAITING]
    waiting.sort(key=lambda lead: _priority(lead, tiers))
    await place(batch, [PlacementRequest(lead.id, reason) for lead in waiting])
    await batch.save()
    return sum(batch.leads[lead.id].state in WAITING for lead in waiting)


def _priority(lead: Lead, tiers: list[str]) -> tuple[int, int, float]:
    """The sort key of waiting leads: first the tier, then the higher score, then the older lead."""
    rank = tiers.index(lead.tier) if lead.tier in tiers else len(tiers)
    return rank, -(lead.score or 0), lead.received_at.timestamp()


async def alert_unrouted(tx: Tx, due: list[ScheduledItem]) -> None:
    """Emit an alert for leads that are still unrouted after the agreed wait."""
    batch = LeadBatch(tx)
    await batch.load(row.subject for row in due)
    live = (await current(tx)).live
    for lead in batch.leads.values():
        if lead.state == "unrouted" and live:
            alert = live.compiled.unrouted.alert
            batch.emit(lead, LeadUnrouted(tier=lead.tier or "", why=lead.why, alert=alert, alert_now=True))
    await batch.save()


async def qualify_backlog(tx: Tx, due: list[ScheduledItem]) -> None:
    """Qualify the leads that were received before a version was live, a batch at a time, oldest first."""
    config = await current(tx)
    if config.live is None:
        return
    batch = IntakeBatch(tx, config)
    await batch.leads.load(await store.ids_waiting_for_agreement(tx, BATCH_SIZE))
    backlog = sorted(batch.leads.leads.values(), key=lambda lead: (lead.received_at, lead.id))
    for lead in backlog:
        batch.qualify(lead, "an agreement went live")
    await place(batch.leads, list(batch.placements.values()))
    if len(backlog) == BATCH_SIZE:
        batch.leads.scheduled.append(ScheduledItem("backlog", "backlog", "backlog", tx.now))
    await batch.leads.save()
