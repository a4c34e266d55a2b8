"""What a lead is worth: refused, nurtured or qualified; its points, grade and tier, and how many needs are known."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from shared.agreement.conditions.evaluate import Combination, ConditionResult
from shared.agreement.conditions.parse import parse_condition
from shared.agreement.conditions.tests import value_passes
from shared.agreement.model import Condition, ExecutableAgreement

Lists = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` is refused, nurtured or qualified; `why` says it in words, `reason` is the label of a refusal."""

    state: str
    why: str
    reason: str = ""
    points: int | None = None
    grade: str | None = None
    tier: str | None = None
    needs_met: int | None = None
    needs_of: int | None = None


def judge(facts: Mapping[str, Any], agreement: ExecutableAgreement, lists: Lists) -> Verdict:
    """Judge a lead by its facts: refusals first, then `mql: false`, then `sales_ready` on the fit score and the activity."""
    refusal = next((item for item in agreement.refuse if holds(item.when, facts, lists).passed), None)
    if refusal:
        return Verdict(
            "refused", f"Refused as {refusal.reason}: {said(holds(refusal.when, facts, lists))}.", refusal.reason
        )
    points = fit(facts, agreement, lists)
    scored = {**facts, "score": points} if agreement.fit else dict(facts)
    worth: dict[str, Any] = {
        "points": points if agreement.fit else None,
        "grade": _grade(scored, agreement, lists),
        "tier": _tier(scored, agreement, lists),
        "needs_met": _needs(facts, agreement, lists),
        "needs_of": len(agreement.needs.of) if agreement.needs else None,
    }
    if facts.get("mql") is False:
        return Verdict("nurtured", "The sender says that it is not an MQL.", **worth)
    if agreement.sales_ready:
        ready = holds(agreement.sales_ready, scored, lists)
        if not ready.passed:
            return Verdict("nurtured", f"Not sales-ready: {said(ready, passed=False)}.", **worth)
    return Verdict("qualified", _praise(worth), **worth)


def fit(facts: Mapping[str, Any], agreement: ExecutableAgreement, lists: Lists) -> int:
    """The points for who they are."""
    return sum(rule.points for rule in agreement.fit if holds(rule.when, facts, lists).passed)


def holds(when: Condition, facts: Mapping[str, Any], lists: Lists) -> ConditionResult:
    """Whether a condition holds, with every leaf."""
    return _parsed(json.dumps(when, sort_keys=True, default=str)).evaluate(facts, lists)


@lru_cache(maxsize=50_000)
def _parsed(text: str) -> Combination:
    return parse_condition(json.loads(text))


def said(check: ConditionResult, *, passed: bool = True) -> str:
    """The leaves that made a condition hold (or fail), in words."""
    return "; ".join(leaf.explain() for leaf in check.leaves if leaf.passed is passed) or "no condition"


def _grade(facts: Mapping[str, Any], agreement: ExecutableAgreement, lists: Lists) -> str | None:
    score = facts.get("score")
    return next((grade.grade for grade in agreement.grades if value_passes(grade.test, score, lists)), None)


def _tier(facts: Mapping[str, Any], agreement: ExecutableAgreement, lists: Lists) -> str:
    found = next((tier.tier for tier in agreement.tiers if holds(tier.when, facts, lists).passed), None)
    return found or (agreement.tiers[-1].tier if agreement.tiers else "standard")


def _needs(facts: Mapping[str, Any], agreement: ExecutableAgreement, lists: Lists) -> int | None:
    if agreement.needs is None:
        return None
    met = [value_passes(wanted, facts.get(name), lists) for name, wanted in agreement.needs.of.items()]
    return sum(met)


def _praise(worth: Mapping[str, Any]) -> str:
    score = f", {worth['points']} points" if worth["points"] is not None else ""
    grade = f" (grade {worth['grade']})" if worth["grade"] else ""
    return f"Qualified as {worth['tier']}{score}{grade}."
