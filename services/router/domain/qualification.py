"""Lead qualification: refused, nurtured or qualified, with score, grade, tier and how many needs are met."""

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
    """The outcome for a lead: `state` is refused, nurtured or qualified, `why` explains it, `reason` labels a refusal.

    `score` is the points of the fit rules, `grade` A, B or C, `needs_met` how many of `needs_of` needs are known.
    """

    state: str
    why: str
    reason: str = ""
    score: int | None = None
    grade: str | None = None
    tier: str | None = None
    needs_met: int | None = None
    needs_of: int | None = None


def qualify(facts: Mapping[str, Any], agreement: ExecutableAgreement, lists: Lists) -> Verdict:
    """Qualify a lead by its facts: refusals first, then `mql: false`, then `sales_ready` on score and activity."""
    refusal = next((item for item in agreement.refuse if evaluate(item.when, facts, lists).passed), None)
    if refusal:
        return Verdict(
            "refused", f"Refused as {refusal.reason}: {explain(evaluate(refusal.when, facts, lists))}.", refusal.reason
        )
    score = fit_score(facts, agreement, lists)
    scored = {**facts, "score": score} if agreement.fit else dict(facts)
    scores: dict[str, Any] = {
        "score": score if agreement.fit else None,
        "grade": _grade(scored, agreement, lists),
        "tier": _tier(scored, agreement, lists),
        "needs_met": _needs_met(facts, agreement, lists),
        "needs_of": len(agreement.needs.of) if agreement.needs else None,
    }
    if facts.get("mql") is False:
        return Verdict("nurtured", "The sender says that it is not an MQL.", **scores)
    if agreement.sales_ready:
        ready = evaluate(agreement.sales_ready, scored, lists)
        if not ready.passed:
            return Verdict("nurtured", f"Not sales-ready: {explain(ready, passed=False)}.", **scores)
    return Verdict("qualified", _explain_qualified(scores), **scores)


def fit_score(facts: Mapping[str, Any], agreement: ExecutableAgreement, lists: Lists) -> int:
    """The points of the fit rules that match."""
    return sum(rule.points for rule in agreement.fit if evaluate(rule.when, facts, lists).passed)


def evaluate(condition: Condition, facts: Mapping[str, Any], lists: Lists) -> ConditionResult:
    """Evaluate a condition, with the outcome of every leaf."""
    return _parsed(json.dumps(condition, sort_keys=True, default=str)).evaluate(facts, lists)


@lru_cache(maxsize=50_000)
def _parsed(text: str) -> Combination:
    return parse_condition(json.loads(text))


def explain(result: ConditionResult, *, passed: bool = True) -> str:
    """The leaves that made a condition pass (or fail), in words."""
    return "; ".join(leaf.explain() for leaf in result.leaves if leaf.passed is passed) or "no condition"


def _grade(facts: Mapping[str, Any], agreement: ExecutableAgreement, lists: Lists) -> str | None:
    score = facts.get("score")
    return next((grade.grade for grade in agreement.grades if value_passes(grade.test, score, lists)), None)


def _tier(facts: Mapping[str, Any], agreement: ExecutableAgreement, lists: Lists) -> str:
    tier_name = next((tier.tier for tier in agreement.tiers if evaluate(tier.when, facts, lists).passed), None)
    return tier_name or (agreement.tiers[-1].tier if agreement.tiers else "standard")


def _needs_met(facts: Mapping[str, Any], agreement: ExecutableAgreement, lists: Lists) -> int | None:
    if agreement.needs is None:
        return None
    met = [value_passes(test, facts.get(name), lists) for name, test in agreement.needs.of.items()]
    return sum(met)


def _explain_qualified(scores: Mapping[str, Any]) -> str:
    score = f", {scores['score']} points" if scores["score"] is not None else ""
    grade = f" (grade {scores['grade']})" if scores["grade"] else ""
    return f"Qualified as {scores['tier']}{score}{grade}."
