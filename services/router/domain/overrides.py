"""Decisions beside the routing rules: an assignment made by a person, and the team's manager when nobody else is left."""

from services.router.domain.lead import Lead
from services.router.domain.rep_pool import Candidate, RepPool
from services.router.domain.routing import RoutingDecision, next_in_turn


def assigned_by_person(lead: Lead, to: str, by: str | None, pool: RepPool) -> RoutingDecision:
    """Give a lead to the rep or team that somebody named; caps, hours and previous owners of a named rep do not count.

    Unrouted if the rep is unknown or inactive, or if nobody of the team can take it.
    """
    person = pool.roster.get(by or "")
    name = person.name if person else by or "somebody"
    if to in pool.agreement.teams:
        candidates = [pool.candidate(member.rep, to, (lead.owner or "",), ()) for member in pool.members(to)]
        pick = next_in_turn(candidates)
        if pick is None:
            return RoutingDecision("unrouted", f"Nobody of {to} can take it now.", candidates=tuple(candidates))
        return _assigned_by(name, to, pick, candidates)
    rep = pool.roster.get(to)
    if rep is None or not rep.active:
        return RoutingDecision("unrouted", f"{to} is not an active person of the roster.")
    pick = Candidate(to, rep.name, pool.team_of(to), open_leads=pool.open_counts.get(to, 0))
    return _assigned_by(name, rep.name, pick, [pick])


def _assigned_by(name: str, to: str, pick: Candidate, candidates: list[Candidate]) -> RoutingDecision:
    why = f"{name[:1].upper()}{name[1:]} assigned it to {to}."
    return RoutingDecision("assigned", why, f"assigned by {name}", pick, candidates=tuple(candidates))


def or_manager(decision: RoutingDecision, lead: Lead, pool: RepPool, exclude: tuple[str, ...]) -> RoutingDecision:
    """The same decision, or the manager of the lead's team if they are active, present and have not had the lead."""
    team = pool.agreement.teams.get(lead.team or "")
    manager = pool.roster.get(team.manager or "") if team else None
    if manager is None or not manager.active or manager.is_away(pool.now):
        return decision
    if manager.id in (*lead.previous_owners, *exclude):
        return decision
    pick = Candidate(manager.id, manager.name, lead.team, open_leads=pool.open_counts.get(manager.id, 0))
    why = f"Nobody else is left ({decision.why.rstrip('.')}), so {manager.name}, who manages {lead.team}, takes it."
    return RoutingDecision(
        "assigned",
        why,
        decision.rule,
        pick,
        flags=("manager",),
        traces=decision.traces,
        candidates=(*decision.candidates, pick),
    )
