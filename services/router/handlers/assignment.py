"""Assigning leads: the rules decide under locked turns and open counts, and every decision is recorded."""

from collections.abc import Sequence

from services.router.domain.lead import COUNTS_AGAINST_CAP, Lead
from services.router.domain.overrides import assigned_by_person, or_manager
from services.router.domain.rep_pool import RepPool
from services.router.domain.routing import RoutingDecision, choose
from services.router.handlers.lead_batch import LeadBatch
from services.router.handlers.load_pool import load_pool
from services.router.handlers.placement import Placement, PlacementRequest
from services.router.store import people as people_store
from services.router.store.config_cache import Config, current


async def place(batch: LeadBatch, requests: Sequence[PlacementRequest]) -> dict[str, RoutingDecision]:
    """Place loaded leads one after another; returns the decision by lead, or an empty dict while no agreement is live."""
    config = await current(batch.tx)
    live = config.live
    if live is None or not requests:
        return {}
    named = set[str]().union(*(request.named for request in requests))
    pool = await load_pool(batch, config, live, [batch.leads[request.lead] for request in requests], named)
    decisions: dict[str, RoutingDecision] = {}
    for request in requests:
        lead = batch.leads[request.lead]
        decision = decisions[request.lead] = _decide(lead, request, pool, config)
        placement = Placement(batch, lead, request, decision, config, live)
        if decision.kind == "assigned" and decision.chosen:
            if lead.state in COUNTS_AGAINST_CAP and lead.owner:
                pool.release(lead.owner)
            pool.assign(decision.chosen, uses_turn=decision.uses_turn)
            placement.assign(decision.chosen)
        elif not request.keep_owner:
            placement.wait()
    await people_store.save_turns(batch.tx, {key: pool.turns[key] for key in pool.changed_turns})
    return decisions


def _decide(lead: Lead, request: PlacementRequest, pool: RepPool, config: Config) -> RoutingDecision:
    if request.assign_to:
        return assigned_by_person(lead, request.assign_to, request.assigned_by, pool)
    exclude = (lead.owner,) if request.keep_owner and lead.owner else ()
    uses_turn = not request.keep_owner and not lead.previous_owners
    decision = choose(lead, pool, config.lists, uses_turn=uses_turn, prefer=request.prefer, exclude=exclude)
    if (decision.kind == "unrouted" and lead.previous_owners) or (request.keep_owner and decision.kind == "held"):
        return or_manager(decision, lead, pool, exclude)
    return decision
