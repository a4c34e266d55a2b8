"""Asking the console as a browser does: its pages, and its streams, which have no end of their own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from shared.runtime.app import build_app
from tests.service_harness import ServiceHarness

StepAfter = tuple[str, Callable[[], Awaitable[Any]]]


def build_console_app(console: ServiceHarness, *, loopback: bool = True) -> Any:
    app = build_app((console.service,), console.resources, asyncio.Event())
    app.state.loopback = loopback
    return app


async def read_stream(
    app: Any, path: str, enough: str, headers: dict[str, str] | None = None, *, then: StepAfter | None = None
) -> str:
    """What a stream says until it has said `enough`; then the process stops, and the stream must end by itself.

    `then` = (words, deed): once the words were said, the deed is done. The ASGI way, for httpx waits for the end.
    """
    said: list[str] = []
    heard, cue = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        return await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        said.append(message.get("body", b"").decode())
        if then and then[0] in "".join(said):
            cue.set()
        if enough in "".join(said):
            heard.set()

    serving = asyncio.create_task(app(_scope(path, headers or {}), receive, send))
    if then:
        await asyncio.wait_for(cue.wait(), 10)
        await then[1]()
    await asyncio.wait_for(heard.wait(), 10)
    app.state.stop.set()
    await asyncio.wait_for(serving, 10)
    return "".join(said)


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
