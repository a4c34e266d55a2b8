"""What is read and kept but not executed in this place or with this value, so that nobody is misled."""

from typing import Any

from shared.agreement.language.nodes import at
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import Section, near

ACCOUNT = ("account.owner", "account.open_owner")
ACTIVITIES = ("demo_request", "contact_sales", "pricing_page")


def unexecuted(chapters: Section, problems: Problems) -> None:
    """Add the warnings."""
    for row in _with_conditions(chapters):
        for field, wanted in _tests(row.get("when")):
            where, path = row.place("when"), f"{row.path}.when"
            if field in ACCOUNT:
                sentence = f"not yet executed: {field} is only known where the sender says it; accounts are not matched"
                problems.warning(where, path, sentence)
            for word in wanted if isinstance(wanted, list) else [wanted]:
                if field == "activity" and (hint := _meant(str(word))):
                    problems.warning(where, path, f"No activity {word!r} is usual{hint}")


def _with_conditions(chapters: Section) -> list[Any]:
    rules = at(chapters, "qualification")
    rows = [*(rules.get("refuse") or ()), *(at(chapters, "qualification", "score").get("fit") or ())]
    return [row for row in (*rows, *(rules.get("tiers") or ()), *at(chapters, "routing")) if isinstance(row, Section)]


def _tests(when: Any) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for field, wanted in when.items() if isinstance(when, dict) else ():
        if field in ("any", "all", "none"):
            found += [pair for part in wanted for pair in _tests(part)]
        else:
            found.append((field, wanted))
    return found


def _meant(word: str) -> str:
    hint = near(word, ACTIVITIES, else_list=False) if word not in ACTIVITIES else ""
    return hint if hint != "." else ""
