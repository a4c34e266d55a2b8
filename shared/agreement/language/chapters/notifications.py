"""Who is told, and how; what the CRM and the scoreboard see."""

from collections.abc import Mapping
from typing import Any

from yaml.nodes import MappingNode, Node

from shared.agreement.language.chapters.distribution import rhythm
from shared.agreement.language.chapters.sales import deed
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    Key,
    Read,
    Shape,
    keys_of,
    later,
    list_of,
    located,
    map_of,
    near,
    pattern,
    scalar,
    span,
    text,
    whole,
    word,
)

EXECUTED = ("email",)
KNOWN = ("email", "slack", "sms", "webhook:NAME")
_after = pattern(r"after .+", "a delay such as after 10 minutes")


def channel(node: Node, problems: Problems, path: str) -> Any:
    """One channel, or one with a delay: {sms: after 10 minutes}."""
    if not isinstance(node, MappingNode):
        return {"channel": _named(node, problems, path), "after": 0}
    pairs = keys_of(node, problems, path)
    if len(pairs) != 1:
        problems.error(node, path, "A channel with a delay has one name, such as {sms: after 10 minutes}.")
        return None
    name, where, value = pairs[0]
    found = _known(name, where, problems, path)
    delay = scalar(value, problems, path, "a delay such as after 10 minutes")
    if delay is None or not _after(value, problems, path):
        return None
    trial = Problems()
    shorter = type(value)(value.tag, delay.removeprefix("after "), value.start_mark, value.end_mark)
    seconds = span(shorter, trial, path)
    if seconds is None:
        problems.error(value, path, f"{delay!r} is not a delay such as after 10 minutes.")
        return None
    return {"channel": found, "after": seconds.seconds}


def _named(node: Node, problems: Problems, path: str) -> str | None:
    found = scalar(node, problems, path, "a channel such as email")
    return _known(found, node, problems, path) if found else None


def _known(name: str, node: Node, problems: Problems, path: str) -> str | None:
    if name.startswith("webhook:") and name.removeprefix("webhook:").replace("_", "").replace("-", "").isalnum():
        return name
    if name not in KNOWN:
        problems.error(node, path, f"{name!r} is not a channel{near(name, KNOWN)}")
        return None
    if name not in EXECUTED:
        problems.warning(node, path, f"not yet executed: the channel {name}; it is passed over")
    return name


_ways = list_of(channel)
_STATES = ("contacted", "advance", "won", "lost", "disqualify", "recycle", "accept")
_SHOWN = (
    *("revenue_to_goal", "mqls", "sqls", "accepted_share", "accepted_in_time", "touched_in_time", "conversion"),
    *("velocity", "leakage", "recycled_back", "moves_by_hand"),
)


def _per_window(name: str) -> str | None:
    if name in ("day", "hour", "week"):
        return None
    amount, _, unit = name.partition(" ")
    good = amount.isdecimal() and unit in ("minutes", "minute", "hours", "hour", "days")
    return None if good else f"{name!r} is not a window such as 10 minutes or day."


TELLING: Mapping[str, Key | Read] = {
    "channels": Shape(
        {
            "owner": _ways,
            "manager": _ways,
            "ops": _ways,
            "marketing": _ways,
            "sales": _ways,
            "outcomes": later(_ways, "outcomes do not go back to the source by themselves"),
            "undelivered": later(Shape({"after": span, "do": list_of(deed)}), "what follows when every channel failed"),
            "quiet_hours": later(
                Shape({"reps": word("outside their calendar", "never"), "except": list_of(located(text))}),
                "quiet hours",
            ),
            "limits": later(Shape({"per_person": map_of(whole(1, 100_000), _per_window)}), "limits for each person"),
            "digests": later(Shape(dict.fromkeys(("manager", "marketing", "executive", "owner"), rhythm)), "digests"),
        }
    ),
    "crm": later(
        Shape(
            {
                "writes": Shape(
                    {
                        "task": word("on assigned", "never"),
                        "owner": word("on assigned", "never"),
                        "stage": word("on change", "never"),
                        "flag": word("on breach", "never"),
                    }
                ),
                "reads": Shape(
                    {"stage": map_of(word(*_STATES)), "amount": text, "close_date": text, "probability": text}
                ),
            }
        ),
        "reading and writing a CRM",
    ),
    "scoreboard": later(Shape({"show": list_of(word(*_SHOWN)), "leakage": span}), "the scoreboard"),
}
