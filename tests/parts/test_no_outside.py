"""Tests speak with this machine only: another host is refused with a sentence, this one is not."""

import asyncio
import socket

import pytest

from tests.parts import no_outside
from tests.parts.no_outside import WentOutside


@pytest.fixture
def tried(_stays_here: None) -> list[str]:
    """The attempts so far; emptied afterwards, since here they are meant."""
    return no_outside.attempts


@pytest.mark.parametrize("host", ["192.0.2.1", "example.com", "2001:db8::1", "10.0.0.1"])
def test_another_host_is_refused_and_remembered(tried: list[str], host: str) -> None:
    with pytest.raises(WentOutside, match="this machine only"):
        socket.create_connection((host, 80), timeout=1)
    assert tried == [host]
    tried.clear()


async def test_it_holds_for_asyncio_too(tried: list[str]) -> None:
    with pytest.raises(WentOutside):
        await asyncio.open_connection("192.0.2.1", 80)
    with pytest.raises(WentOutside):
        await asyncio.open_connection("example.com", 80)
    assert tried == ["192.0.2.1", "example.com"]
    tried.clear()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_this_machine_can_be_reached(tried: list[str], host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection((host, server.getsockname()[1]), timeout=5).close()
    assert tried == []
