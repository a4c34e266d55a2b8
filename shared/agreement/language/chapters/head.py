"""The head of the agreement (name, signers, people, reviews) and the chapter on goals."""

from collections.abc import Mapping

from yaml.nodes import Node

from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    PERIOD,
    Key,
    MappingSchema,
    NodeReader,
    calendar_date,
    duration,
    list_of,
    matching,
    not_executed,
    one_of,
    required,
    scalar_text,
    share,
    text,
    whole_number,
)
from shared.agreement.language.schema import number as amount
from shared.agreement.time.calendar import zone_named

REVIEW_GROUPS = ("signed_by", "managers")


def time_zone(node: Node, problems: Problems, path: str) -> str | None:
    """An IANA time zone."""
    name = scalar_text(node, problems, path, "a time zone such as Europe/Berlin")
    if name is None:
        return None
    try:
        return zone_named(name).key
    except ValueError as error:
        problems.error(node, path, str(error))
        return None


address = matching(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an address such as maya@northwind.example")
currency = matching(
    r"AED|AUD|BRL|CAD|CHF|CNY|CZK|DKK|EUR|GBP|HKD|HUF|ILS|INR|JPY|KRW|MXN|NOK|NZD|PLN|RON|SEK|SGD|THB|TRY|TWD|USD|ZAR",
    "a currency such as USD",
)
_review_frequency = MappingSchema({"every": required(PERIOD), "times": whole_number(1, 60)})
_attendees = list_of(one_of(*REVIEW_GROUPS, "executive", "marketing", "sales"))

HEAD: Mapping[str, Key | NodeReader] = {
    "agreement": required(text),
    "effective": calendar_date,
    "timezone": time_zone,
    "currency": not_executed(currency, "money is shown once goals and costs are judged"),
    "signed_by": required(MappingSchema({"marketing": required(address), "sales": required(address)})),
    "people": MappingSchema(
        {name: list_of(text) for name in ("marketing", "sales", "executive", "ops")},
    ),
    "review": not_executed(
        MappingSchema({"first": _review_frequency, "then": _review_frequency, "who": _attendees, "remind": duration}),
        "the review pack and its reminders",
    ),
}

_goal = MappingSchema(
    {
        "revenue": MappingSchema({"amount": required(amount), "per": required(PERIOD)}),
        "marketing_share": share,
        "pipeline": MappingSchema({"marketing_share": one_of("measured")}),
        "average_deal": amount,
        "rates": MappingSchema(
            dict.fromkeys(
                ("lead_to_mql", "mql_to_sal", "sal_to_sql", "sql_to_won", "lead_to_revenue", "mql_to_sql"), share
            )
        ),
        "cycle": MappingSchema({"mql_to_won": duration, "lead_to_won": duration}),
        "sourced": MappingSchema({"by": one_of("first touch", "last touch", "created by"), "within": duration}),
        "periods": MappingSchema(
            {
                "year_starts": one_of(
                    *("january", "february", "march", "april", "may", "june"),
                    *("july", "august", "september", "october", "november", "december"),
                ),
                "first": one_of("pro rata", "whole"),
            }
        ),
    }
)
_quarter = matching(r"\d{4}(-Q[1-4]|-\d{2})?", "a period such as 2026-Q3")
_stage = MappingSchema(
    {
        "stage": required(one_of("lead", "MQL", "SAL", "SQL", "opportunity", "customer")),
        "is": required(one_of("received", "qualified", "accepted", "contacted", "advanced", "won")),
        "side": required(one_of("marketing", "sales")),
        "means": text,
    }
)

GOAL: Mapping[str, Key | NodeReader] = {
    "goal": not_executed(_goal, "the goal is not worked back to leads"),
    "baseline": not_executed(
        MappingSchema({"period": _quarter, "visits": amount, "leads": amount, "close_rate": share}),
        "the baseline is not compared",
    ),
    "stages": not_executed(list_of(_stage), "the stages are printed, not counted"),
}
