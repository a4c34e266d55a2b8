"""What is read and kept but not executed in this place or with this value, so that nobody is misled."""

from typing import Any

from shared.agreement.language.nodes import value_at
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import Section, suggest

ACCOUNT_FIELDS = ("account.owner", "account.open_owner")
ACTIVITIES = ("demo_request", "contact_sales", "pricing_page")


def check_not_executed(chapters: Section, problems: Problems) -> None:
    """Add the warnings."""
    for row in _rows_with_conditions(chapters):
        for field, wanted in _field_tests(row.get("when")):
            where, path = row.node_of("when"), f"{row.path}.when"
            if field in ACCOUNT_FIELDS:
                sentence = f"not yet executed: {field} is only known where the sender says it; accounts are not matched"
                problems.warning(where, path, sentence)
            for word in wanted if isinstance(wanted, list) else [wanted]:
                if field == "activity" and (hint := _usual_activity(str(word))):
                    problems.warning(where, path, f"No activity {word!r} is usual{hint}")


def _rows_with_conditions(chapters: Section) -> list[Any]:
    rules = value_at(chapters, "qualification")
    rows = [*(rules.get("refuse") or ()), *(value_at(chapters, "qualification", "score").get("fit") or ())]
    return [
        row for row in (*rows, *(rules.get("tiers") or ()), *value_at(chapters, "routing")) if isinstance(row, Section)
    ]


def _field_tests(when: Any) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for field, wanted in when.items() if isinstance(when, dict) else ():
        if field in ("any", "all", "none"):
            pairs += [pair for part in wanted for pair in _field_tests(part)]
        else:
            pairs.append((field, wanted))
    return pairs


def _usual_activity(word: str) -> str:
    hint = suggest(word, ACTIVITIES, else_list=False) if word not in ACTIVITIES else ""
    return hint if hint != "." else ""
