"""The lead lifecycle as a table: state and action to the next state. The docs draw their diagram from it."""

from typing import NamedTuple

ACTIONS = ("accept", "decline", "attempt", "contacted", "advance", "disqualify", "recycle", "won", "lost")
"""What the owner of a lead reports, each under the epoch of their assignment."""
MANAGER_ACTIONS = ("reassign", "assign", "claim")
"""What a manager (or a rep who claims a lead) does to change its owner."""
NOT_YET = ("release", "split", "wait", "resume", "excuse", "rate", "check", "nurture", "archive")
"""Actions that the contract names and the router does not execute yet."""

TRANSITIONS: dict[str, dict[str, str]] = {
    "assigned": {
        "accept": "accepted",
        "decline": "declined",
        "attempt": "accepted",
        "contacted": "contacted",
        "advance": "advanced",
        "disqualify": "disqualified",
        "recycle": "recycled",
        "won": "won",
        "lost": "lost",
        "reassign": "assigned",
        "assign": "assigned",
    },
    "accepted": {
        "attempt": "accepted",
        "contacted": "contacted",
        "advance": "advanced",
        "disqualify": "disqualified",
        "recycle": "recycled",
        "won": "won",
        "lost": "lost",
        "reassign": "assigned",
        "assign": "assigned",
    },
    "contacted": {
        "attempt": "contacted",
        "contacted": "contacted",
        "advance": "advanced",
        "disqualify": "disqualified",
        "recycle": "recycled",
        "won": "won",
        "lost": "lost",
        "reassign": "assigned",
        "assign": "assigned",
    },
    "advanced": {
        "attempt": "advanced",
        "contacted": "advanced",
        "disqualify": "disqualified",
        "recycle": "recycled",
        "won": "won",
        "lost": "lost",
        "reassign": "assigned",
        "assign": "assigned",
    },
    "held": {"claim": "assigned", "assign": "assigned", "recycle": "recycled"},
    "unrouted": {"claim": "assigned", "assign": "assigned", "recycle": "recycled", "reassign": "assigned"},
    "nurtured": {"claim": "assigned", "assign": "assigned"},
    "recycled": {"claim": "assigned", "assign": "assigned"},
    "received": {},
    "parked": {},
    "refused": {},
    "merged": {},
    "disqualified": {"assign": "assigned"},
    "won": {},
    "lost": {},
}

AUTOMATIC: dict[str, tuple[str, ...]] = {
    "received": ("refused", "merged", "nurtured", "qualified", "parked"),
    "parked": ("received", "refused", "merged"),
    "nurtured": ("qualified",),
    "qualified": ("assigned", "held", "unrouted"),
    "held": ("assigned", "unrouted"),
    "unrouted": ("assigned", "held"),
    "assigned": ("assigned", "recycled"),
    "accepted": ("assigned", "recycled"),
    "declined": ("assigned", "held", "unrouted", "recycled"),
    "recycled": ("qualified",),
}
"""The transitions that rules, escalation steps and new enquiries cause without an action of a person."""


class Refused(NamedTuple):
    """Why an action does not apply."""

    why: str


def next_state(state: str, action: str) -> str | Refused:
    """The state that an action leads to, or why it is refused in this state."""
    following = TRANSITIONS.get(state, {})
    if action in following:
        return following[action]
    if state == "accepted" and action == "accept":
        return Refused("The lead is accepted already.")
    if state in ("won", "lost", "disqualified", "recycled"):
        return Refused(f"The lead is closed ({state}).")
    if action in ("accept", "decline") and state in ("contacted", "advanced"):
        return Refused(f"The lead is {state} already.")
    if action == "decline" and state == "accepted":
        return Refused("The lead is accepted already; disqualify or recycle it instead.")
    return Refused(f"A lead that is {state} cannot be answered with {action!r}.")


def implied_actions(state: str, action: str) -> tuple[str, ...]:
    """The earlier actions that this one includes: contacting a lead also accepts it."""
    if state == "assigned" and action in ("attempt", "contacted", "advance", "won", "lost", "disqualify", "recycle"):
        return ("accept",)
    return ()


def mermaid() -> str:
    """The table as a Mermaid state diagram for the docs."""
    lines = ["stateDiagram-v2", "    [*] --> received"]
    for state, following in AUTOMATIC.items():
        lines += [f"    {state} --> {new}" for new in following]
    for state, actions in TRANSITIONS.items():
        for new in dict.fromkeys(actions.values()):
            label = ", ".join(action for action, to in actions.items() if to == new)
            lines.append(f"    {state} --> {new}: {label}")
    return "\n".join(lines)
