"""Lead routing: the first rule that matches, then the next eligible rep; every candidate passed over has a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from services.router.domain.lead import Lead
from services.router.domain.qualification import Lists, evaluate, explain
from services.router.domain.rep_pool import Candidate, RepPool
from shared.agreement.model import RoutingRule

TEMPORARY = frozenset(("hours", "cap"))
"""The kinds of reasons for which a lead is held: they pass within hours, unlike time off."""


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """A routing rule that was evaluated: whether it matched, and which part of its condition decided that."""

    rule: str
    matched: bool
    why: str


@dataclass(frozen=True, slots=True)
class RoutingDecision:
    """What was decided for a lead: `kind` is assigned, held or unrouted, with everything that led to it.

    `uses_turn` says whether it takes a turn of the round robin, `until` (UTC) when a held lead is tried again, `flags`
    what is unusual about it.
    """

    kind: str
    why: str
    rule: str = ""
    chosen: Candidate | None = None
    uses_turn: bool = False
    until: datetime | None = None
    flags: tuple[str, ...] = ()
    traces: tuple[RuleTrace, ...] = ()
    candidates: tuple[Candidate, ...] = ()


@dataclass(slots=True)
class _Search:
    """The rules evaluated and the people considered so far."""

    uses_turn: bool
    traces: list[RuleTrace] = field(default_factory=list)
    considered: list[Candidate] = field(default_factory=list)

    def decide(self, kind: str, why: str, rule: str = "", **more: Any) -> RoutingDecision:
        return RoutingDecision(kind, why, rule, traces=tuple(self.traces), candidates=tuple(self.considered), **more)


def trace_rules(lead: Lead, pool: RepPool, lists: Lists) -> list[tuple[RoutingRule, RuleTrace]]:
    """Every routing rule with the outcome of its condition, in the agreement's order."""
    facts = facts_of(lead)
    return [(rule, _trace(rule, facts, lists)) for rule in pool.agreement.routing]


def facts_of(lead: Lead) -> dict[str, Any]:
    """The facts of a lead as routing conditions see them."""
    facts = {**lead.facts, "tier": lead.tier, "grade": lead.grade}
    if lead.score is not None:
        facts["score"] = lead.score
    if lead.previous_owner:
        facts["previous_owner"] = lead.previous_owner
    return {name: value for name, value in facts.items() if value is not None}


def _trace(rule: RoutingRule, facts: Mapping[str, Any], lists: Lists) -> RuleTrace:
    check = evaluate(rule.when, facts, lists)
    return RuleTrace(
        rule.rule, check.passed, explain(check, passed=check.passed) if rule.when else "it takes every lead"
    )


def choose(
    lead: Lead,
    pool: RepPool,
    lists: Lists,
    *,
    uses_turn: bool = True,
    prefer: str | None = None,
    exclude: tuple[str, ...] = (),
) -> RoutingDecision:
    """Decide for one lead: a preferred rep if eligible, else by the rules.

    `prefer` is a rep who gets it if they can take it, `exclude` are people it must not go to, `uses_turn` says whether a
    choice out of a team takes a turn.
    """
    search = _Search(uses_turn)
    if prefer:
        preferred = pool.candidate(prefer, pool.team_of(prefer), exclude, ())
        search.considered.append(preferred)
        if not preferred.reason:
            return search.decide(
                "assigned", f"{preferred.name} had this person before.", "previous owner", chosen=preferred
            )
    return _by_rules(lead, pool, lists, search, exclude)


def _by_rules(lead: Lead, pool: RepPool, lists: Lists, search: _Search, exclude: tuple[str, ...]) -> RoutingDecision:
    previous_owners = tuple(dict.fromkeys((*lead.previous_owners, *exclude)))
    may_not_wait = (lead.tier or "") in pool.agreement.off_hours.excepted
    for rule, trace in trace_rules(lead, pool, lists):
        search.traces.append(trace)
        if not trace.matched:
            continue
        candidates = _candidates(rule, lead, pool, previous_owners)
        search.considered += candidates
        pick = next_in_turn(candidates)
        if pick:
            return _assign(rule, trace, pick, pool, search)
        if rule.to in ("owner", "previous owner") or not candidates:
            continue
        if may_not_wait and any(candidate.kind in TEMPORARY for candidate in candidates):
            continue
        return _nobody_free(rule, candidates, search)
    return _last_resort(may_not_wait, search)


