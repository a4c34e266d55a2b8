"""Cuts long lists into chunks that fit in the parameters of one SQL statement."""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
CHUNK_SIZE = 400


def chunked(items: Sequence[T], size: int = CHUNK_SIZE) -> Iterator[Sequence[T]]:
    """The items in their order, at most `size` at a time."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def key_chunks(keys: Iterable[str], size: int = CHUNK_SIZE) -> Iterator[Sequence[str]]:
    """The keys, each once and sorted (so that rows are always locked in one order), at most `size` at a time."""
    return chunked(sorted(set(keys)), size)
