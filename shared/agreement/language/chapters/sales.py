"""What sales owes: calendars, promises, dispositions and targets."""

from collections.abc import Mapping
from typing import Any

from yaml.nodes import Node, SequenceNode

from shared.agreement.language.chapters.head import zone
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    PERIOD,
    Key,
    Read,
    Shape,
    comparison,
    day,
    either,
    keys_of,
    later,
    list_of,
    located,
    map_of,
    needed,
    number,
    pattern,
    scalar,
    share,
    span,
    text,
    whole,
    word,
)
from shared.agreement.time.calendar import CalendarSpec
from shared.agreement.time.holidays import check_code
from shared.agreement.time.hours import parse_week


def hours(node: Node, problems: Problems, path: str) -> dict[str, tuple[str, ...]]:
    """Days to windows: {mon-fri: 09:00-17:30}, or a list of windows for a day with a break."""
    made: dict[str, tuple[str, ...]] = {}
    for name, where, value in keys_of(node, problems, path):
        parts = value.value if isinstance(value, SequenceNode) else [value]
        windows = tuple(str(getattr(part, "value", "")) for part in parts)
        try:
            parse_week({name: windows[0] if len(windows) == 1 else list(windows)})
        except ValueError as error:
            wrong = next((part for part in parts if repr(str(getattr(part, "value", ""))) in str(error)), None)
            at = where if repr(name) in str(error) else wrong or parts[0]
            problems.error(at, f"{path}.{name}", str(error)[:1].upper() + str(error)[1:])
            continue
        made[name] = windows
    return made


def holidays(node: Node, problems: Problems, path: str) -> str | None:
    """The code of a country or one of its parts."""
    found = scalar(node, problems, path, "a code such as US or DE-BE")
    if found:
        try:
            check_code(found)
        except ValueError as error:
            problems.error(node, path, str(error))
            return None
    return found


_windows = list_of(pattern(r"\d{1,2}:\d{2}-\d{1,2}:\d{2}", "hours such as 09:00-12:00"), least=0)
_calendar = Shape(
    {
        "timezone": needed(zone),
        "hours": needed(hours),
        "holidays": holidays,
        "closed": list_of(day),
        "overrides": map_of(
            _windows, lambda name: None if len(name) == 10 else f"{name!r} is not a date such as 2026-12-24."
        ),
    }
)


def calendar(node: Node, problems: Problems, path: str) -> CalendarSpec | None:
    """A working calendar."""
    before = len(problems.errors)
    found = _calendar(node, problems, path)
    if len(problems.errors) > before:
        return None
    try:
        return CalendarSpec.model_validate(dict(found))
    except ValueError as error:
        problems.error(node, path, f"The calendar cannot be read: {str(error).splitlines()[-1].strip()}")
        return None


DO = (
    "notify owner",
    "notify manager",
    "notify marketing",
    "notify sales",
    "notify ops",
    "reassign",
    "return to marketing",
)


def deed(node: Node, problems: Problems, path: str) -> str | None:
    """What a rung does."""
    found = scalar(node, problems, path, "what to do, such as notify manager")
    if found and found.startswith("recycle as ") and found.removeprefix("recycle as ").strip():
        return found
    return word(*DO, "recycle as REASON")(node, problems, path)  # type: ignore[no-any-return]


rung = Shape(
    {
        "at": word("breach"),
        "after": span,
        "do": needed(list_of(deed)),
        "at_most": whole(1, 100),
        "never": word("previous owners"),
        "unless": later(word("cadence unfinished"), "a rung that waits for the cadence"),
    }
)
_target = Shape(
    {"within": span, "off_hours": span, "before": later(word("next delivery"), "a deadline before the next delivery")}
)


def tiered(*more: tuple[str, Key | Read]) -> Shape:
    """A promise: targets by tier (or `within` for all), a warning, rungs, and keys of its own."""
    own: dict[str, Key | Read] = {"within": span, "off_hours": span, "warn": share, "then": list_of(rung), **dict(more)}
    return Shape(own, also=_target, free=lambda name: name not in own)


_from = word("received", "assigned", "accepted")
_pace = Shape(
    {
        "attempts": whole(1, 1000),
        "pause": Shape({"at_least": span, "at_most": span}),
        "give_up": Shape({"after": span, "do": deed}),
    }
)
_step = Shape(
    {"day": whole(0, 3650), "by": word("call", "email", "linkedin", "sms", "meeting", "letter"), "say": located(text)}
)
_cadence = Shape({"steps": list_of(_step), "then": list_of(rung)}, also=_pace)
_STATES = ("assigned", "accepted", "contacted", "advanced")
_promises = Shape(
    {
        "accept": tiered(),
        "first_touch": tiered(("from", _from), ("met_by", word("attempt", "contacted"))),
        "cadence": later(_cadence, "the cadence"),
        "qualify": later(Shape({"within": span, "warn": share, "then": list_of(rung)}), "the promise to qualify"),
        "stalled": later(
            Shape({"in": list_of(word(*_STATES)), "after": span, "then": list_of(rung)}), "leads that stall"
        ),
        "feedback": later(
            Shape({"within": span, "rating": pattern(r"\d+ to \d+", "a range such as 1 to 5"), "then": list_of(rung)}),
            "feedback on leads",
        ),
        "clock": Shape(
            {
                "follows": either(word("owner", "team", "24x7"), lambda n, p, at: _lead_zone(n, p, at)),
                "at_close": word("close", "next open"),
                "day": word("business"),
                "on_reassign": Shape({"continue_with_at_least": span}),
            }
        ),
    }
)


def _lead_zone(node: Node, problems: Problems, path: str) -> Any:
    found = word("owner", "team", "lead", "24x7")(node, problems, path)
    if found == "lead":
        problems.warning(node, path, "not yet executed: the clock follows the team's calendar, not the lead's zone")
    return found


_decline = Shape(
    {
        "ours": list_of(text, least=0),
        "theirs": list_of(text, least=0),
        "then": word("reassign", "return to marketing"),
        "at_most": whole(0, 100),
        "last": word("return to marketing"),
    }
)
_goal = either(number, word("from goal"))
_count = Shape({"count": _goal, "per": PERIOD, "at_risk": share})
_money = Shape({"amount": _goal, "per": PERIOD, "at_risk": share, "by": list_of(word("team", "rep"))})
_targets = Shape(
    {
        "sqls": _count,
        "sals": _count,
        "pipeline": _money,
        "revenue": _money,
        "rates": Shape(
            {"mql_to_sql": comparison(), "mql_to_sal": comparison(), "sal_to_sql": comparison(), "per": PERIOD}
        ),
    }
)

SALES: Mapping[str, Key | Read] = {
    "calendars": map_of(calendar),
    "promises": _promises,
    "sql_requires": later(list_of(word("amount", "close_date", "probability", "product")), "what an SQL needs"),
    "checklist": later(
        Shape(
            {"before": word("first_touch", "accept"), "items": list_of(text), "skip": word("with a reason", "never")}
        ),
        "the checklist",
    ),
    "content": later(map_of(pattern(r"https?://\S+", "a web address")), "content for the steps of a cadence"),
    "dispositions": Shape({"decline": _decline, "disqualify": list_of(text)}),
    "targets": later(_targets, "what sales owes in numbers"),
}
