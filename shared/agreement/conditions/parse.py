"""Parses a condition as the agreement writes it into a tree of tests that can be evaluated."""

from collections.abc import Mapping
from typing import Any

from shared.agreement.conditions.evaluate import Combination, FieldTest
from shared.agreement.conditions.tests import validate_test

COMBINATORS = ("any", "all", "none")
_MAX_DEPTH = 20


def parse_condition(when: Mapping[str, Any]) -> Combination:
    """Parse a mapping of field to test. Raises ValueError, one sentence, when it is not a condition."""
    return _parse_mapping(when, 0)


def _parse_mapping(when: Any, depth: int) -> Combination:
    if not isinstance(when, Mapping):
        raise ValueError("a condition is a mapping of field to test, such as {country: DE}.")
    if depth > _MAX_DEPTH:
        raise ValueError(f"a condition may be nested {_MAX_DEPTH} levels deep at most.")
    parts: list[Combination | FieldTest] = []
    for field, expected in when.items():
        if field in COMBINATORS:
            parts.append(Combination(field, tuple(_parse_parts(field, expected, depth + 1))))
        else:
            validate_test(expected)
            parts.append(FieldTest(str(field), expected))
    return Combination("all", tuple(parts))


def _parse_parts(combinator: str, parts: Any, depth: int) -> list[Combination]:
    if isinstance(parts, Mapping) and parts:
        return [_parse_mapping({field: test}, depth) for field, test in parts.items()]
    if isinstance(parts, list | tuple) and parts:
        return [_parse_mapping(part, depth) for part in parts]
    raise ValueError(f"`{combinator}` needs a list of conditions.")
