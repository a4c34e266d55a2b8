"""How leads are distributed: teams, rules, and what happens when nobody is there."""

from collections.abc import Mapping
from typing import Any

from yaml.nodes import MappingNode, Node

from shared.agreement.language.condition_reader import condition
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    Key,
    Read,
    Section,
    Shape,
    later,
    list_of,
    located,
    map_of,
    needed,
    pattern,
    scalar,
    span,
    text,
    whole,
    word,
)

_member_shape = Shape({"rep": needed(text), "weight": whole(1, 100)})


def member(node: Node, problems: Problems, path: str) -> Any:
    """A rep by id, or with a weight."""
    return _member_shape(node, problems, path) if isinstance(node, MappingNode) else text(node, problems, path)


def _method(node: Node, problems: Problems, path: str) -> str | None:
    found: str | None = word("round robin", "weighted")(node, problems, path)
    if found == "weighted":
        problems.warning(
            node, path, "not yet executed: the method weighted; turns go round robin, a weight counts there"
        )
    return found


_cap = Shape(
    {
        "open": whole(1, 100_000),
        **{
            name: later(whole(1, 100_000), f"the cap {name}")
            for name in ("per_hour", "per_day", "per_week", "per_month")
        },
        "by_tier": later(map_of(whole(1, 100_000)), "caps by tier"),
    }
)
team = Shape(
    {
        "manager": located(text),
        "members": list_of(located(member), least=0),
        "calendar": located(text),
        "method": _method,
        "cap": _cap,
        "catch_up": word("none"),
    }
)


def target(node: Node, problems: Problems, path: str) -> str | None:
    """Where a rule sends leads: owner, previous owner, rep:ID, a team, or a table."""
    found = scalar(node, problems, path, "a team, rep:ID, owner or previous owner")
    if found and found.startswith("table:"):
        if not pattern(r"table:[a-z0-9_]+ by [a-z_.]+(, ?[a-z_.]+)*", "a table such as table:us_territories by state")(
            node, problems, path
        ):
            return None
        problems.warning(node, path, "not yet executed: territory tables; the rule is passed over")
    return found


rule = Shape(
    {
        "rule": needed(text),
        "when": condition,
        "to": needed(located(target)),
        "within": span,
        "else": word("next rule"),
        "skills": list_of(text),
        "backup": located(text),
    }
)


def off_hours(node: Node, problems: Problems, path: str) -> Any:
    """Hold until open, assign anyway, or go to the next open team."""
    if not isinstance(node, MappingNode):
        found = word("assign anyway", "hold until open", "next open team")(node, problems, path)
        if found == "next open team":
            problems.warning(node, path, "not yet executed: leads are held until somebody opens")
        made = Section(node, path)
        made["then"] = "assign anyway" if found == "assign anyway" else "hold until open"
        return made
    every = Shape({"by": word("priority"), "every": span})
    shaped = Shape(
        {
            "hold": word("until open"),
            "except": list_of(located(text)),
            "release": later(every, "held leads are released at opening, not one by one"),
        }
    )(node, problems, path)
    shaped["then"] = "hold until open" if "hold" in shaped else "assign anyway"
    return shaped


_every = pattern(
    r"(daily|weekly (mon|tue|wed|thu|fri|sat|sun)|monthly)( \d{2}:\d{2})?",
    "a rhythm such as weekly mon 09:00 or daily 08:30",
)

DISTRIBUTION: Mapping[str, Key | Read] = {
    "teams": map_of(team),
    "routing": list_of(rule),
    "unrouted": Shape({"alert": word("ops", "marketing", "manager", "sales"), "after": span}),
    "off_hours": off_hours,
    "deliver": later(Shape({"every": _every, "tiers": list_of(located(text))}), "leads go at once, not in batches"),
}
rhythm = _every
