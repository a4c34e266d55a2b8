"""A plain HTTP/1.1 sender that costs little: one request at a time on each connection, only status and body are read."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple


class Reply(NamedTuple):
    """What came back."""

    status: int
    body: bytes


class Wire(asyncio.Protocol):
    """One connection."""

    def __init__(self) -> None:
        self._seen = b""
        self._waiting: asyncio.Future[Reply] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def to(cls, host: str, port: int) -> "Wire":
        """Connect."""
        _, wire = await asyncio.get_running_loop().create_connection(cls, host, port)
        return wire

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
        self._seen += data
        head, found, rest = self._seen.partition(b"\r\n\r\n")
        if not found or self._waiting is None:
            return
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        length = int(lowered[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) >= length:
            waiting, self._waiting, self._seen = self._waiting, None, b""
            if not waiting.done():
                waiting.set_result(Reply(int(head[9:12]), rest[:length]))

    def ask(self, request: bytes) -> "asyncio.Future[Reply]":
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
    port: int, make: Callable[[], bytes], connections: int, seconds: float
) -> tuple[float, dict[int, int]]:
    """Each connection sends its next request when the last is answered. Returns the answers per second, and how many of each status."""
    wires = [await Wire.to("127.0.0.1", port) for _ in range(connections)]
    statuses: dict[int, int] = {}
    begin = time.perf_counter()
    until = begin + seconds

    async def one(wire: Wire) -> None:
        while time.perf_counter() < until:
            reply = await wire.ask(make())
            statuses[reply.status] = statuses.get(reply.status, 0) + 1

    await asyncio.gather(*(one(wire) for wire in wires))
    took = time.perf_counter() - begin
    for wire in wires:
        wire.close()
    return sum(statuses.values()) / took, statuses
