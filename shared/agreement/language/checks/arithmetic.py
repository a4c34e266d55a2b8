"""Numbers that cannot hold together: a budget that does not buy the volume, a cadence that outlives its own end."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

from shared.agreement.language.goal import MONTHS, needed
from shared.agreement.language.nodes import at
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import Section


def sums(chapters: Section, problems: Problems) -> None:
    """Add the sums that fail."""
    _plan(chapters, problems)
    _volume(chapters, problems)
    for tier, pace in at(chapters, "promises", "cadence").items():
        if isinstance(pace, Section):
            _pace(tier, pace, problems)
            _given_back_early(chapters, tier, pace, problems)


def _plan(chapters: Section, problems: Problems) -> None:
    plan, cost = at(chapters, "commitments", "plan"), at(chapters, "commitments", "cost")
    rows = [(row["mqls"], row["per_mql"]) for row in plan if row.get("mqls") and row.get("per_mql")]
    total, budget = sum((count * price for count, price in rows), Decimal(0)), cost.get("budget")
    if budget is not None and total > budget:
        sentence = f"The plan costs {total:,}, which is over the budget of {budget:,}."
        problems.error(cost.place("budget"), "commitments.cost.budget", sentence)


def _volume(chapters: Section, problems: Problems) -> None:
    volume, cost = at(chapters, "commitments", "volume"), at(chapters, "commitments", "cost")
    count = volume.get("mqls")
    if count == "from goal":
        count = needed(at(chapters, "goal"), "mqls", volume.get("per"))
        if count is None:
            sentence = (
                "The goal does not say enough for this: it needs revenue, marketing_share, average_deal and rates."
            )
            problems.warning(volume.place("mqls"), "commitments.volume.mqls", sentence)
    budget, price = cost.get("budget"), _most(cost.get("per_mql"))
    from_, to = MONTHS.get(str(volume.get("per"))), MONTHS.get(str(cost.get("per") or volume.get("per")))
    if count is None or budget is None or price is None or not from_ or not to:
        return
    volume_then = Fraction(count) * to / from_
    if volume_then * Fraction(price) > Fraction(budget):
        total = Decimal(int(volume_then * Fraction(price)))
        sentence = f"{_said(volume_then)} MQLs x {price} = {total:,} is over the budget of {budget:,}."
        problems.error(cost.place("budget"), "commitments.cost.budget", sentence)


def _most(bound: Any) -> Decimal | None:
    text = str(bound or "")
    return Decimal(text.lstrip("<= ").replace(",", "").replace("_", "")) if text.startswith("<") else None


def _said(count: Fraction) -> str:
    return f"{int(count):,}" if count.denominator == 1 else f"{float(count):,.1f}"


def _pace(tier: str, pace: Section, problems: Problems) -> None:
    pause: Any = pace.get("pause") or {}
    end = (pace.get("give_up") or {}).get("after")
    least, most, attempts = pause.get("at_least"), pause.get("at_most"), pace.get("attempts")
    if least and most and least.seconds > most.seconds:
        sentence = f"The shortest pause of {tier} ({least.text}) is longer than its longest ({most.text})."
        problems.error(pause.place("at_least"), f"{pause.path}.at_least", sentence)
    if attempts and most and end and (attempts - 1) * most.seconds > end.seconds:
        sentence = f"{attempts} attempts with pauses of {most.text} do not fit before give_up of {tier} ({end.text})."
        problems.error(pace.place("attempts"), f"{pace.path}.attempts", sentence)


def _given_back_early(chapters: Section, tier: str, pace: Section, problems: Problems) -> None:
    qualify, end = at(chapters, "promises", "qualify"), (pace.get("give_up") or {}).get("after")
    within = qualify.get("within")
    if not within or not end:
        return
    for rung in qualify.get("then") or []:
        gives_back = any(str(deed).startswith(("recycle", "return")) for deed in rung.get("do") or ())
        after = rung["after"].seconds if rung.get("after") else 0
        if gives_back and "unless" not in rung and within.seconds + after < end.seconds:
            days = f"{(within.seconds + after) / 86_400:g}"
            sentence = f"qualify returns the lead on day {days}, before give_up of {tier} ({end.text}) is over."
            problems.error(rung.node, rung.path, sentence)
