"""Reads numbers, shares, bounds, durations and dates from YAML nodes, exactly as they are written."""

import re
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from yaml.nodes import Node

from shared.agreement.language.nodes import NodeReader, last_key, scalar_text
from shared.agreement.language.problems import Problems
from shared.agreement.time.duration import parse_duration

_NUMBER = re.compile(r"\d{1,18}(\.\d{1,9})?|\d{1,3}([_,]\d{3}){1,5}(\.\d{1,9})?", re.ASCII)
_BOUND = re.compile(r"(>=|<=|>|<)\s*([\d_.,]+)\s*(%?)", re.ASCII)


class WrittenDuration(NamedTuple):
    """A duration as it is written; `seconds` are wall time (a day is 24 hours)."""

    text: str
    seconds: int


class Share(Decimal):
    """A fraction that is written as a percentage: 60 % is 0.6."""


def as_percent(part: Decimal) -> str:
    """A fraction as a percentage: 0.6 is 60 %."""
    return f"{(part * 100).normalize():f} %"


def _parse_decimal(written: str) -> Decimal | None:
    """A number without sign or exponent; a comma or an underscore only between thousands."""
    return Decimal(written.replace("_", "").replace(",", "")) if _NUMBER.fullmatch(written) else None


def number(node: Node, problems: Problems, path: str) -> Decimal | None:
    """An exact number, such as 2_400_000."""
    written = scalar_text(node, problems, path, "a number")
    if written is None:
        return None
    exact = _parse_decimal(written)
    if exact is None:
        problems.error(node, path, f"{written!r} is not a number such as 90_000.")
        return None
    return exact


def whole_number(least: int = 0, most: int = 1_000_000_000) -> NodeReader:
    """A whole number within bounds."""

    def read(node: Node, problems: Problems, path: str) -> int | None:
        written = scalar_text(node, problems, path, "a whole number")
        if written is None:
            return None
        exact = _parse_decimal(written.removeprefix("-"))
        signed = -exact if exact is not None and written.startswith("-") else exact
        if signed is None or signed != int(signed) or not least <= signed <= most:
            problems.error(node, path, f"{last_key(path)} must be a whole number from {least} to {most:,}.")
            return None
        return int(signed)

    return read


def share(node: Node, problems: Problems, path: str) -> Share | None:
    """A share such as 60 %, read as a fraction; more than 100 % is allowed."""
    written = scalar_text(node, problems, path, "a share such as 60 %")
    if written is None:
        return None
    exact = _parse_decimal(written.removesuffix("%").strip()) if written.endswith("%") else None
    if exact is None or not 0 <= exact <= 1000:
        problems.error(node, path, f"{written!r} is not a share such as 60 %.")
        return None
    return Share(exact / 100)


def duration(node: Node, problems: Problems, path: str) -> WrittenDuration | None:
    """A duration in words: 15 minutes, 4 hours, 2 days."""
    written = scalar_text(node, problems, path, "a time such as 15 minutes")
    if written is None:
        return None
    try:
        days, rest = parse_duration(written)
    except ValueError:
        problems.error(node, path, f"{written!r} is not a time such as 15 minutes, 4 hours or 2 days.")
        return None
    return WrittenDuration(written, days * 86_400 + int(rest.total_seconds()))


def calendar_date(node: Node, problems: Problems, path: str) -> date | None:
    """A date such as 2026-12-01."""
    written = scalar_text(node, problems, path, "a date such as 2026-12-01")
    if written is None:
        return None
    try:
        return date.fromisoformat(written)
    except ValueError:
        problems.error(node, path, f"{written!r} is not a date such as 2026-12-01.")
        return None


def bound(unit: str = "%") -> NodeReader:
    """A bound such as >= 70 % or <= 180."""

    def read(node: Node, problems: Problems, path: str) -> str | None:
        written = scalar_text(node, problems, path, "a bound such as >= 70 %")
        if written is None:
            return None
        match = _BOUND.fullmatch(written)
        if match is None or _parse_decimal(match[2]) is None or (unit == "%") != (match[3] == "%"):
            problems.error(node, path, f"{written!r} is not a bound such as {'>= 70 %' if unit == '%' else '<= 180'}.")
            return None
        return written

    return read
