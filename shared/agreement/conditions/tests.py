"""Tests of one value: equal, any of a list, comparison, range, part of a text, pattern, member of a named list."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import re2

NamedLists = Mapping[str, frozenset[str]]
COMPARISON_SIGNS = (">=", "<=", ">", "<", "=")
TEXT_OPERATORS = ("contains", "starts with", "ends with")
_MAX_DESCRIPTION = 200
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)


def validate_test(expected: Any) -> None:
    """Check that a test can be understood. Raises ValueError, one sentence, when it cannot."""
    if isinstance(expected, list | tuple):
        if not expected:
            raise ValueError("a list of a test needs at least one value.")
        for item in expected:
            if isinstance(item, list | tuple | Mapping):
                raise ValueError("a list of a test holds plain values.")
            validate_test(item)
        return
    if isinstance(expected, Mapping) or expected is None:
        raise ValueError('a test is a value, a list of values, or words such as ">= 10" or known.')
    text, _ = _strip_negations(_to_text(expected))
    if len(text) > 5_000:
        raise ValueError("a test may have at most 5,000 characters.")
    if not text or text in ("not", "matches", *TEXT_OPERATORS):
        raise ValueError(f"{text!r} does not say what to compare with.")
    if text.startswith("matches "):
        _compile_pattern(text[8:].strip())
    elif (sign := _comparison_sign(text)) is not None and _to_number(text[len(sign) :]) is None:
        raise ValueError(f"{text!r} compares with something that is not a number.")
    elif text.startswith("in ") and not text.removeprefix("in list:").strip():
        raise ValueError(f"{text!r} does not name a list; write in list:NAME.")
    elif text.startswith("in ") and not text.startswith("in list:"):
        raise ValueError(f"{text!r} must be written as in list:NAME.")


def value_passes(expected: Any, actual: Any, lists: NamedLists) -> bool:
    """Whether a value passes a test. An unknown value fails every test except `unknown` and `not <test>`."""
    if isinstance(expected, list | tuple):
        return any(value_passes(item, actual, lists) for item in expected)
    text, must_pass = _strip_negations(_to_text(expected))
    return _any_passes(text, actual, lists) is must_pass


def _strip_negations(text: str) -> tuple[str, bool]:
    """A test without the `not`s before it, and whether it must pass."""
    must_pass = True
    while text.startswith("not "):
        text, must_pass = text[4:].strip(), not must_pass
    return text, must_pass


def _any_passes(expected: str, actual: Any, lists: NamedLists) -> bool:
    if expected in ("known", "unknown"):
        return _is_unknown(actual) is (expected == "unknown")
    if _is_unknown(actual):
        return False
    if isinstance(actual, list | tuple | set | frozenset):
        return any(_any_passes(expected, item, lists) for item in actual)
    return _single_passes(expected, actual, lists)


def _single_passes(expected: str, actual: Any, lists: NamedLists) -> bool:
    sign = _comparison_sign(expected)
    if sign is not None:
        return _compare(sign, _to_number(expected[len(sign) :]), _to_number(actual))
    if ".." in expected and (bounds := _parse_range(expected)):
        number = _to_number(actual)
        return number is not None and bounds[0] <= number <= bounds[1]
    text = _fold(actual)
    for word in TEXT_OPERATORS:
        if expected.startswith(word + " "):
            part = _fold(expected[len(word) + 1 :])
            return {"contains": part in text, "starts with": text.startswith(part)}.get(word, text.endswith(part))
    if expected.startswith("matches "):
        return _matches_pattern(expected[8:].strip(), _to_text(actual)[:10_000])
    if expected.startswith("in list:"):
        return text in lists.get(expected.removeprefix("in list:").strip(), frozenset())
    if text == _fold(expected):
        return True
    # Text is never compared as a number: the postal code 01234 is not 1234.
    if isinstance(actual, bool) or not isinstance(actual, int | float | Decimal):
        return False
    expected_number, actual_number = _to_number(expected), _to_number(actual)
    return expected_number is not None and expected_number == actual_number


def _is_unknown(actual: Any) -> bool:
    if isinstance(actual, list | tuple | set | frozenset):
        return all(item is None or item == "" for item in actual)
    return actual is None or actual == ""


def _comparison_sign(text: str) -> str | None:
    return next((sign for sign in COMPARISON_SIGNS if text.startswith(sign)), None)


def _compare(sign: str, expected: Decimal | None, actual: Decimal | None) -> bool:
    if expected is None or actual is None:
        return False
    outcomes = {">=": actual >= expected, "<=": actual <= expected, ">": actual > expected, "<": actual < expected}
    return outcomes.get(sign, actual == expected)


def _parse_range(text: str) -> tuple[Decimal, Decimal] | None:
    low, _, high = text.partition("..")
    first, last = _to_number(low), _to_number(high)
    return (first, last) if first is not None and last is not None else None


def _to_number(value: Any) -> Decimal | None:
    if isinstance(value, bool):
        return None
    text = _to_text(value).replace("_", "").removesuffix("%").strip()
    try:
        number = Decimal(text.replace(",", "") if _THOUSANDS.fullmatch(text) else text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _to_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return str(value).strip()
    except ValueError:  # Python refuses to turn a whole number of thousands of digits into text.
        return "a very large number"


def _fold(value: Any) -> str:
    return _to_text(value).casefold()


def _matches_pattern(pattern: str, text: str) -> bool:
    try:
        return bool(_compile_pattern(pattern).search(text.encode("utf-8", "replace").decode()))
    except ValueError:
        return False


@lru_cache(maxsize=10_000)
def _compile_pattern(text: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except (re2.error, UnicodeError) as error:
        raise ValueError(f"{text!r} is not a regular expression in RE2 syntax.") from error


def describe_value(value: Any) -> str:
    """A value in words, cut to 200 characters."""
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(describe_value(item) for item in value)[:_MAX_DESCRIPTION]
    return _to_text(value)[:_MAX_DESCRIPTION]
