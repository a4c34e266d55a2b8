"""The chapter on distribution: teams, routing rules, off hours, unrouted leads and deliveries."""

from collections.abc import Mapping
from typing import Any

from yaml.nodes import MappingNode, Node

from shared.agreement.language.condition_reader import condition
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    Key,
    MappingSchema,
    NodeReader,
    Section,
    duration,
    list_of,
    located,
    map_of,
    matching,
    not_executed,
    one_of,
    required,
    scalar_text,
    text,
    whole_number,
)

_member_shape = MappingSchema({"rep": required(text), "weight": whole_number(1, 100)})


def member(node: Node, problems: Problems, path: str) -> Any:
    """A member: the id of a rep, or a mapping with a weight."""
    return _member_shape(node, problems, path) if isinstance(node, MappingNode) else text(node, problems, path)


def _method(node: Node, problems: Problems, path: str) -> str | None:
    method: str | None = one_of("round robin", "weighted")(node, problems, path)
    if method == "weighted":
        problems.warning(
            node, path, "not yet executed: the method weighted; turns are round robin, which respects weights"
        )
    return method


_cap = MappingSchema(
    {
        "open": whole_number(1, 100_000),
        **{
            name: not_executed(whole_number(1, 100_000), f"the cap {name}")
            for name in ("per_hour", "per_day", "per_week", "per_month")
        },
        "by_tier": not_executed(map_of(whole_number(1, 100_000)), "caps by tier"),
    }
)
team = MappingSchema(
    {
        "manager": located(text),
        "members": list_of(located(member), least=0),
        "calendar": located(text),
        "method": _method,
        "cap": _cap,
        "catch_up": one_of("none"),
    }
)


def routing_target(node: Node, problems: Problems, path: str) -> str | None:
    """Where a routing rule sends leads: owner, previous owner, rep:ID, a team, or a table."""
    to = scalar_text(node, problems, path, "a team, rep:ID, owner or previous owner")
    if to and to.startswith("table:"):
        if not matching(r"table:[a-z0-9_]+ by [a-z_.]+(, ?[a-z_.]+)*", "a table such as table:us_territories by state")(
            node, problems, path
        ):
            return None
        problems.warning(node, path, "not yet executed: territory tables; the rule is skipped")
    return to


rule = MappingSchema(
    {
        "rule": required(text),
        "when": condition,
        "to": required(located(routing_target)),
        "within": duration,
        "else": one_of("next rule"),
        "skills": list_of(text),
        "backup": located(text),
    }
)


def off_hours(node: Node, problems: Problems, path: str) -> Any:
    """What happens to leads off hours: hold until open, assign anyway, or next open team."""
    if not isinstance(node, MappingNode):
        choice = one_of("assign anyway", "hold until open", "next open team")(node, problems, path)
        if choice == "next open team":
            problems.warning(node, path, "not yet executed: next open team; leads are held until a rep is at work")
        section = Section(node, path)
        section["then"] = "assign anyway" if choice == "assign anyway" else "hold until open"
        return section
    release = MappingSchema({"by": one_of("priority"), "every": duration})
    shaped = MappingSchema(
        {
            "hold": one_of("until open"),
            "except": list_of(located(text)),
            "release": not_executed(release, "held leads are released at opening, not one by one"),
        }
    )(node, problems, path)
    shaped["then"] = "hold until open" if "hold" in shaped else "assign anyway"
    return shaped


frequency = matching(
    r"(daily|weekly (mon|tue|wed|thu|fri|sat|sun)|monthly)( \d{2}:\d{2})?",
    "a frequency such as weekly mon 09:00 or daily 08:30",
)

DISTRIBUTION: Mapping[str, Key | NodeReader] = {
    "teams": map_of(team),
    "routing": list_of(rule),
    "unrouted": MappingSchema({"alert": one_of("ops", "marketing", "manager", "sales"), "after": duration}),
    "off_hours": off_hours,
    "deliver": not_executed(
        MappingSchema({"every": frequency, "tiers": list_of(located(text))}), "leads go at once, not in batches"
    ),
}
rhythm = frequency
