"""Who agrees, from when, and the meetings that both sides keep."""

from collections.abc import Mapping

from yaml.nodes import Node

from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    PERIOD,
    Key,
    Read,
    Shape,
    day,
    later,
    list_of,
    needed,
    pattern,
    scalar,
    share,
    span,
    text,
    whole,
    word,
)
from shared.agreement.language.schema import number as amount
from shared.agreement.time.calendar import zone_named

NOT_WHO = ("signed_by", "managers")


def zone(node: Node, problems: Problems, path: str) -> str | None:
    """An IANA time zone."""
    found = scalar(node, problems, path, "a time zone such as Europe/Berlin")
    if found is None:
        return None
    try:
        return zone_named(found).key
    except ValueError as error:
        problems.error(node, path, str(error))
        return None


address = pattern(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an address such as maya@northwind.example")
currency = pattern(
    r"AED|AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|ILS|INR|JPY|KRW|MXN|NOK|NZD|PLN|RON|SEK|SGD|THB|TRY|TWD|USD|ZAR",
    "a currency such as USD",
)
_rhythm = Shape({"every": needed(PERIOD), "times": whole(1, 60)})
_who = list_of(word(*NOT_WHO, "executive", "marketing", "sales"))

HEAD: Mapping[str, Key | Read] = {
    "agreement": needed(text),
    "effective": day,
    "timezone": zone,
    "currency": later(currency, "money is shown once goals and costs are judged"),
    "signed_by": needed(Shape({"marketing": needed(address), "sales": needed(address)})),
    "people": Shape(
        {name: list_of(text) for name in ("marketing", "sales", "executive", "ops")},
    ),
    "review": later(
        Shape({"first": _rhythm, "then": _rhythm, "who": _who, "remind": span}),
        "the review pack and its reminders",
    ),
}

_goal = Shape(
    {
        "revenue": Shape({"amount": needed(amount), "per": needed(PERIOD)}),
        "marketing_share": share,
        "pipeline": Shape({"marketing_share": word("measured")}),
        "average_deal": amount,
        "rates": Shape(
            dict.fromkeys(
                ("lead_to_mql", "mql_to_sal", "sal_to_sql", "sql_to_won", "lead_to_revenue", "mql_to_sql"), share
            )
        ),
        "cycle": Shape({"mql_to_won": span, "lead_to_won": span}),
        "sourced": Shape({"by": word("first touch", "last touch", "created by"), "within": span}),
        "periods": Shape(
            {
                "year_starts": word(
                    *("january", "february", "march", "april", "may", "june"),
                    *("july", "august", "september", "october", "november", "december"),
                ),
                "first": word("pro rata", "whole"),
            }
        ),
    }
)
_quarter = pattern(r"\d{4}(-Q[1-4]|-\d{2})?", "a period such as 2026-Q3")
_stage = Shape(
    {
        "stage": needed(word("lead", "MQL", "SAL", "SQL", "opportunity", "customer")),
        "is": needed(word("received", "qualified", "accepted", "contacted", "advanced", "won")),
        "side": needed(word("marketing", "sales")),
        "means": text,
    }
)

GOAL: Mapping[str, Key | Read] = {
    "goal": later(_goal, "the goal is not worked back to leads"),
    "baseline": later(
        Shape({"period": _quarter, "visits": amount, "leads": amount, "close_rate": share}),
        "the baseline is not compared",
    ),
    "stages": later(list_of(_stage), "the stages are printed, not counted"),
}
