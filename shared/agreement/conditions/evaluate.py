"""Conditions: a mapping of field to test, all must hold; every leaf can say what it wanted and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from shared.agreement.conditions.tests import Lists, check_test, lists_of, said, test_value

__all__ = ["COMBINE", "Check", "Condition", "Leaf", "Test", "check_test", "lists_of", "parse", "test_value"]

COMBINE = ("any", "all", "none")
_DEEPEST = 20


class Leaf(NamedTuple):
    """One test of one field: what was wanted, what was found (None: unknown), and whether it passed."""

    field: str
    wanted: str
    found: str | None
    passed: bool

    def in_words(self) -> str:
        """Such as `country is DE, wanted US`."""
        found = "unknown" if self.found is None else self.found
        return f"{self.field} is {found}" if self.passed else f"{self.field} is {found}, wanted {self.wanted}"


class Check(NamedTuple):
    """Whether a condition holds, and every leaf of it."""

    passed: bool
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, slots=True)
class Test:
    """A test of one field, as it was written."""

    field: str
    wanted: Any

    def check(self, facts: Mapping[str, Any], lists: Lists) -> Check:
        """Try it."""
        found = facts.get(self.field)
        passed = test_value(self.wanted, found, lists)
        return Check(passed, (Leaf(self.field, said(self.wanted), None if found is None else said(found), passed),))


@dataclass(frozen=True, slots=True)
class Condition:
    """Parts that are combined: `all` of them, `any` of them or `none` of them must hold."""

    how: str
    parts: tuple["Condition | Test", ...]

    def check(self, facts: Mapping[str, Any], lists: Lists) -> Check:
        """Try every part, also after one has failed: the explanation names them all."""
        checks = [part.check(facts, lists) for part in self.parts]
        outcomes = [check.passed for check in checks]
        passed = any(outcomes) if self.how == "any" else not any(outcomes) if self.how == "none" else all(outcomes)
        return Check(passed, tuple(leaf for check in checks for leaf in check.leaves))


def parse(when: Mapping[str, Any]) -> Condition:
    """Read a condition. Raises ValueError, one sentence, for what is none."""
    return _parsed(when, 0)


def _parsed(when: Any, depth: int) -> Condition:
    if not isinstance(when, Mapping):
        raise ValueError("a condition is a mapping of field to test, such as {country: DE}.")
    if depth > _DEEPEST:
        raise ValueError(f"a condition may be nested {_DEEPEST} deep at most.")
    parts: list[Condition | Test] = []
    for field, wanted in when.items():
        if field in COMBINE:
            parts.append(Condition(field, tuple(_combined(field, wanted, depth + 1))))
        else:
            check_test(wanted)
            parts.append(Test(str(field), wanted))
    return Condition("all", tuple(parts))


def _combined(how: str, wanted: Any, depth: int) -> list[Condition]:
    if isinstance(wanted, Mapping) and wanted:
        return [_parsed({field: test}, depth) for field, test in wanted.items()]
    if isinstance(wanted, list | tuple) and wanted:
        return [_parsed(part, depth) for part in wanted]
    raise ValueError(f"`{how}` needs a list of conditions.")
