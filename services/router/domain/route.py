"""Who gets a lead: the first matching rule, then the next eligible rep; every refusal of a candidate is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from services.router.domain.floor import Candidate, Floor
from services.router.domain.lead import Lead
from services.router.domain.qualification import Lists, holds, said
from shared.agreement.model import RoutingRule

PASSING = frozenset(("hours", "cap"))


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule that was tried: whether it matched, and the leaf that says why (not)."""

    rule: str
    matched: bool
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What was decided: `kind` assigned, held or unrouted, with everything that led to it."""

    kind: str
    why: str
    rule: str = ""
    chosen: Candidate | None = None
    counts: bool = False
    until: datetime | None = None
    marks: tuple[str, ...] = ()
    tried: tuple[Tried, ...] = ()
    candidates: tuple[Candidate, ...] = ()


def matching(lead: Lead, floor: Floor, lists: Lists) -> list[tuple[RoutingRule, Tried]]:
    """Every rule with the outcome of its condition, in the agreement's order."""
    facts = facts_of(lead, floor.now)
    return [(rule, _tried(rule, facts, lists)) for rule in floor.agreement.routing]


def facts_of(lead: Lead, now: datetime) -> dict[str, Any]:
    """The facts of a lead as conditions of the routing see them."""
    facts = {**lead.facts, "tier": lead.tier, "grade": lead.score}
    if lead.points is not None:
        facts["score"] = lead.points
    if lead.previous_owner:
        facts["previous_owner"] = lead.previous_owner
    return {name: value for name, value in facts.items() if value is not None}


def _tried(rule: RoutingRule, facts: Mapping[str, Any], lists: Lists) -> Tried:
    check = holds(rule.when, facts, lists)
    return Tried(rule.rule, check.passed, said(check, passed=check.passed) if rule.when else "it takes every lead")


def choose(
    lead: Lead,
    floor: Floor,
    lists: Lists,
    *,
    counts: bool = True,
    first: str | None = None,
    never: tuple[str, ...] = (),
) -> Choice:
    """Decide for one lead. `first` is a rep to prefer if eligible, `never` are people it must not go to."""
    had = tuple(dict.fromkeys((*lead.had, *never)))
    tried: list[Tried] = []
    seen: list[Candidate] = []
    hot = (lead.tier or "") in floor.agreement.off_hours.excepted
    if first:
        kept = floor.candidate(first, _team_of(first, floor), never, ())
        seen.append(kept)
        if not kept.reason:
            why = f"{kept.name} had this person before."
            return Choice("assigned", why, "previous owner", kept, False, tried=tuple(tried), candidates=tuple(seen))
    for rule, outcome in matching(lead, floor, lists):
        tried.append(outcome)
        if not outcome.matched:
            continue
        found = _candidates(rule, lead, floor, had)
        seen += found
        pick = _pick(found)
        if pick:
            why = f"Rule {rule.rule!r}: {outcome.why}."
            mark = ("outside working hours",) if pick.opens_at else ()
            uses = counts and rule.to in floor.agreement.teams
            return Choice("assigned", why, rule.rule, pick, uses, None, mark, tuple(tried), tuple(seen))
        if rule.to in ("owner", "previous owner") or not found:
            continue
        if hot and any(candidate.kind in PASSING for candidate in found):
            continue
        return _nobody(rule, found, tuple(tried), tuple(seen))
    return _last_resort(hot, counts, tuple(tried), tuple(seen))


def _candidates(rule: RoutingRule, lead: Lead, floor: Floor, had: tuple[str, ...]) -> list[Candidate]:
    found: list[Candidate] = []
    for to in (rule.to, rule.backup):
        if to is None or _pick(found):
            break
        if to in floor.agreement.teams:
            found += [floor.candidate(member.rep, to, had, rule.skills) for member in floor.members(to)]
        elif to.startswith("rep:"):
            rep = to.removeprefix("rep:")
            found.append(floor.candidate(rep, _team_of(rep, floor), had, rule.skills))
        elif to == "owner" and lead.facts.get("account.owner"):
            rep = str(lead.facts["account.owner"])
            found.append(floor.candidate(rep, _team_of(rep, floor), had, ()))
        elif to == "previous owner" and lead.previous_owner and _recent(rule, lead, floor.now):
            found.append(floor.candidate(lead.previous_owner, _team_of(lead.previous_owner, floor), lead.had, ()))
    return found


def _recent(rule: RoutingRule, lead: Lead, now: datetime) -> bool:
    if rule.within is None or lead.previous_until is None:
        return True
    return now - lead.previous_until <= timedelta(seconds=rule.within)


def _team_of(rep: str, floor: Floor) -> str | None:
    return next((team for team in floor.agreement.teams if any(m.rep == rep for m in floor.members(team))), None)


def _pick(found: list[Candidate]) -> Candidate | None:
    eligible = [candidate for candidate in found if not candidate.reason]
    return min(eligible, key=lambda candidate: candidate.order) if eligible else None


def _nobody(rule: RoutingRule, found: list[Candidate], tried: tuple[Tried, ...], seen: tuple[Candidate, ...]) -> Choice:
    waiting = [candidate for candidate in found if candidate.kind in PASSING]
    if not waiting:
        why = f"Rule {rule.rule!r} matched, but nobody can take it: {_reasons(found)}."
        return Choice("unrouted", why, rule.rule, tried=tried, candidates=seen)
    opens = [candidate.opens_at for candidate in waiting if candidate.kind == "hours" and candidate.opens_at]
    why = f"Rule {rule.rule!r}: nobody is free now ({_reasons(found)})."
    return Choice("held", why, rule.rule, until=min(opens) if opens else None, tried=tried, candidates=seen)


def _last_resort(hot: bool, counts: bool, tried: tuple[Tried, ...], seen: tuple[Candidate, ...]) -> Choice:
    """A tier that may not wait goes over the cap to the least loaded, else to whoever opens soonest; both marked."""
    full = [candidate for candidate in seen if hot and candidate.kind == "cap"]
    if full:
        pick = min(full, key=lambda candidate: (candidate.open_leads, candidate.order))
        return _forced(pick, "over the cap", counts, tried, seen)
    closed = [candidate for candidate in seen if hot and candidate.kind == "hours" and candidate.opens_at]
    if closed:
        pick = min(closed, key=lambda candidate: (candidate.opens_at, candidate.order))
        return _forced(pick, "outside working hours", counts, tried, seen)
    why = "No rule matched." if not any(item.matched for item in tried) else f"Nobody can take it: {_reasons(seen)}."
    return Choice("unrouted", why, tried=tried, candidates=seen)


def _forced(pick: Candidate, mark: str, counts: bool, tried: tuple[Tried, ...], seen: tuple[Candidate, ...]) -> Choice:
    rule = next((item.rule for item in tried if item.matched), "")
    why = f"Rule {rule!r}: this tier does not wait, so it goes to {pick.name} {mark} ({pick.reason})."
    return Choice("assigned", why, rule, replace(pick, reason=""), counts, None, (mark,), tried, seen)


def _reasons(found: list[Candidate] | tuple[Candidate, ...]) -> str:
    return "; ".join(f"{candidate.name}: {candidate.reason}" for candidate in found if candidate.reason) or "no members"
