"""Evaluates a condition on the facts of a lead; every leaf says what was expected and what the lead has."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.agreement.conditions.tests import NamedLists, describe_value, value_passes


class LeafResult(NamedTuple):
    """The result of one field's test: what was expected, what the lead has (None: unknown), and whether it passed."""

    field: str
    expected: str
    actual: str | None
    passed: bool

    def explain(self) -> str:
        """The result in words, such as `country is DE, wanted US`."""
        actual = "unknown" if self.actual is None else self.actual
        return f"{self.field} is {actual}" if self.passed else f"{self.field} is {actual}, wanted {self.expected}"


class ConditionResult(NamedTuple):
    """Whether a condition holds, and the result of each of its leaves."""

    passed: bool
    leaves: tuple[LeafResult, ...]


@dataclass(frozen=True, slots=True)
class FieldTest:
    """The test of one field, as the agreement writes it."""

    field: str
    expected: Any

    def evaluate(self, facts: Mapping[str, Any], lists: NamedLists) -> ConditionResult:
        """Test the field's value in `facts`; `lists` holds the lists that tests refer to by name."""
        value = facts.get(self.field)
        passed = value_passes(self.expected, value, lists)
        actual = None if value is None else describe_value(value)
        return ConditionResult(passed, (LeafResult(self.field, describe_value(self.expected), actual, passed),))


@dataclass(frozen=True, slots=True)
class Combination:
    """Conditions of which `all`, `any` or `none` must hold, as `combinator` says."""

    combinator: str
    parts: tuple["Combination | FieldTest", ...]

    def evaluate(self, facts: Mapping[str, Any], lists: NamedLists) -> ConditionResult:
        """Evaluate every part, also after one has failed, because the explanation names all of them."""
        results = [part.evaluate(facts, lists) for part in self.parts]
        leaves = tuple(leaf for result in results for leaf in result.leaves)
        return ConditionResult(self._combine([result.passed for result in results]), leaves)

    def _combine(self, outcomes: list[bool]) -> bool:
        if self.combinator == "any":
            return any(outcomes)
        return not any(outcomes) if self.combinator == "none" else all(outcomes)
