"""A payload flattened to its leaves, so that a field is found however its sender spells and nests it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.router.sources import coerce

_MAX_DEPTH = 8
_SEPARATOR = re.compile(r"__|\.")
_CAMEL_CASE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(slots=True)
class FlatPayload:
    """The leaves of one payload by folded path, each with its path as sent; records which of them a field took."""

    leaves: dict[tuple[str, ...], tuple[str, Any]]
    taken: set[tuple[str, ...]] = field(default_factory=set)

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "FlatPayload":
        """Flatten a payload: "First Name", first_name and firstName are the same path, and so are `a__b` and `a.b`."""
        leaves: dict[tuple[str, ...], tuple[str, Any]] = {}
        _flatten(payload, (), "", leaves)
        return cls(leaves)

    def take(self, paths: tuple[str, ...]) -> tuple[str, Any] | None:
        """Take the leaf of the first path that is not empty: its path as sent and its value; None when all are empty."""
        for path in paths:
            folded = _fold_path(path)
            leaf = self.leaves.get(folded)
            if leaf is not None and leaf[1] not in (None, "", []):
                self.taken.add(folded)
                return leaf
        return None

    def take_children(self, parent: str) -> dict[str, Any]:
        """Take the leaves directly below a path of one word (`signals`): fact name to value."""
        parent = _fold_path(parent)[0]
        children = {path: leaf for path, leaf in self.leaves.items() if len(path) == 2 and path[0] == parent}
        self.taken.update(children)
        return {fact_name(raw.split(".", 1)[-1]): value for raw, value in children.values()}

    def remaining(self) -> dict[str, Any]:
        """The leaves that were not taken, by their path as sent."""
        return {raw: value for path, (raw, value) in self.leaves.items() if path not in self.taken}


def _flatten(payload: Mapping[str, Any], parent: tuple[str, ...], raw_parent: str, leaves: dict[Any, Any]) -> None:
    for key, value in payload.items():
        path, raw = parent + _fold_path(key), f"{raw_parent}.{key}" if raw_parent else key
        if isinstance(value, Mapping) and value and len(path) < _MAX_DEPTH:
            _flatten(value, path, raw, leaves)
        else:
            leaves.setdefault(path, (raw, value))


def _fold_path(path: str) -> tuple[str, ...]:
    return tuple(re.sub(r"[\W_]", "", part).casefold() or part for part in _SEPARATOR.split(path))


def fact_name(raw: str) -> str:
    """The name of the fact at a path: "firstSeen.City" is first_seen_city. At most 100 characters."""
    return coerce.slug(_CAMEL_CASE.sub("_", raw.replace("__", ".")).replace(".", "_"))[:100]
