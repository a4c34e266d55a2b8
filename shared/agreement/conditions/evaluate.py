"""Conditions: a mapping of field to test, all must hold; every leaf can say what it wanted and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.agreement.conditions.tests import NamedLists, describe_value, lists_of, validate_test, value_passes

__all__ = [
    "COMBINATORS",
    "Combination",
    "ConditionResult",
    "FieldTest",
    "LeafResult",
    "lists_of",
    "parse_condition",
    "validate_test",
    "value_passes",
]

COMBINATORS = ("any", "all", "none")
_MAX_DEPTH = 20


class LeafResult(NamedTuple):
    """One test of one field: what was wanted, what was found (None: unknown), and whether it passed."""

    field: str
    expected: str
    actual: str | None
    passed: bool

    def explain(self) -> str:
        """Such as `country is DE, wanted US`."""
        actual = "unknown" if self.actual is None else self.actual
        return f"{self.field} is {actual}" if self.passed else f"{self.field} is {actual}, wanted {self.expected}"


class ConditionResult(NamedTuple):
    """Whether a condition holds, and every leaf of it."""

    passed: bool
    leaves: tuple[LeafResult, ...]


@dataclass(frozen=True, slots=True)
class FieldTest:
    """A test of one field, as it was written."""

    field: str
    expected: Any

    def evaluate(self, facts: Mapping[str, Any], lists: NamedLists) -> ConditionResult:
        """Try it."""
        actual = facts.get(self.field)
        passed = value_passes(self.expected, actual, lists)
        return ConditionResult(
            passed,
            (
                LeafResult(
                    self.field,
                    describe_value(self.expected),
                    None if actual is None else describe_value(actual),
                    passed,
                ),
            ),
        )


@dataclass(frozen=True, slots=True)
class Combination:
    """Parts that are combined: `all` of them, `any` of them or `none` of them must hold."""

    combinator: str
    parts: tuple["Combination | FieldTest", ...]

    def evaluate(self, facts: Mapping[str, Any], lists: NamedLists) -> ConditionResult:
        """Try every part, also after one has failed: the explanation names them all."""
        results = [part.evaluate(facts, lists) for part in self.parts]
        outcomes = [result.passed for result in results]
        passed = (
            any(outcomes)
            if self.combinator == "any"
            else not any(outcomes)
            if self.combinator == "none"
            else all(outcomes)
        )
        return ConditionResult(passed, tuple(leaf for check in results for leaf in check.leaves))


def parse_condition(when: Mapping[str, Any]) -> Combination:
    """Read a condition. Raises ValueError, one sentence, for what is none."""
    return _parse_mapping(when, 0)


def _parse_mapping(when: Any, depth: int) -> Combination:
    if not isinstance(when, Mapping):
        raise ValueError("a condition is a mapping of field to test, such as {country: DE}.")
    if depth > _MAX_DEPTH:
        raise ValueError(f"a condition may be nested {_MAX_DEPTH} deep at most.")
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
