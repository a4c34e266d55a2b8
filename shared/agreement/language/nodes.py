"""Building blocks of all node readers: sections that know where keys are written, located values, plain text."""

import difflib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from yaml.nodes import Node, ScalarNode

from shared.agreement.language.problems import Problems

NodeReader = Callable[[Node, Problems, str], Any]


class Section(dict[str, Any]):
    """A mapping that was read, with the node of each key, so that checks can report line and column."""

    def __init__(self, node: Node, path: str) -> None:
        super().__init__()
        self.node = node
        self.path = path
        self.key_nodes: dict[str, Node] = {}

    def node_of(self, key: str) -> Node:
        """The node of a key, or of the whole section when the key is missing."""
        return self.key_nodes.get(key, self.node)


def value_at(chapters: Section, *path: str) -> Any:
    """The value at a path of keys; an empty mapping when there is none."""
    value: Any = chapters
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if value is not None else {}


class Located(NamedTuple):
    """A value, and the node and path where it is written."""

    value: Any
    node: Node
    path: str


def suggest(word: str, known: Iterable[str], *, else_list: bool = True) -> str:
    """The end of a sentence about an unknown word: the closest known one, or all of them."""
    words = list(known)
    close = difflib.get_close_matches(word, words, 1, 0.6)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; it is one of {', '.join(words)}." if else_list and len(words) <= 14 else "."


def scalar_text(node: Node, problems: Problems, path: str, expected: str) -> str | None:
    """The text of a scalar node; None, with an error, when the node is not a scalar or is empty."""
    if isinstance(node, ScalarNode):
        text = str(node.value).strip()
        if text and not (node.tag.endswith(":null") and not node.style):
            return text
        problems.error(node, path, f"{last_key(path)} is empty; write {expected}.")
        return None
    problems.error(node, path, f"{last_key(path)} must be {expected}.")
    return None


def last_key(path: str) -> str:
    """The last key of a path, for use in a sentence."""
    return path.rpartition(".")[2] or "the file"
