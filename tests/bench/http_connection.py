"""A plain HTTP/1.1 sender that costs little: one request at a time on each connection, only status and body are read."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple


class Response(NamedTuple):
    """What came back."""

    status: int
    body: bytes


class HttpConnection(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: asyncio.Future[Response] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, host: str, port: int) -> "HttpConnection":
        """Connect."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, host, port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """There is a way to write."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        """Whoever waits is told."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(error or ConnectionResetError("closed"))

    def data_received(self, data: bytes) -> None:
        """A whole answer ends the wait."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found or self._waiting is None:
            return
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        length = int(lowered[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) >= length:
            waiting, self._waiting, self._buffer = self._waiting, None, b""
            if not waiting.done():
                waiting.set_result(Response(int(head[9:12]), rest[:length]))

    def send(self, request: bytes) -> "asyncio.Future[Response]":
        """Send one request; the answer to the one before must be there."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting

    def close(self) -> None:
        """Hang up."""
        if self._transport:
            self._transport.close()


def request(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """The bytes of a POST."""
    fields = {"host": "127.0.0.1", "content-type": "application/json", **headers, "content-length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


async def closed_loop(
    port: int, next_request: Callable[[], bytes], connections: int, seconds: float
) -> tuple[float, dict[int, int]]:
    """Each connection sends its next request when the last is answered. Returns the answers per second, and how many of each status."""
    open_connections = [await HttpConnection.open("127.0.0.1", port) for _ in range(connections)]
    statuses: dict[int, int] = {}
    begin = time.perf_counter()
    deadline = begin + seconds

    async def one(wire: HttpConnection) -> None:
        while time.perf_counter() < deadline:
            reply = await wire.send(next_request())
            statuses[reply.status] = statuses.get(reply.status, 0) + 1

    await asyncio.gather(*(one(wire) for wire in open_connections))
    elapsed = time.perf_counter() - begin
    for wire in open_connections:
        wire.close()
    return sum(statuses.values()) / elapsed, statuses
