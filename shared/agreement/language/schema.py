"""The node readers of which chapters are made: each reads a YAML node and reports errors with line and column."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from shared.agreement.language.amounts import (
    Share,
    WrittenDuration,
    bound,
    calendar_date,
    duration,
    number,
    share,
    whole_number,
)
from shared.agreement.language.nodes import Located, NodeReader, Section, last_key, scalar_text, suggest
from shared.agreement.language.problems import Problems

__all__ = [
    "PERIOD",
    "Key",
    "Located",
    "MappingSchema",
    "NodeReader",
    "Section",
    "Share",
    "WrittenDuration",
    "bound",
    "calendar_date",
    "duration",
    "either",
    "list_of",
    "located",
    "map_of",
    "mapping_items",
    "matching",
    "not_executed",
    "number",
    "one_of",
    "required",
    "scalar_text",
    "share",
    "suggest",
    "text",
    "whole_number",
]


def text(node: Node, problems: Problems, path: str) -> str | None:
    """Free text."""
    return scalar_text(node, problems, path, "text")


def one_of(*known: str) -> NodeReader:
    """One of a fixed set of words."""

    def read(node: Node, problems: Problems, path: str) -> str | None:
        written = scalar_text(node, problems, path, f"one of {', '.join(known)}")
        if written is not None and written not in known:
            problems.error(node, path, f"{written!r} is not a value of {last_key(path)}{suggest(written, known)}")
            return None
        return written

    return read


def matching(regex: str, expected: str) -> NodeReader:
    """Text that matches a regular expression; `expected` describes it in errors."""
    form = re.compile(regex)

    def read(node: Node, problems: Problems, path: str) -> str | None:
        written = scalar_text(node, problems, path, expected)
        if written is not None and not form.fullmatch(written):
            problems.error(node, path, f"{written!r} is not {expected}.")
            return None
        return written

    return read


def either(*readers: NodeReader) -> NodeReader:
    """The value of the first reader that succeeds; when none does, the errors of the last."""

    def read(node: Node, problems: Problems, path: str) -> Any:
        for reader in readers:
            trial = Problems()
            value = reader(node, trial, path)
            if not trial.errors:
                problems.items += trial.items
                return value
        return readers[-1](node, problems, path)

    return read


def list_of(reader: NodeReader, *, least: int = 1) -> NodeReader:
    """A list; a single value is read as a list of one."""

    def read(node: Node, problems: Problems, path: str) -> list[Any]:
        items = node.value if isinstance(node, SequenceNode) else [node]
        if len(items) < least:
            problems.error(node, path, f"{last_key(path)} must name at least {least}.")
        return [reader(item, problems, f"{path}.{place}") for place, item in enumerate(items)]

    return read


def located(reader: NodeReader) -> NodeReader:
    """A value together with its node, for checks across chapters."""

    def read(node: Node, problems: Problems, path: str) -> Located:
        return Located(reader(node, problems, path), node, path)

    return read


def mapping_items(node: Node, problems: Problems, path: str) -> list[tuple[str, Node, Node]]:
    """The keys of a mapping with their nodes; a key that is written twice is an error."""
    if not isinstance(node, MappingNode):
        problems.error(node, path, f"{last_key(path)} must be a mapping of keys to values.")
        return []
    seen: set[str] = set()
    items: list[tuple[str, Node, Node]] = []
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            problems.error(key, path, "A key must be plain text.")
            continue
        name = str(key.value).strip()
        if name in seen:
            problems.error(key, f"{path}.{name}".strip("."), f"{name!r} is written twice; keep one of them.")
            continue
        seen.add(name)
        items.append((name, key, value))
    return items


def map_of(reader: NodeReader, key_error: Callable[[str], str | None] | None = None) -> NodeReader:
    """A mapping with free keys; `key_error` returns a sentence when a key is not allowed."""

    def read(node: Node, problems: Problems, path: str) -> Section:
        section = Section(node, path)
        for name, where, value in mapping_items(node, problems, path):
            place = f"{path}.{name}".strip(".")
            wrong = key_error(name) if key_error else None
            if wrong:
                problems.error(where, place, wrong)
                continue
            section.key_nodes[name] = where
            section[name] = reader(value, problems, place)
        return section

    return read


@dataclass(frozen=True)
class Key:
    """One key of a shape. `later` says that it is read, kept and not executed yet: a warning at its place."""

    reader: NodeReader
    required: bool = False
    not_executed: str = ""


@dataclass(frozen=True)
class MappingSchema:
    """A mapping with fixed keys."""

    keys: Mapping[str, Key | NodeReader]
    extra: NodeReader | None = None
    """The reader of all other keys, where free keys (such as tiers) are allowed beside fixed ones."""
    allows_extra: Callable[[str], bool] = field(default=lambda name: True)

    def __call__(self, node: Node, problems: Problems, path: str) -> Section:
        """Read a node; report unknown, duplicate and missing keys."""
        section = Section(node, path)
        for name, where, value in mapping_items(node, problems, path):
            place = f"{path}.{name}".strip(".")
            known = self.keys.get(name)
            if known is None:
                if self.extra is None or not self.allows_extra(name):
                    problems.error(
                        where, place, f"There is no key {name!r} in {last_key(path)}{suggest(name, self.keys)}"
                    )
                    continue
                known = self.extra
            key = known if isinstance(known, Key) else Key(known)
            if key.not_executed:
                problems.warning(where, place, f"not yet executed: {key.not_executed}")
            section.key_nodes[name] = where
            section[name] = key.reader(value, problems, place)
        for name, expected in self.keys.items():
            if isinstance(expected, Key) and expected.required and name not in section:
                problems.error(node, path, f"{name!r} is missing in {last_key(path)}.")
        return section


def not_executed(reader: NodeReader, what: str) -> Key:
    """A key that is parsed and has no effect yet; `what` goes into the warning."""
    return Key(reader, not_executed=what)


def required(reader: NodeReader) -> Key:
    """A required key."""
    return Key(reader, required=True)


PERIOD = one_of("day", "week", "month", "quarter", "year")
