"""The chapter on what sales owes: calendars, promises, dispositions and targets."""

from collections.abc import Mapping
from typing import Any

from yaml.nodes import Node

from shared.agreement.language.chapters.calendars import calendar
from shared.agreement.language.chapters.escalation import escalation_action, escalation_step
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    PERIOD,
    Key,
    MappingSchema,
    NodeReader,
    bound,
    duration,
    either,
    list_of,
    located,
    map_of,
    matching,
    not_executed,
    number,
    one_of,
    share,
    text,
    whole_number,
)

PROMISE_KEYS = ("within", "off_hours", "warn", "then", "from", "met_by", "steps")
"""Keys of a promise that name no tier."""


_target = MappingSchema(
    {
        "within": duration,
        "off_hours": duration,
        "before": not_executed(one_of("next delivery"), "a deadline before the next delivery"),
    }
)


def promise_by_tier(*more: tuple[str, Key | NodeReader]) -> MappingSchema:
    """A promise: targets by tier (or `within` for all), a warning, escalation steps, and keys of its own."""
    own: dict[str, Key | NodeReader] = {
        "within": duration,
        "off_hours": duration,
        "warn": share,
        "then": list_of(escalation_step),
        **dict(more),
    }
    return MappingSchema(own, extra=_target, allows_extra=lambda name: name not in own)


_runs_from = one_of("received", "assigned", "accepted")
_pace = MappingSchema(
    {
        "attempts": whole_number(1, 1000),
        "pause": MappingSchema({"at_least": duration, "at_most": duration}),
        "give_up": MappingSchema({"after": duration, "do": escalation_action}),
    }
)
_step = MappingSchema(
    {
        "day": whole_number(0, 3650),
        "by": one_of("call", "email", "linkedin", "sms", "meeting", "letter"),
        "say": located(text),
    }
)
_cadence = MappingSchema({"steps": list_of(_step), "then": list_of(escalation_step)}, extra=_pace)
_STATES = ("assigned", "accepted", "contacted", "advanced")
_promises = MappingSchema(
    {
        "accept": promise_by_tier(),
        "first_touch": promise_by_tier(("from", _runs_from), ("met_by", one_of("attempt", "contacted"))),
        "cadence": not_executed(_cadence, "the cadence"),
        "qualify": not_executed(
            MappingSchema({"within": duration, "warn": share, "then": list_of(escalation_step)}),
            "the promise to qualify",
        ),
        "stalled": not_executed(
            MappingSchema({"in": list_of(one_of(*_STATES)), "after": duration, "then": list_of(escalation_step)}),
            "leads that stall",
        ),
        "feedback": not_executed(
            MappingSchema(
                {
                    "within": duration,
                    "rating": matching(r"\d+ to \d+", "a range such as 1 to 5"),
                    "then": list_of(escalation_step),
                }
            ),
            "feedback on leads",
        ),
        "clock": MappingSchema(
            {
                "follows": either(one_of("owner", "team", "24x7"), lambda n, p, at: _followed_by_clock(n, p, at)),
                "at_close": one_of("close", "next open"),
                "day": one_of("business"),
                "on_reassign": MappingSchema({"continue_with_at_least": duration}),
            }
        ),
    }
)


def _followed_by_clock(node: Node, problems: Problems, path: str) -> Any:
    follows = one_of("owner", "team", "lead", "24x7")(node, problems, path)
    if follows == "lead":
        problems.warning(node, path, "not yet executed: the clock follows the team's calendar, not the lead's zone")
    return follows


_decline = MappingSchema(
    {
        "ours": list_of(text, least=0),
        "theirs": list_of(text, least=0),
        "then": one_of("reassign", "return to marketing"),
        "at_most": whole_number(0, 100),
        "last": one_of("return to marketing"),
    }
)
_goal = either(number, one_of("from goal"))
_count = MappingSchema({"count": _goal, "per": PERIOD, "at_risk": share})
_money = MappingSchema({"amount": _goal, "per": PERIOD, "at_risk": share, "by": list_of(one_of("team", "rep"))})
_targets = MappingSchema(
    {
        "sqls": _count,
        "sals": _count,
        "pipeline": _money,
        "revenue": _money,
        "rates": MappingSchema({"mql_to_sql": bound(), "mql_to_sal": bound(), "sal_to_sql": bound(), "per": PERIOD}),
    }
)

SALES: Mapping[str, Key | NodeReader] = {
    "calendars": map_of(calendar),
    "promises": _promises,
    "sql_requires": not_executed(
        list_of(one_of("amount", "close_date", "probability", "product")), "what an SQL needs"
    ),
    "checklist": not_executed(
        MappingSchema(
            {
                "before": one_of("first_touch", "accept"),
                "items": list_of(text),
                "skip": one_of("with a reason", "never"),
            }
        ),
        "the checklist",
    ),
    "content": not_executed(map_of(matching(r"https?://\S+", "a web address")), "content for the steps of a cadence"),
    "dispositions": MappingSchema({"decline": _decline, "disqualify": list_of(text)}),
    "targets": not_executed(_targets, "what sales owes in numbers"),
}
