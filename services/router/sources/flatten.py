"""A payload as its leaves under folded paths, so that a table finds a field however its sender spells it."""

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
    """The leaves of one payload under their folded paths; remembers which were taken."""

    leaves: dict[tuple[str, ...], tuple[str, Any]]
    taken: set[tuple[str, ...]] = field(default_factory=set)

    @classmethod
    def from_payload(cls, payload: Mapping[str, Any]) -> "FlatPayload":
        """The document of a payload; "First Name", first_name and firstName are one path, `a__b` and `a.b` too."""
        leaves: dict[tuple[str, ...], tuple[str, Any]] = {}
        _flatten(payload, (), "", leaves)
        return cls(leaves)

    def take(self, paths: tuple[str, ...]) -> tuple[str, Any] | None:
        """The first path that holds something, as it was sent, and what it holds; it is taken."""
        for path in paths:
            place = _fold_path(path)
            found = self.leaves.get(place)
            if found is not None and found[1] not in (None, "", []):
                self.taken.add(place)
                return found
        return None

    def take_children(self, parent: str) -> dict[str, Any]:
        """What stands one level under a word (`signals`), by its own name; it is taken."""
        found = {
            place: leaf for place, leaf in self.leaves.items() if len(place) == 2 and place[0] == _fold_path(parent)[0]
        }
        self.taken.update(found)
        return {fact_name(raw.split(".", 1)[-1]): value for raw, value in found.values()}

    def remaining(self) -> dict[str, Any]:
        """What nobody took, by its path as it was sent."""
        return {raw: value for place, (raw, value) in self.leaves.items() if place not in self.taken}


def _flatten(payload: Mapping[str, Any], above: tuple[str, ...], raw: str, leaves: dict[Any, Any]) -> None:
    for key, value in payload.items():
        place, path = above + _fold_path(key), f"{raw}.{key}" if raw else key
        if isinstance(value, Mapping) and value and len(place) < _MAX_DEPTH:
            _flatten(value, place, path, leaves)
        else:
            leaves.setdefault(place, (path, value))


def _fold_path(path: str) -> tuple[str, ...]:
    return tuple(re.sub(r"[\W_]", "", piece).casefold() or piece for piece in _SEPARATOR.split(path))


def fact_name(raw: str) -> str:
    """A path as the name of a fact: "firstSeen.City" is first_seen_city."""
    return coerce.slug(_CAMEL_CASE.sub("_", raw.replace("__", ".")).replace(".", "_"))[:100]
