"""Server-sent events: encodes an event, and defines the heartbeat, the retry time and the headers of a stream."""

from typing import Any

import orjson

HEARTBEAT = b": heartbeat\n\n"
"""A comment that keeps proxies from closing a quiet stream."""
RETRY = b"retry: 2000\n\n"
"""Tells the browser to reconnect after two seconds."""
HEADERS = {"X-Accel-Buffering": "no"}
"""Headers of a stream: proxies must not buffer it."""


def sse_event(data: Any, *, event: str | None = None, id: int | str | None = None) -> bytes:
    """One event: `data` as JSON (instants in UTC with `Z`), with its name and its id for `Last-Event-ID`."""
    lines = [] if id is None else [f"id: {id}"]
    lines += [] if event is None else [f"event: {event}"]
    lines.append(f"data: {orjson.dumps(data, option=orjson.OPT_UTC_Z).decode()}")
    return ("\n".join(lines) + "\n\n").encode()
