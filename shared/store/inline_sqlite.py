"""A SQLite connection that runs on the event loop: only calls that wait for the disk or a lock go to its thread.

Switching to a thread and back takes longer than most statements on one or two rows, and a transaction has about ten
statements.
"""

import sqlite3
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import aiosqlite

BLOCKING_STATEMENTS = ("BEGIN", "PRAGMA", "VACUUM", "ATTACH")
BLOCKING_CALLS = frozenset(("commit", "close", "backup", "iterdump"))


class InlineConnection(aiosqlite.Connection):
    """A connection for short statements only: a long statement would block the event loop."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, 64)
        self._thread.daemon = True
        self._in_thread: deque[None] = deque()
        """One entry per call that the thread has not finished. While any is left, later calls queue behind it in the
        thread, so that the order of calls holds even when a caller is cancelled."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if not self._in_thread and not _blocks(fn, args) and self._connection is not None:
            return fn(*args, **kwargs)
        self._in_thread.append(None)
        return await super()._execute(partial(self._run_in_thread, fn), *args, **kwargs)  # type: ignore[no-untyped-call]

    def _run_in_thread(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return fn(*args, **kwargs)
        finally:
            self._in_thread.pop()


def connect_inline(path: str, **options: Any) -> InlineConnection:
    """Open a file, as `aiosqlite.connect` does."""
    return InlineConnection(partial(sqlite3.connect, path, check_same_thread=False, **options))


def _blocks(fn: Callable[..., Any], args: tuple[Any, ...]) -> bool:
    if getattr(fn, "__name__", "") in BLOCKING_CALLS:
        return True
    return bool(args) and isinstance(args[0], str) and args[0].lstrip()[:7].upper().startswith(BLOCKING_STATEMENTS)
