"""Checks that numbers fit together: the budget pays for the volume, the cadence ends before leads are given up."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from shared.agreement.language.goal import MONTHS, count_from_goal
from shared.agreement.language.nodes import value_at
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import Section


def check_arithmetic(chapters: Section, problems: Problems) -> None:
    """Add an error where numbers of the agreement contradict each other."""
    _check_plan(chapters, problems)
    _check_volume(chapters, problems)
    for tier, pace in value_at(chapters, "promises", "cadence").items():
        if isinstance(pace, Section):
            _check_cadence(tier, pace, problems)
            _check_qualify_against_give_up(chapters, tier, pace, problems)


def _check_plan(chapters: Section, problems: Problems) -> None:
    plan, cost = value_at(chapters, "commitments", "plan"), value_at(chapters, "commitments", "cost")
    rows = [(row["mqls"], row["per_mql"]) for row in plan if row.get("mqls") and row.get("per_mql")]
    total, budget = sum((count * price for count, price in rows), Decimal(0)), cost.get("budget")
    if budget is not None and total > budget:
        sentence = f"The plan costs {total:,}, which is over the budget of {budget:,}."
        problems.error(cost.node_of("budget"), "commitments.cost.budget", sentence)


def _check_volume(chapters: Section, problems: Problems) -> None:
    volume, cost = value_at(chapters, "commitments", "volume"), value_at(chapters, "commitments", "cost")
    count = volume.get("mqls")
    if count == "from goal":
        count = count_from_goal(value_at(chapters, "goal"), "mqls", volume.get("per"))
        if count is None:
            sentence = (
                "The number cannot be computed from the goal; give it revenue, marketing_share, average_deal and rates."
            )
            problems.warning(volume.node_of("mqls"), "commitments.volume.mqls", sentence)
    budget, price = cost.get("budget"), _upper_bound(cost.get("per_mql"))
    from_, to = MONTHS.get(str(volume.get("per"))), MONTHS.get(str(cost.get("per") or volume.get("per")))
    if count is None or budget is None or price is None or not from_ or not to:
        return
    volume_then = Fraction(count) * to / from_
    if volume_then * Fraction(price) > Fraction(budget):
        total = Decimal(int(volume_then * Fraction(price)))
        sentence = f"{_format_count(volume_then)} MQLs x {price} = {total:,} is over the budget of {budget:,}."
        problems.error(cost.node_of("budget"), "commitments.cost.budget", sentence)


def _upper_bound(bound: Any) -> Decimal | None:
    text = str(bound or "")
    return Decimal(text.lstrip("<= ").replace(",", "").replace("_", "")) if text.startswith("<") else None


def _format_count(count: Fraction) -> str:
    return f"{int(count):,}" if count.denominator == 1 else f"{float(count):,.1f}"


def _check_cadence(tier: str, pace: Section, problems: Problems) -> None:
    pause: Any = pace.get("pause") or {}
    end = (pace.get("give_up") or {}).get("after")
    least, most, attempts = pause.get("at_least"), pause.get("at_most"), pace.get("attempts")
    if least and most and least.seconds > most.seconds:
        sentence = f"The shortest pause of {tier} ({least.text}) is longer than its longest ({most.text})."
        problems.error(pause.node_of("at_least"), f"{pause.path}.at_least", sentence)
    if attempts and most and end and (attempts - 1) * most.seconds > end.seconds:
        sentence = f"{attempts} attempts with pauses of {most.text} do not fit before give_up of {tier} ({end.text})."
        problems.error(pace.node_of("attempts"), f"{pace.path}.attempts", sentence)


def _check_qualify_against_give_up(chapters: Section, tier: str, pace: Section, problems: Problems) -> None:
    qualify, end = value_at(chapters, "promises", "qualify"), (pace.get("give_up") or {}).get("after")
    within = qualify.get("within")
    if not within or not end:
        return
    for step in qualify.get("then") or []:
        gives_back = any(str(action).startswith(("recycle", "return")) for action in step.get("do") or ())
        after = step["after"].seconds if step.get("after") else 0
        if gives_back and "unless" not in step and within.seconds + after < end.seconds:
            days = f"{(within.seconds + after) / 86_400:g}"
            sentence = (
                f"qualify returns the lead on day {days}, before give_up of {tier} ({end.text}); make qualify longer."
            )
            problems.error(step.node, step.path, sentence)
