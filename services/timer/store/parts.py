"""Long lists of keys, cut into parts that one statement can name."""

from collections.abc import Iterable, Iterator

PART = 400


def parts(keys: Iterable[str]) -> Iterator[list[str]]:
    """The keys, each once, sorted (so that rows are always locked in one order), in lists of at most 400."""
    wanted = sorted(set(keys))
    for start in range(0, len(wanted), PART):
        yield wanted[start : start + PART]
