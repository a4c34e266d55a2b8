"""Escalation actions: what a step after a breach, or a missed commitment, may do."""

from yaml.nodes import Node

from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    MappingSchema,
    duration,
    list_of,
    not_executed,
    one_of,
    required,
    scalar_text,
    whole_number,
)

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
