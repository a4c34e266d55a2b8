"""The kinds of values that a chapter is made of: each reads a YAML node, and says what is wrong with line and column."""

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shared.agreement.problems import Problems
from shared.agreement.within import parse_within

Read = Callable[[Node, Problems, str], Any]


class Span(NamedTuple):
    """A length of time as it was written; `seconds` are of wall time (a day is 24 hours)."""

    text: str
    seconds: int


class Section(dict[str, Any]):
    """A mapping that was read, with the node of each key, so that later checks can say where."""

    def __init__(self, node: Node, path: str) -> None:
        super().__init__()
        self.node = node
        self.path = path
        self.places: dict[str, Node] = {}

    def place(self, key: str) -> Node:
        """Where a key is written, else where the section begins."""
        return self.places.get(key, self.node)


class Located(NamedTuple):
    """A value and where it is written."""

    value: Any
    node: Node
    path: str


def near(word: str, known: Iterable[str], *, else_list: bool = True) -> str:
    """The end of a sentence about an unknown word: the closest known one, or all of them."""
    words = list(known)
    close = difflib.get_close_matches(word, words, 1, 0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; it is one of {', '.join(words)}." if else_list and len(words) <= 14 else "."


def scalar(node: Node, problems: Problems, path: str, wanted: str) -> str | None:
    """The text of a scalar; None, with an error, when it is none or empty."""
    if isinstance(node, ScalarNode):
        text = str(node.value).strip()
        if text and not (node.tag.endswith(":null") and not node.style):
            return text
        problems.error(node, path, f"{_last(path)} is empty; {wanted} belongs here.")
        return None
    problems.error(node, path, f"{_last(path)} must be {wanted}.")
    return None


def _last(path: str) -> str:
    return path.rpartition(".")[2] or "the file"


def text(node: Node, problems: Problems, path: str) -> str | None:
    """Free text."""
    return scalar(node, problems, path, "text")


def word(*known: str) -> Read:
    """One word of a fixed set."""

    def read(node: Node, problems: Problems, path: str) -> str | None:
        found = scalar(node, problems, path, f"one of {', '.join(known)}")
        if found is not None and found not in known:
            problems.error(node, path, f"{found!r} is not a word for {_last(path)}{near(found, known)}")
            return None
        return found

    return read


def pattern(regex: str, wanted: str) -> Read:
    """Text of a fixed form."""
    form = re.compile(regex)

    def read(node: Node, problems: Problems, path: str) -> str | None:
        found = scalar(node, problems, path, wanted)
        if found is not None and not form.fullmatch(found):
            problems.error(node, path, f"{found!r} is not {wanted}.")
            return None
        return found

    return read


def _decimal(found: str) -> Decimal | None:
    try:
        number = Decimal(found.replace("_", "").replace(",", ""))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def number(node: Node, problems: Problems, path: str) -> Decimal | None:
    """An exact number, such as 2_400_000."""
    found = scalar(node, problems, path, "a number")
    if found is None:
        return None
    exact = _decimal(found)
    if exact is None or exact < 0:
        problems.error(node, path, f"{found!r} is not a number such as 90_000.")
        return None
    return exact


def whole(least: int = 0, most: int = 1_000_000_000) -> Read:
    """A whole number within bounds."""

    def read(node: Node, problems: Problems, path: str) -> int | None:
        found = number(node, problems, path)
        if found is None:
            return None
        if found != int(found) or not least <= found <= most:
            problems.error(node, path, f"{_last(path)} must be a whole number from {least} to {most:,}.")
            return None
        return int(found)

    return read


def share(node: Node, problems: Problems, path: str) -> Decimal | None:
    """A share such as 60 %, as a part of one; more than 100 % is allowed."""
    found = scalar(node, problems, path, "a share such as 60 %")
    if found is None:
        return None
    exact = _decimal(found.removesuffix("%").strip()) if found.endswith("%") else None
    if exact is None or not 0 <= exact <= 1000:
        problems.error(node, path, f"{found!r} is not a share such as 60 %.")
        return None
    return exact / 100


def span(node: Node, problems: Problems, path: str) -> Span | None:
    """A length of time in words: 15 minutes, 4 hours, 2 days; months and years in wall time."""
    found = scalar(node, problems, path, "a time such as 15 minutes")
    if found is None:
        return None
    try:
        days, rest = parse_within(found)
    except ValueError:
        problems.error(node, path, f"{found!r} is not a time such as 15 minutes, 4 hours or 2 days.")
        return None
    return Span(found, days * 86_400 + int(rest.total_seconds()))


def day(node: Node, problems: Problems, path: str) -> date | None:
    """A date such as 2026-12-01."""
    found = scalar(node, problems, path, "a date such as 2026-12-01")
    if found is None:
        return None
    try:
        return date.fromisoformat(found)
    except ValueError:
        problems.error(node, path, f"{found!r} is not a date such as 2026-12-01.")
        return None


def comparison(unit: str = "%") -> Read:
    """A bound such as >= 70 % or <= 180."""
    sign = re.compile(r"(>=|<=|>|<)\s*([\d_.,]+)\s*(%?)")

    def read(node: Node, problems: Problems, path: str) -> str | None:
        found = scalar(node, problems, path, "a bound such as >= 70 %")
        if found is None:
            return None
        made = sign.fullmatch(found)
        if made is None or (unit == "%") != (made[3] == "%"):
            problems.error(node, path, f"{found!r} is not a bound such as {'>= 70 %' if unit == '%' else '<= 180'}.")
            return None
        return found

    return read


def either(*kinds: Read) -> Read:
    """The first kind that reads it; when none does, what the last one says."""

    def read(node: Node, problems: Problems, path: str) -> Any:
        for kind in kinds:
            trial = Problems()
            value = kind(node, trial, path)
            if not trial.errors:
                problems.found += trial.found
                return value
        return kinds[-1](node, problems, path)

    return read


def list_of(kind: Read, *, least: int = 1) -> Read:
    """A list; one value alone counts as a list of one."""

    def read(node: Node, problems: Problems, path: str) -> list[Any]:
        items = node.value if isinstance(node, SequenceNode) else [node]
        if len(items) < least:
            problems.error(node, path, f"{_last(path)} must name at least {least}.")
        return [kind(item, problems, f"{path}.{place}") for place, item in enumerate(items)]

    return read


def located(kind: Read) -> Read:
    """A value together with its place, for checks across chapters."""

    def read(node: Node, problems: Problems, path: str) -> Located:
        return Located(kind(node, problems, path), node, path)

    return read


def keys_of(node: Node, problems: Problems, path: str) -> list[tuple[str, Node, Node]]:
    """The keys of a mapping with their nodes; a key that is written twice is an error."""
    if not isinstance(node, MappingNode):
        problems.error(node, path, f"{_last(path)} must be a mapping of keys to values.")
        return []
    seen: set[str] = set()
    found: list[tuple[str, Node, Node]] = []
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            problems.error(key, path, "A key must be plain text.")
            continue
        name = str(key.value).strip()
        if name in seen:
            problems.error(key, f"{path}.{name}".strip("."), f"{name!r} is written twice; keep one of them.")
            continue
        seen.add(name)
        found.append((name, key, value))
    return found


def map_of(kind: Read, key: Callable[[str], str | None] | None = None) -> Read:
    """A mapping with free keys; `key` says in a sentence what is wrong with one."""

    def read(node: Node, problems: Problems, path: str) -> Section:
        made = Section(node, path)
        for name, where, value in keys_of(node, problems, path):
            place = f"{path}.{name}".strip(".")
            wrong = key(name) if key else None
            if wrong:
                problems.error(where, place, wrong)
                continue
            made.places[name] = where
            made[name] = kind(value, problems, place)
        return made

    return read


@dataclass(frozen=True)
class Key:
    """One key of a shape. `later` says that it is read, kept and not executed yet: a warning at its place."""

    kind: Read
    needed: bool = False
    later: str = ""


@dataclass(frozen=True)
class Shape:
    """A mapping with fixed keys."""

    keys: Mapping[str, Key | Read]
    also: Read | None = None
    """What keys that are not named hold, where free ones (tiers, say) stand beside fixed ones."""
    free: Callable[[str], bool] = field(default=lambda name: True)

    def __call__(self, node: Node, problems: Problems, path: str) -> Section:
        """Read it."""
        made = Section(node, path)
        for name, where, value in keys_of(node, problems, path):
            place = f"{path}.{name}".strip(".")
            known = self.keys.get(name)
            if known is None:
                if self.also is None or not self.free(name):
                    problems.error(where, place, f"There is no key {name!r} in {_last(path)}{near(name, self.keys)}")
                    continue
                known = self.also
            key = known if isinstance(known, Key) else Key(known)
            if key.later:
                problems.warning(where, place, f"not yet executed: {key.later}")
            made.places[name] = where
            made[name] = key.kind(value, problems, place)
        for name, wanted in self.keys.items():
            if isinstance(wanted, Key) and wanted.needed and name not in made:
                problems.error(node, path, f"{name!r} is missing in {_last(path)}.")
        return made


def later(kind: Read, what: str) -> Key:
    """A key that is parsed and not executed yet."""
    return Key(kind, later=what)


def needed(kind: Read) -> Key:
    """A key that must be there."""
    return Key(kind, needed=True)


PERIOD = word("day", "week", "month", "quarter", "year")
