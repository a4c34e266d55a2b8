"""Tests may connect to this machine only: other hosts are refused with an explanation."""

import asyncio
import socket

import pytest

from tests.parts import network_guard
from tests.parts.network_guard import OutsideConnectionRefused


@pytest.fixture
def attempts(_fail_on_outside_connections: None) -> list[str]:
    """The refused attempts; each test clears them, because here they are intended."""
    return network_guard.attempts


@pytest.mark.parametrize("host", ["192.0.2.1", "example.com", "2001:db8::1", "10.0.0.1"])
def test_a_connection_to_another_host_is_refused_and_recorded(attempts: list[str], host: str) -> None:
    with pytest.raises(OutsideConnectionRefused, match="this machine only"):
        socket.create_connection((host, 80), timeout=1)
    assert attempts == [host]
    attempts.clear()


async def test_an_asyncio_connection_to_another_host_is_refused(attempts: list[str]) -> None:
    with pytest.raises(OutsideConnectionRefused):
        await asyncio.open_connection("192.0.2.1", 80)
    with pytest.raises(OutsideConnectionRefused):
        await asyncio.open_connection("example.com", 80)
    assert attempts == ["192.0.2.1", "example.com"]
    attempts.clear()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_connection_to_this_machine_is_allowed(attempts: list[str], host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection((host, server.getsockname()[1]), timeout=5).close()
    assert attempts == []
