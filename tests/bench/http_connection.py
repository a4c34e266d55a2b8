"""A minimal HTTP/1.1 client with little overhead: one request at a time per connection; reads only status and body."""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple


class Response(NamedTuple):
    """The status and body of a response."""

    status: int
    body: bytes


class HttpConnection(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self) -> None:
        self._buffer = b""
        self._waiting: asyncio.Future[Response] | None = None
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def open(cls, host: str, port: int) -> "HttpConnection":
        """Connect to a host and port."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, host, port)
        return connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for writing."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, error: Exception | None) -> None:
        """Fail the request that waits for a response."""
        if self._waiting and not self._waiting.done():
            self._waiting.set_exception(error or ConnectionResetError("closed"))

    def data_received(self, data: bytes) -> None:
        """Resolve the waiting request once the whole response has arrived."""
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator or self._waiting is None:
            return
        lowered = head.lower()
        at = lowered.find(b"content-length:")
        length = int(lowered[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(rest) >= length:
            waiting, self._waiting, self._buffer = self._waiting, None, b""
            if not waiting.done():
                waiting.set_result(Response(int(head[9:12]), rest[:length]))

    def send(self, request: bytes) -> "asyncio.Future[Response]":
        """Send one request; the response to the previous one must have arrived."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting

    def close(self) -> None:
        """Close the connection."""
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
    """Send each connection's next request when its last is answered; returns responses per second and their count by status."""
    open_connections = [await HttpConnection.open("127.0.0.1", port) for _ in range(connections)]
    statuses: dict[int, int] = {}
    begin = time.perf_counter()
    deadline = begin + seconds

    async def send_until_deadline(connection: HttpConnection) -> None:
        while time.perf_counter() < deadline:
            response = await connection.send(next_request())
            statuses[response.status] = statuses.get(response.status, 0) + 1

    await asyncio.gather(*(send_until_deadline(connection) for connection in open_connections))
    elapsed = time.perf_counter() - begin
    for connection in open_connections:
        connection.close()
    return sum(statuses.values()) / elapsed, statuses
