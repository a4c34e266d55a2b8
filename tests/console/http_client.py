"""Requests to the console as a browser sends them: pages, and streams, which do not end by themselves."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from shared.runtime.app import build_app
from tests.service_harness import ServiceHarness

StepAfter = tuple[str, Callable[[], Awaitable[Any]]]
"""A text, and what to do once the stream has sent it."""


def build_console_app(console: ServiceHarness, *, loopback: bool = True) -> Any:
    app = build_app((console.service,), console.resources, asyncio.Event())
    app.state.loopback = loopback
    return app


async def read_stream(
    app: Any, path: str, until: str, headers: dict[str, str] | None = None, *, then: StepAfter | None = None
) -> str:
    """Read a stream until it has sent the text `until`, then stop the process, which must end the stream.

    Calls the app by ASGI, because httpx waits for the end of a response.
    """
    parts: list[str] = []
    complete, step_reached = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        return await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        parts.append(message.get("body", b"").decode())
        if then and then[0] in "".join(parts):
            step_reached.set()
        if until in "".join(parts):
            complete.set()

    response = asyncio.create_task(app(_scope(path, headers or {}), receive, send))
    if then:
        await asyncio.wait_for(step_reached.wait(), 10)
        await then[1]()
    await asyncio.wait_for(complete.wait(), 10)
    app.state.stop.set()
    await asyncio.wait_for(response, 10)
    return "".join(parts)


def _scope(path: str, headers: dict[str, str]) -> dict[str, Any]:
    plain, _, query = path.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": plain,
        "raw_path": plain.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"localhost"), *((name.encode(), value.encode()) for name, value in headers.items())],
        "server": ("localhost", 80),
        "client": ("127.0.0.1", 1),
        "root_path": "",
    }
