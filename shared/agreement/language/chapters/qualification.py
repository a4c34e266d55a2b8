"""What a qualified lead is."""

from collections.abc import Mapping
from typing import Any

from yaml.nodes import Node

from shared.agreement.language.condition_reader import condition, test
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    Key,
    Read,
    Shape,
    later,
    list_of,
    located,
    map_of,
    needed,
    pattern,
    span,
    text,
    whole,
    word,
)

points = whole(-1000, 1000)
_fit = Shape({"points": needed(points), "when": needed(condition), "why": text})
_intent = Shape(
    {
        "points": needed(points),
        "when": needed(condition),
        "half_life": span,
        "at_most": whole(1, 1000),
        "why": text,
    }
)
_NEEDS = ("need", "budget", "timeframe", "decision_maker")


def need_test(node: Node, problems: Problems, path: str) -> Any:
    """What meets a need: `known`, or the values that do."""
    return test(path.rpartition(".")[2], node, problems, path)


def _before(node: Node, problems: Problems, path: str) -> str | None:
    found: str | None = word("qualified", "accepted", "never")(node, problems, path)
    if found in ("qualified", "accepted"):
        problems.warning(node, path, "not yet executed: needs are counted and shown, they gate nothing")
    return found


def ready(node: Node, problems: Problems, path: str) -> dict[str, Any]:
    """`sales_ready`: a condition, and `or` with another one."""
    shaped = Shape(
        {
            "score": lambda n, p, at: test("score", n, p, at),
            "or": condition,
            "activity": lambda n, p, at: test("activity", n, p, at),
            "grade": lambda n, p, at: test("grade", n, p, at),
        }
    )(node, problems, path)
    alone = {name: value for name, value in shaped.items() if name != "or"}
    return {"any": [alone, shaped["or"]]} if "or" in shaped else alone


_bound = pattern(r">=?\s*\d+(\.\d+)?", "a bound such as >= 80")

QUALIFICATION: Mapping[str, Key | Read] = {
    "qualification": Shape(
        {
            "refuse": list_of(Shape({"reason": needed(text), "when": needed(condition)})),
            "duplicates": Shape(
                {"match": list_of(word("email", "phone", "contact")), "within": span, "then": word("keep owner")}
            ),
            "accounts": later(
                Shape({"match": list_of(word("domain", "company"))}),
                "lead-to-account matching against the account list",
            ),
            "score": Shape(
                {
                    "fit": list_of(_fit),
                    "intent": later(list_of(_intent), "points for what they did, which fade with time"),
                    "grade": map_of(
                        _bound,
                        lambda name: (
                            None if name.isupper() and len(name) == 1 else f"A grade is a letter, not {name!r}."
                        ),
                    ),
                }
            ),
            "needs": Shape(
                {"of": needed(Shape(dict.fromkeys(_NEEDS, need_test))), "at_least": whole(0, 20), "before": _before}
            ),
            "sales_ready": ready,
            "tiers": list_of(Shape({"tier": needed(located(text)), "when": needed(condition)})),
        }
    )
}
