"""Loading the rep pool for the leads of a batch: turns and people are locked, open leads are counted."""

from collections.abc import Iterable, Sequence

from services.router.domain.lead import COUNTS_AGAINST_CAP, Lead
from services.router.domain.rep_pool import RepPool
from services.router.domain.routing import trace_rules
from services.router.handlers.lead_batch import LeadBatch
from services.router.store import leads as lead_store
from services.router.store import people as people_store
from services.router.store.config_cache import Config, LiveAgreement


async def load_pool(
    batch: LeadBatch, config: Config, live: LiveAgreement, leads: Sequence[Lead], named: Iterable[str]
) -> RepPool:
    """Lock the turns of all teams that these leads may go to, then the people, and count their open leads.

    `named` are the reps and teams that placement requests name.
    """
    pool = RepPool(live.compiled, batch.tx.now, config.roster)
    teams, reps = _may_go_to(leads, named, pool, config)
    members = [(team, member.rep) for team in sorted(teams) for member in pool.members(team)]
    reps |= {rep for _, rep in members}
    reps |= {manager for team in teams if (manager := live.compiled.teams[team].manager)}
    pool.turns = await people_store.load_turns(batch.tx, teams, members)
    for team in teams:
        pool.seed_turns(team)
    await people_store.lock_people(batch.tx, reps)
    pool.open_counts = await lead_store.open_counts(batch.tx, reps)
    _add_unsaved(pool, batch)
    return pool


def _may_go_to(leads: Sequence[Lead], named: Iterable[str], pool: RepPool, config: Config) -> tuple[set[str], set[str]]:
    """The teams and the reps that these leads may go to."""
    by_rules, reps = set[str](), set[str]()
    for lead in leads:
        for rule, trace in trace_rules(lead, pool, config.lists):
            if trace.matched:
                by_rules |= {rule.to, rule.backup or ""}
        reps |= {lead.previous_owner or "", str(lead.facts.get("account.owner") or "")}
    names = by_rules | set(named)
    teams = names & set(pool.agreement.teams)
    reps |= {name.removeprefix("rep:") for name in by_rules if name.startswith("rep:")} | (set(named) - teams)
    return teams, reps - {""}


def _add_unsaved(pool: RepPool, batch: LeadBatch) -> None:
    """Count what this batch has changed and not saved yet."""
    for lead in batch.changed.values():
        before = batch.originals.get(lead.id)
        if before and before.state in COUNTS_AGAINST_CAP and before.owner:
            pool.release(before.owner)
        if lead.state in COUNTS_AGAINST_CAP and lead.owner:
            pool.open_counts[lead.owner] = pool.open_counts.get(lead.owner, 0) + 1
