"""Conditions: a mapping of field to test, all must hold; every leaf can say what it wanted and what it found."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, NamedTuple

import re2

Lists = Mapping[str, frozenset[str]]
COMBINE = ("any", "all", "none")
COMPARE = (">=", "<=", ">", "<", "=")
TEXTUAL = ("contains", "starts with", "ends with")
_LONGEST = 200


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
        return Check(passed, (Leaf(self.field, _said(self.wanted), None if found is None else _said(found), passed),))


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
    if not isinstance(when, Mapping):
        raise ValueError("a condition is a mapping of field to test, such as {country: DE}.")
    parts: list[Condition | Test] = []
    for field, wanted in when.items():
        if field in COMBINE:
            parts.append(Condition(field, tuple(_combined(field, wanted))))
        else:
            check_test(wanted)
            parts.append(Test(str(field), wanted))
    return Condition("all", tuple(parts))


def _combined(how: str, wanted: Any) -> list[Condition]:
    if isinstance(wanted, Mapping):
        return [parse({field: test}) for field, test in wanted.items()]
    if isinstance(wanted, list | tuple) and wanted:
        return [parse(part) for part in wanted]
    raise ValueError(f"`{how}` needs a list of conditions.")


def check_test(wanted: Any) -> None:
    """Raises ValueError, one sentence, when a test can never be understood."""
    if isinstance(wanted, list | tuple):
        for one in wanted:
            if isinstance(one, list | tuple | Mapping):
                raise ValueError("a list of a test holds plain values.")
            check_test(one)
        return
    if isinstance(wanted, Mapping) or wanted is None:
        raise ValueError('a test is a value, a list of values, or words such as ">= 10" or known.')
    text = str(wanted).strip()
    if len(text) > 5_000:
        raise ValueError("a test may have at most 5,000 characters.")
    if text.startswith("not "):
        check_test(text[4:])
    elif text.startswith("matches "):
        _pattern(text[8:].strip())
    elif (sign := _sign(text)) is not None and _number(text[len(sign) :]) is None:
        raise ValueError(f"{text!r} compares with something that is no number.")
    elif text.startswith("in ") and not text.startswith("in list:"):
        raise ValueError(f"{text!r} must be written as in list:NAME.")


def lists_of(wanted: Any) -> list[str]:
    """The names of the lists that a test asks."""
    if isinstance(wanted, list | tuple):
        return [name for one in wanted for name in lists_of(one)]
    text = str(wanted).strip().removeprefix("not ").strip()
    return [text.removeprefix("in list:").strip()] if text.startswith("in list:") else []


def test_value(wanted: Any, found: Any, lists: Lists) -> bool:
    """Whether a found value passes a test. An unknown one fails every test but `unknown` and `not <test>`."""
    if isinstance(wanted, str) and wanted.strip().startswith("not "):
        return not test_value(wanted.strip()[4:].strip(), found, lists)
    if isinstance(wanted, str) and wanted.strip() == "unknown":
        return _unknown(found)
    if _unknown(found):
        return False
    if isinstance(wanted, str) and wanted.strip() == "known":
        return True
    if isinstance(wanted, list | tuple):
        return any(test_value(one, found, lists) for one in wanted)
    if isinstance(found, list | tuple | set | frozenset):
        return any(test_value(wanted, one, lists) for one in found)
    if isinstance(wanted, bool) or isinstance(found, bool):
        return _fold(wanted) == _fold(found)
    return _one(str(wanted).strip(), found, lists)


test_value.__test__ = False  # type: ignore[attr-defined]


def _one(wanted: str, found: Any, lists: Lists) -> bool:
    sign = _sign(wanted)
    if sign is not None:
        return _compared(sign, _number(wanted[len(sign) :]), _number(found))
    if ".." in wanted and (span := _span(wanted)):
        number = _number(found)
        return number is not None and span[0] <= number <= span[1]
    text = _fold(found)
    for word in TEXTUAL:
        if wanted.startswith(word + " "):
            part = _fold(wanted[len(word) + 1 :])
            return {"contains": part in text, "starts with": text.startswith(part)}.get(word, text.endswith(part))
    if wanted.startswith("matches "):
        return bool(_pattern(wanted[8:].strip()).search(str(found)[:10_000]))
    if wanted.startswith("in list:"):
        return text in lists.get(wanted.removeprefix("in list:").strip(), frozenset())
    if text == _fold(wanted):
        return True
    mine, theirs = _number(wanted), _number(found)
    return mine is not None and mine == theirs


def _unknown(found: Any) -> bool:
    return found is None or found == "" or (isinstance(found, list | tuple | set | frozenset) and not found)


def _sign(text: str) -> str | None:
    return next((sign for sign in COMPARE if text.startswith(sign)), None)


def _compared(sign: str, wanted: Decimal | None, found: Decimal | None) -> bool:
    if wanted is None or found is None:
        return False
    outcomes = {">=": found >= wanted, "<=": found <= wanted, ">": found > wanted, "<": found < wanted}
    return outcomes.get(sign, found == wanted)


def _span(text: str) -> tuple[Decimal, Decimal] | None:
    low, _, high = text.partition("..")
    first, last = _number(low), _number(high)
    return (first, last) if first is not None and last is not None else None


def _number(value: Any) -> Decimal | None:
    text = str(value).strip().replace("_", "").replace(",", "").removesuffix("%").strip()
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _fold(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip().casefold()


@lru_cache(maxsize=10_000)
def _pattern(text: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except re2.error as error:
        raise ValueError(f"{text!r} is not a regular expression that RE2 reads.") from error


def _said(value: Any) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(_said(one) for one in value)[:_LONGEST]
    return ("true" if value else "false") if isinstance(value, bool) else str(value)[:_LONGEST]
