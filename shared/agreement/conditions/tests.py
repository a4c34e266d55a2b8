"""One test of one value: equal, any of a list, a comparison, a span, a part of a text, a pattern, a list by name."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import re2

Lists = Mapping[str, frozenset[str]]
COMPARE = (">=", "<=", ">", "<", "=")
TEXTUAL = ("contains", "starts with", "ends with")
_LONGEST = 200
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)


def check_test(wanted: Any) -> None:
    """Raises ValueError, one sentence, when a test can never be understood."""
    if isinstance(wanted, list | tuple):
        if not wanted:
            raise ValueError("a list of a test needs at least one value.")
        for one in wanted:
            if isinstance(one, list | tuple | Mapping):
                raise ValueError("a list of a test holds plain values.")
            check_test(one)
        return
    if isinstance(wanted, Mapping) or wanted is None:
        raise ValueError('a test is a value, a list of values, or words such as ">= 10" or known.')
    text, _ = _bare(_text(wanted))
    if len(text) > 5_000:
        raise ValueError("a test may have at most 5,000 characters.")
    if not text or text in ("not", "matches", *TEXTUAL):
        raise ValueError(f"{text!r} says nothing to compare with.")
    if text.startswith("matches "):
        _pattern(text[8:].strip())
    elif (sign := _sign(text)) is not None and _number(text[len(sign) :]) is None:
        raise ValueError(f"{text!r} compares with something that is no number.")
    elif text.startswith("in ") and not text.removeprefix("in list:").strip():
        raise ValueError(f"{text!r} names no list; write in list:NAME.")
    elif text.startswith("in ") and not text.startswith("in list:"):
        raise ValueError(f"{text!r} must be written as in list:NAME.")


def lists_of(wanted: Any) -> list[str]:
    """The names of the lists that a test asks."""
    if isinstance(wanted, list | tuple):
        return [name for one in wanted for name in lists_of(one)]
    text, _ = _bare(_text(wanted))
    return [text.removeprefix("in list:").strip()] if text.startswith("in list:") else []


def test_value(wanted: Any, found: Any, lists: Lists) -> bool:
    """Whether a found value passes a test. An unknown one fails every test but `unknown` and `not <test>`."""
    if isinstance(wanted, list | tuple):
        return any(test_value(one, found, lists) for one in wanted)
    text, plainly = _bare(_text(wanted))
    return _passes(text, found, lists) is plainly


test_value.__test__ = False  # type: ignore[attr-defined]


def _bare(text: str) -> tuple[str, bool]:
    """A test without the `not`s before it, and whether it must pass."""
    plainly = True
    while text.startswith("not "):
        text, plainly = text[4:].strip(), not plainly
    return text, plainly


def _passes(wanted: str, found: Any, lists: Lists) -> bool:
    if wanted in ("known", "unknown"):
        return _unknown(found) is (wanted == "unknown")
    if _unknown(found):
        return False
    if isinstance(found, list | tuple | set | frozenset):
        return any(_passes(wanted, one, lists) for one in found)
    return _one(wanted, found, lists)


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
        return _matches(wanted[8:].strip(), _text(found)[:10_000])
    if wanted.startswith("in list:"):
        return text in lists.get(wanted.removeprefix("in list:").strip(), frozenset())
    if text == _fold(wanted):
        return True
    # Text is never compared as a number: the postal code 01234 is not 1234.
    if isinstance(found, bool) or not isinstance(found, int | float | Decimal):
        return False
    mine, theirs = _number(wanted), _number(found)
    return mine is not None and mine == theirs


def _unknown(found: Any) -> bool:
    if isinstance(found, list | tuple | set | frozenset):
        return all(one is None or one == "" for one in found)
    return found is None or found == ""


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
    if isinstance(value, bool):
        return None
    text = _text(value).replace("_", "").removesuffix("%").strip()
    try:
        number = Decimal(text.replace(",", "") if _THOUSANDS.fullmatch(text) else text)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    try:
        return str(value).strip()
    except ValueError:  # A whole number of more digits than Python turns into text.
        return "a very large number"


def _fold(value: Any) -> str:
    return _text(value).casefold()


def _matches(pattern: str, text: str) -> bool:
    try:
        return bool(_pattern(pattern).search(text.encode("utf-8", "replace").decode()))
    except ValueError:
        return False


@lru_cache(maxsize=10_000)
def _pattern(text: str) -> Any:
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        return re2.compile(text, options)
    except (re2.error, UnicodeError) as error:
        raise ValueError(f"{text!r} is not a regular expression that RE2 reads.") from error


def said(value: Any) -> str:
    """A value in words, cut to 200 characters."""
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(said(one) for one in value)[:_LONGEST]
    return _text(value)[:_LONGEST]
