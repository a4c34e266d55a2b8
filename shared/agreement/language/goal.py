"""Computes how many MQLs or leads the revenue goal needs: exact fractions, rounded up once, at the end."""

from collections.abc import Mapping
from fractions import Fraction
from math import ceil
from typing import Any

MONTHS = {"month": 1, "quarter": 3, "year": 12}
STAGES = ("mql_to_sal", "sal_to_sql", "sql_to_won")
LEAD_TO_REVENUE = Fraction(15, 1000)


def count_from_goal(goal: Mapping[str, Any], what: str, per: str | None) -> int | None:
    """How many `mqls` or `leads` a period needs, or None when the goal does not say enough.

    Deals are revenue x marketing's share / average deal; each earlier stage is deals divided by the rates after it. Raw
    leads use `lead_to_revenue`, 1.5 % when no rate is known.
    """
    deals = _deals_per_period(goal, per)
    mqls = _divide_by_rates(goal, deals, *STAGES)
    if what == "mqls":
        return None if mqls is None else ceil(mqls)
    rates = goal.get("rates") or {}
    if rates.get("lead_to_revenue"):
        leads = _divide_by_rates(goal, deals, "lead_to_revenue")
    elif rates.get("lead_to_mql"):
        leads = _divide_by_rates(goal, mqls, "lead_to_mql")
    else:
        leads = None if deals is None or rates else deals / LEAD_TO_REVENUE
    return None if leads is None else ceil(leads)


def _deals_per_period(goal: Mapping[str, Any], per: str | None) -> Fraction | None:
    revenue = goal.get("revenue") or {}
    amount, deal, share = revenue.get("amount"), goal.get("average_deal"), goal.get("marketing_share")
    months_of_revenue, months_per_period = MONTHS.get(str(revenue.get("per"))), MONTHS.get(str(per))
    if amount is None or not deal or share is None or not months_of_revenue or not months_per_period:
        return None
    return Fraction(amount) * Fraction(share) / Fraction(deal) * months_per_period / months_of_revenue


def _divide_by_rates(goal: Mapping[str, Any], count: Fraction | None, *rates: str) -> Fraction | None:
    for name in rates:
        rate = (goal.get("rates") or {}).get(name)
        if count is None or not rate:
            return None
        count /= Fraction(rate)
    return count
