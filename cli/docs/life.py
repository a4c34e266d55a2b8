"""`docs/life.md`: the lives of a lead and of a clock, drawn from the tables that the code runs on."""

from services.router.domain import lifecycle as lead
from services.timer.domain import clock


def page() -> str:
    """The page."""
    return "\n".join(
        [
            "# The life of a lead and of a clock",
            "",
            "Drawn from the tables that the code runs on (`services/router/domain/lifecycle.py`, `services/timer/domain/clock.py`) by `make docs`.",
            "",
            "## A lead",
            "",
            "An arrow with words is an action of somebody; one without is what the rules, the timer's word or a new enquiry do.",
            "",
            "```mermaid",
            lead.mermaid(),
            "```",
            "",
            *_table(),
            "",
            "What the table does not have is refused, and said (`action.refused`). An action under an old epoch is refused too, with who has the lead now.",
            "",
            "## A clock",
            "",
            "One clock for each lead, promise, epoch and round. `kept`, `late`, `missed` and `void` are its final verdicts.",
            "",
            "```mermaid",
            clock.mermaid(),
            "```",
            "",
        ]
    )


def _table() -> list[str]:
    actions = list(dict.fromkeys(action for following in lead.TRANSITIONS.values() for action in following))
    rows = [f"| state | {' | '.join(actions)} |", f"|---{'|---' * len(actions)}|"]
    for state, following in lead.TRANSITIONS.items():
        if following:
            rows.append(f"| {state} | {' | '.join(following.get(action, '') for action in actions)} |")
    return rows
