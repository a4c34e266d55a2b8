"""A key, endpoint or destination is valid once its creation is answered, and invalid once its revocation is."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import event

from shared.access.cache import Access
from shared.access.keys import create_key, revoke_key
from shared.base.settings import Settings
from shared.runtime.migrate import upgrade
from shared.runtime.resources import open_resources


@pytest.fixture
async def access(settings: Settings) -> AsyncIterator[Access]:
    async with open_resources(settings, []) as resources:
        await upgrade(resources, ["access"])
        _delay_readers_at_random(resources.access)
        await resources.access.load()
        yield resources.access


def _delay_readers_at_random(access: Access) -> None:
    """Delay SQLite readers at random, each in its thread, so that an older read may end last."""
    chance = random.Random(11)
    if access.db.dialect == "sqlite":

        @event.listens_for(access.db.engines.reader.sync_engine, "connect")
        def connected(connection: Any, _record: Any) -> None:
            raw = connection.driver_connection._conn
            raw.set_trace_callback(lambda _: time.sleep(chance.random() ** 4 / 30))


async def reload_until(access: Access, stop: asyncio.Event) -> None:
    """Reload the access tables in a loop, as a process does on every change."""
    while not stop.is_set():
        await access.load()


@pytest.mark.parametrize("readers", [1, 4])
async def test_a_new_key_is_valid_at_once_while_other_processes_reload(access: Access, readers: int) -> None:
    stop = asyncio.Event()
    loops = [asyncio.create_task(reload_until(access, stop)) for _ in range(readers)]
    try:
        for number in range(15):
            key, token = await create_key(access, f"key {number}", ["intake"], None, "test")
            assert access.principal(token), "made and not known"
            await asyncio.sleep(0.002 * (number % 5))
            assert access.principal(token), "an older reading came back over it"
            await revoke_key(access, key, "test")
            assert access.principal(token) is None, "revoked and still known"
            await asyncio.sleep(0.002 * (number % 5))
            assert access.principal(token) is None, "an older reading brought it back"
    finally:
        stop.set()
        await asyncio.gather(*loops)
