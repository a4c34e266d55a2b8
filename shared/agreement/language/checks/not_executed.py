"""Warns of fields and values that are accepted in a condition and have no effect, so that nobody relies on them."""

from typing import Any

from shared.agreement.language.nodes import value_at
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import Section, suggest

ACCOUNT_FIELDS = ("account.owner", "account.open_owner")
ACTIVITIES = ("demo_request", "contact_sales", "pricing_page")


def check_not_executed(chapters: Section, problems: Problems) -> None:
    """Add a warning for each account field and each activity that is close to a usual name."""
    for row in _rows_with_conditions(chapters):
        for field, expected in _field_tests(row.get("when")):
            where, path = row.node_of("when"), f"{row.path}.when"
            if field in ACCOUNT_FIELDS:
                sentence = f"not yet executed: {field} is known only if the sender provides it; leads are not matched to accounts"
                problems.warning(where, path, sentence)
            for word in expected if isinstance(expected, list) else [expected]:
                if field == "activity" and (hint := _usual_activity(str(word))):
                    problems.warning(where, path, f"{word!r} is not a usual activity{hint}")


def _rows_with_conditions(chapters: Section) -> list[Any]:
    rules = value_at(chapters, "qualification")
    rows = [*(rules.get("refuse") or ()), *(value_at(chapters, "qualification", "score").get("fit") or ())]
    return [
        row for row in (*rows, *(rules.get("tiers") or ()), *value_at(chapters, "routing")) if isinstance(row, Section)
    ]


def _field_tests(when: Any) -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for field, expected in when.items() if isinstance(when, dict) else ():
        if field in ("any", "all", "none"):
            pairs += [pair for part in expected for pair in _field_tests(part)]
        else:
            pairs.append((field, expected))
    return pairs


def _usual_activity(word: str) -> str:
    hint = suggest(word, ACTIVITIES, else_list=False) if word not in ACTIVITIES else ""
    return hint if hint != "." else ""
