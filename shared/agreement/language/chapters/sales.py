"""The chapter on what sales owes: calendars, promises, dispositions and targets."""

from collections.abc import Mapping
from typing import Any

from yaml.nodes import Node, SequenceNode

from shared.agreement.language.chapters.head import time_zone
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    PERIOD,
    Key,
    MappingSchema,
    NodeReader,
    bound,
    calendar_date,
    duration,
    either,
    list_of,
    located,
    map_of,
    mapping_items,
    matching,
    not_executed,
    number,
    one_of,
    required,
    scalar_text,
    share,
    text,
    whole_number,
)
from shared.agreement.time.calendar import CalendarSpec
from shared.agreement.time.holidays import validate_code
from shared.agreement.time.hours import parse_week

PROMISE_KEYS = ("within", "off_hours", "warn", "then", "from", "met_by", "steps")
"""Keys of a promise that name no tier."""


def hours(node: Node, problems: Problems, path: str) -> dict[str, tuple[str, ...]]:
    """Days to windows: {mon-fri: 09:00-17:30}, or a list of windows for days with a break."""
    windows_of_days: dict[str, tuple[str, ...]] = {}
    for name, where, value in mapping_items(node, problems, path):
        parts = value.value if isinstance(value, SequenceNode) else [value]
        windows = tuple(str(getattr(part, "value", "")) for part in parts)
        try:
            parse_week({name: windows[0] if len(windows) == 1 else list(windows)})
        except ValueError as error:
            wrong = next((part for part in parts if repr(str(getattr(part, "value", ""))) in str(error)), None)
            at = where if repr(name) in str(error) else wrong or parts[0]
            problems.error(at, f"{path}.{name}", str(error)[:1].upper() + str(error)[1:])
            continue
        windows_of_days[name] = windows
    return windows_of_days


def holidays(node: Node, problems: Problems, path: str) -> str | None:
    """The code of a country or of one of its parts."""
    code = scalar_text(node, problems, path, "a code such as US or DE-BE")
    if code:
        try:
            validate_code(code)
        except ValueError as error:
            problems.error(node, path, str(error))
            return None
    return code


_windows = list_of(matching(r"\d{1,2}:\d{2}-\d{1,2}:\d{2}", "hours such as 09:00-12:00"), least=0)
_calendar = MappingSchema(
    {
        "timezone": required(time_zone),
        "hours": required(hours),
        "holidays": holidays,
        "closed": list_of(calendar_date),
        "overrides": map_of(
            _windows, lambda name: None if len(name) == 10 else f"{name!r} is not a date such as 2026-12-24."
        ),
    }
)


def calendar(node: Node, problems: Problems, path: str) -> CalendarSpec | None:
    """A working calendar."""
    before = len(problems.errors)
    section = _calendar(node, problems, path)
    if len(problems.errors) > before:
        return None
    try:
        return CalendarSpec.model_validate(dict(section))
    except ValueError as error:
        problems.error(node, path, f"The calendar cannot be read: {str(error).splitlines()[-1].strip()}")
        return None


ACTIONS = (
    "notify owner",
    "notify manager",
    "notify marketing",
    "notify sales",
    "notify ops",
    "reassign",
    "return to marketing",
)


def escalation_action(node: Node, problems: Problems, path: str) -> str | None:
    """What an escalation step does."""
    action = scalar_text(node, problems, path, "what to do, such as notify manager")
    if action and action.startswith("recycle as ") and action.removeprefix("recycle as ").strip():
        return action
    return one_of(*ACTIONS, "recycle as REASON")(node, problems, path)  # type: ignore[no-any-return]


escalation_step = MappingSchema(
    {
        "at": one_of("breach"),
        "after": duration,
        "do": required(list_of(escalation_action)),
        "at_most": whole_number(1, 100),
        "never": one_of("previous owners"),
        "unless": not_executed(one_of("cadence unfinished"), "a step that waits for the cadence"),
    }
)
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
