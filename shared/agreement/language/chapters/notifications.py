"""The chapter on notifications: channels, the CRM and the scoreboard."""

from collections.abc import Mapping
from typing import Any

from yaml.nodes import MappingNode, Node

from shared.agreement.language.chapters.distribution import rhythm
from shared.agreement.language.chapters.escalation import escalation_action
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    Key,
    MappingSchema,
    NodeReader,
    duration,
    list_of,
    located,
    map_of,
    mapping_items,
    matching,
    not_executed,
    one_of,
    scalar_text,
    suggest,
    text,
    whole_number,
)

EXECUTED_CHANNELS = ("email",)
KNOWN_CHANNELS = ("email", "slack", "sms", "webhook:NAME")
_delay = matching(r"after .+", "a delay such as after 10 minutes")


def channel(node: Node, problems: Problems, path: str) -> Any:
    """One channel, or one with a delay: {sms: after 10 minutes}."""
    if not isinstance(node, MappingNode):
        return {"channel": _channel_name(node, problems, path), "after": 0}
    pairs = mapping_items(node, problems, path)
    if len(pairs) != 1:
        problems.error(node, path, "A channel with a delay has one name, such as {sms: after 10 minutes}.")
        return None
    name, where, value = pairs[0]
    name_read = _check_channel(name, where, problems, path)
    delay = scalar_text(value, problems, path, "a delay such as after 10 minutes")
    if delay is None or not _delay(value, problems, path):
        return None
    trial = Problems()
    shorter = type(value)(value.tag, delay.removeprefix("after "), value.start_mark, value.end_mark)
    seconds = duration(shorter, trial, path)
    if seconds is None:
        problems.error(value, path, f"{delay!r} is not a delay such as after 10 minutes.")
        return None
    return {"channel": name_read, "after": seconds.seconds}


def _channel_name(node: Node, problems: Problems, path: str) -> str | None:
    name = scalar_text(node, problems, path, "a channel such as email")
    return _check_channel(name, node, problems, path) if name else None


def _check_channel(name: str, node: Node, problems: Problems, path: str) -> str | None:
    if name.startswith("webhook:") and name.removeprefix("webhook:").replace("_", "").replace("-", "").isalnum():
        return name
    if name not in KNOWN_CHANNELS:
        problems.error(node, path, f"{name!r} is not a channel{suggest(name, KNOWN_CHANNELS)}")
        return None
    if name not in EXECUTED_CHANNELS:
        problems.warning(node, path, f"not yet executed: the channel {name}; it is skipped")
    return name


_channels = list_of(channel)
_CRM_STATES = ("contacted", "advance", "won", "lost", "disqualify", "recycle", "accept")
_SCOREBOARD_NUMBERS = (
    *("revenue_to_goal", "mqls", "sqls", "accepted_share", "accepted_in_time", "touched_in_time", "conversion"),
    *("velocity", "leakage", "recycled_back", "moves_by_hand"),
)


def _window_error(name: str) -> str | None:
    if name in ("day", "hour", "week"):
        return None
    amount, _, unit = name.partition(" ")
    good = amount.isdecimal() and unit in ("minutes", "minute", "hours", "hour", "days")
    return None if good else f"{name!r} is not a window such as 10 minutes or day."


NOTIFICATIONS: Mapping[str, Key | NodeReader] = {
    "channels": MappingSchema(
        {
            "owner": _channels,
            "manager": _channels,
            "ops": _channels,
            "marketing": _channels,
            "sales": _channels,
            "outcomes": not_executed(_channels, "outcomes do not go back to the source by themselves"),
            "undelivered": not_executed(
                MappingSchema({"after": duration, "do": list_of(escalation_action)}),
                "what follows when every channel failed",
            ),
            "quiet_hours": not_executed(
                MappingSchema({"reps": one_of("outside their calendar", "never"), "except": list_of(located(text))}),
                "quiet hours",
            ),
            "limits": not_executed(
                MappingSchema({"per_person": map_of(whole_number(1, 100_000), _window_error)}), "limits for each person"
            ),
            "digests": not_executed(
                MappingSchema(dict.fromkeys(("manager", "marketing", "executive", "owner"), rhythm)), "digests"
            ),
        }
    ),
    "crm": not_executed(
        MappingSchema(
            {
                "writes": MappingSchema(
                    {
                        "task": one_of("on assigned", "never"),
                        "owner": one_of("on assigned", "never"),
                        "stage": one_of("on change", "never"),
                        "flag": one_of("on breach", "never"),
                    }
                ),
                "reads": MappingSchema(
                    {"stage": map_of(one_of(*_CRM_STATES)), "amount": text, "close_date": text, "probability": text}
                ),
            }
        ),
        "reading and writing a CRM",
    ),
    "scoreboard": not_executed(
        MappingSchema({"show": list_of(one_of(*_SCOREBOARD_NUMBERS)), "leakage": duration}), "the scoreboard"
    ),
}
