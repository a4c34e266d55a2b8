"""A payload as its leaves under folded paths, so that a table finds a field however its sender spells it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.router.sources import values

_DEEPEST = 8
_PIECES = re.compile(r"__|\.")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(slots=True)
class Document:
    """The leaves of one payload under their folded paths; remembers which were taken."""

    leaves: dict[tuple[str, ...], tuple[str, Any]]
    taken: set[tuple[str, ...]] = field(default_factory=set)

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> "Document":
        """The document of a payload; "First Name", first_name and firstName are one path, `a__b` and `a.b` too."""
        leaves: dict[tuple[str, ...], tuple[str, Any]] = {}
        _flatten(payload, (), "", leaves)
        return cls(leaves)

    def take(self, paths: tuple[str, ...]) -> tuple[str, Any] | None:
        """The first path that holds something, as it was sent, and what it holds; it is taken."""
        for path in paths:
            place = _folded(path)
            found = self.leaves.get(place)
            if found is not None and found[1] not in (None, "", []):
                self.taken.add(place)
                return found
        return None

    def under(self, head: str) -> dict[str, Any]:
        """What stands one level under a word (`signals`), by its own name; it is taken."""
        found = {place: leaf for place, leaf in self.leaves.items() if len(place) == 2 and place[0] == _folded(head)[0]}
        self.taken.update(found)
        return {name_of(raw.split(".", 1)[-1]): value for raw, value in found.values()}

    def rest(self) -> dict[str, Any]:
        """What nobody took, by its path as it was sent."""
        return {raw: value for place, (raw, value) in self.leaves.items() if place not in self.taken}


def _flatten(payload: Mapping[str, Any], above: tuple[str, ...], raw: str, leaves: dict[Any, Any]) -> None:
    for key, value in payload.items():
        place, path = above + _folded(key), f"{raw}.{key}" if raw else key
        if isinstance(value, Mapping) and value and len(place) < _DEEPEST:
            _flatten(value, place, path, leaves)
        else:
            leaves.setdefault(place, (path, value))


def _folded(path: str) -> tuple[str, ...]:
    return tuple(re.sub(r"[\W_]", "", piece).casefold() or piece for piece in _PIECES.split(path))


def name_of(raw: str) -> str:
    """A path as the name of a fact: "firstSeen.City" is first_seen_city."""
    return values.slug(_CAMEL.sub("_", raw.replace("__", ".")).replace(".", "_"))[:100]
