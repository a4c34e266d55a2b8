"""The kinds of values that a chapter is made of: each reads a YAML node, and says what is wrong with line and column."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shared.agreement.language.amounts import Share, Span, comparison, day, number, share, span, whole
from shared.agreement.language.nodes import Located, Read, Section, last, near, scalar
from shared.agreement.language.problems import Problems

__all__ = [
    "PERIOD",
    "Key",
    "Located",
    "Read",
    "Section",
    "Shape",
    "Share",
    "Span",
    "comparison",
    "day",
    "either",
    "keys_of",
    "later",
    "list_of",
    "located",
    "map_of",
    "near",
    "needed",
    "number",
    "pattern",
    "scalar",
    "share",
    "span",
    "text",
    "whole",
    "word",
]


def text(node: Node, problems: Problems, path: str) -> str | None:
    """Free text."""
    return scalar(node, problems, path, "text")


def word(*known: str) -> Read:
    """One word of a fixed set."""

    def read(node: Node, problems: Problems, path: str) -> str | None:
        found = scalar(node, problems, path, f"one of {', '.join(known)}")
        if found is not None and found not in known:
            problems.error(node, path, f"{found!r} is not a word for {last(path)}{near(found, known)}")
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
            problems.error(node, path, f"{last(path)} must name at least {least}.")
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
        problems.error(node, path, f"{last(path)} must be a mapping of keys to values.")
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
                    problems.error(where, place, f"There is no key {name!r} in {last(path)}{near(name, self.keys)}")
                    continue
                known = self.also
            key = known if isinstance(known, Key) else Key(known)
            if key.later:
                problems.warning(where, place, f"not yet executed: {key.later}")
            made.places[name] = where
            made[name] = key.kind(value, problems, place)
        for name, wanted in self.keys.items():
            if isinstance(wanted, Key) and wanted.needed and name not in made:
                problems.error(node, path, f"{name!r} is missing in {last(path)}.")
        return made


def later(kind: Read, what: str) -> Key:
    """A key that is parsed and not executed yet."""
    return Key(kind, later=what)


def needed(kind: Read) -> Key:
    """A key that must be there."""
    return Key(kind, needed=True)


PERIOD = word("day", "week", "month", "quarter", "year")