def _assign(rule: RoutingRule, trace: RuleTrace, pick: Candidate, pool: RepPool, search: _Search) -> RoutingDecision:
    return search.decide(
        "assigned",
        f"Rule {rule.rule!r}: {trace.why}.",
        rule.rule,
        chosen=pick,
        uses_turn=search.uses_turn and rule.to in pool.agreement.teams,
        flags=("outside working hours",) if pick.opens_at else (),
    )


def _candidates(rule: RoutingRule, lead: Lead, pool: RepPool, previous_owners: tuple[str, ...]) -> list[Candidate]:
    """The people that a rule names, then those of its backup if none of them can take it."""
    candidates: list[Candidate] = []
    for to in (rule.to, rule.backup):
        if to is None or next_in_turn(candidates):
            break
        if to in pool.agreement.teams:
            candidates += [pool.candidate(member.rep, to, previous_owners, rule.skills) for member in pool.members(to)]
        elif to.startswith("rep:"):
            rep = to.removeprefix("rep:")
            candidates.append(pool.candidate(rep, pool.team_of(rep), previous_owners, rule.skills))
        elif to == "owner" and lead.facts.get("account.owner"):
            rep = str(lead.facts["account.owner"])
            candidates.append(pool.candidate(rep, pool.team_of(rep), previous_owners, ()))
        elif to == "previous owner" and lead.previous_owner and _recent(rule, lead, pool.now):
            rep = lead.previous_owner
            candidates.append(pool.candidate(rep, pool.team_of(rep), lead.previous_owners, ()))
    return candidates


def _recent(rule: RoutingRule, lead: Lead, now: datetime) -> bool:
    if rule.within is None or lead.previous_until is None:
        return True
    return now - lead.previous_until <= timedelta(seconds=rule.within)


def next_in_turn(candidates: Sequence[Candidate]) -> Candidate | None:
    """Round robin: of those who can take a lead, the one whose turn it is (`Candidate.order`)."""
    eligible = [candidate for candidate in candidates if not candidate.reason]
    return min(eligible, key=lambda candidate: candidate.order) if eligible else None


def _nobody_free(rule: RoutingRule, candidates: list[Candidate], search: _Search) -> RoutingDecision:
    waiting = [candidate for candidate in candidates if candidate.kind in TEMPORARY]
    if not waiting:
        why = f"Rule {rule.rule!r} matched, but nobody can take it: {_reasons(candidates)}."
        return search.decide("unrouted", why, rule.rule)
    opens = [candidate.opens_at for candidate in waiting if candidate.kind == "hours" and candidate.opens_at]
    why = f"Rule {rule.rule!r}: nobody is free now ({_reasons(candidates)})."
    return search.decide("held", why, rule.rule, until=min(opens) if opens else None)


def _last_resort(may_not_wait: bool, search: _Search) -> RoutingDecision:
    """Decide for a lead that no rule has placed.

    A tier that may not wait goes over the cap to the least loaded rep, else to the rep whose shift begins soonest; a
    flag records which. Any other lead is unrouted.
    """
    full = [candidate for candidate in search.considered if may_not_wait and candidate.kind == "cap"]
    if full:
        return _forced(min(full, key=lambda candidate: (candidate.open_leads, candidate.order)), "over the cap", search)
    closed = [
        candidate
        for candidate in search.considered
        if may_not_wait and candidate.kind == "hours" and candidate.opens_at
    ]
    if closed:
        return _forced(
            min(closed, key=lambda candidate: (candidate.opens_at, candidate.order)), "outside working hours", search
        )
    matched = any(trace.matched for trace in search.traces)
    return search.decide(
        "unrouted", f"Nobody can take it: {_reasons(search.considered)}." if matched else "No rule matched."
    )


def _forced(pick: Candidate, flag: str, search: _Search) -> RoutingDecision:
    rule = next((trace.rule for trace in search.traces if trace.matched), "")
    why = f"Rule {rule!r}: this tier does not wait, so it goes to {pick.name} {flag} ({pick.reason})."
    return search.decide(
        "assigned", why, rule, chosen=replace(pick, reason=""), uses_turn=search.uses_turn, flags=(flag,)
    )


def _reasons(candidates: Sequence[Candidate]) -> str:
    return (
        "; ".join(f"{candidate.name}: {candidate.reason}" for candidate in candidates if candidate.reason)
        or "no members"
    )
