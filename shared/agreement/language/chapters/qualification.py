"""The chapter on what a qualified lead is: refusals, duplicates, score, needs and tiers."""

from collections.abc import Mapping
from typing import Any

from yaml.nodes import Node

from shared.agreement.language.condition_reader import condition, field_test
from shared.agreement.language.problems import Problems
from shared.agreement.language.schema import (
    Key,
    MappingSchema,
    NodeReader,
    duration,
    list_of,
    located,
    map_of,
    matching,
    not_executed,
    one_of,
    required,
    text,
    whole_number,
)

points = whole_number(-1000, 1000)
_fit = MappingSchema({"points": required(points), "when": required(condition), "why": text})
_intent = MappingSchema(
    {
        "points": required(points),
        "when": required(condition),
        "half_life": duration,
        "at_most": whole_number(1, 1000),
        "why": text,
    }
)
_NEEDS = ("need", "budget", "timeframe", "decision_maker")


def need_test(node: Node, problems: Problems, path: str) -> Any:
    """The test of a need: `known`, or the values that meet it."""
    return field_test(path.rpartition(".")[2], node, problems, path)


def _before(node: Node, problems: Problems, path: str) -> str | None:
    state: str | None = one_of("qualified", "accepted", "never")(node, problems, path)
    if state in ("qualified", "accepted"):
        problems.warning(node, path, "not yet executed: needs are counted and shown, and hold no lead back")
    return state


def sales_ready(node: Node, problems: Problems, path: str) -> dict[str, Any]:
    """`sales_ready`: a condition, and `or` with another one."""
    section = MappingSchema(
        {
            "score": lambda n, p, at: field_test("score", n, p, at),
            "or": condition,
            "activity": lambda n, p, at: field_test("activity", n, p, at),
            "grade": lambda n, p, at: field_test("grade", n, p, at),
        }
    )(node, problems, path)
    alone = {name: value for name, value in section.items() if name != "or"}
    return {"any": [alone, section["or"]]} if "or" in section else alone


_score_bound = matching(r">=?\s*\d+(\.\d+)?", "a bound such as >= 80")

QUALIFICATION: Mapping[str, Key | NodeReader] = {
    "qualification": MappingSchema(
        {
            "refuse": list_of(MappingSchema({"reason": required(text), "when": required(condition)})),
            "duplicates": MappingSchema(
                {
                    "match": list_of(one_of("email", "phone", "contact")),
                    "within": duration,
                    "then": one_of("keep owner"),
                }
            ),
            "accounts": not_executed(
                MappingSchema({"match": list_of(one_of("domain", "company"))}),
                "lead-to-account matching against the account list",
            ),
            "score": MappingSchema(
                {
                    "fit": list_of(_fit),
                    "intent": not_executed(list_of(_intent), "points for what they did, which fade with time"),
                    "grade": map_of(
                        _score_bound,
                        lambda name: (
                            None if name.isupper() and len(name) == 1 else f"A grade is a letter, not {name!r}."
                        ),
                    ),
                }
            ),
            "needs": MappingSchema(
                {
                    "of": required(MappingSchema(dict.fromkeys(_NEEDS, need_test))),
                    "at_least": whole_number(0, 20),
                    "before": _before,
                }
            ),
            "sales_ready": sales_ready,
            "tiers": list_of(MappingSchema({"tier": required(located(text)), "when": required(condition)})),
        }
    )
}
