"""Tests that two processes that project a new lead at once, from different topics, do not overwrite each other."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from services.console.handlers.projection import project_events
from services.console.store import leads
from services.console.store.tables import metadata
from shared.base.settings import Settings
from shared.events import SlaBreached
from shared.events.base import Event
from shared.runtime.resources import open_resources
from shared.store.database import Database
from tests.console.samples import DUE, LEAD, SLA, received
from tests.service_harness import TUESDAY


@pytest.fixture
async def database(postgres: str) -> AsyncIterator[Database]:
    """The console's database on a real PostgreSQL."""
    settings = Settings(
        _env_file=None,
        bus="kafka",
        kafka_bootstrap_servers="127.0.0.1:9",
        database_url=postgres,
        secret_keys="k" * 32,
    )
    async with open_resources(settings, ["console"]) as resources:
        console = resources.databases["console"]
        async with console.engines.writer.begin() as conn:
            await conn.execute(text("CREATE SCHEMA console"))
        await console.create_tables(metadata)
        yield console


@pytest.mark.parametrize("lead_first", [True, False])
async def test_a_new_lead_keeps_what_two_processes_project_at_once(database: Database, lead_first: bool) -> None:
    received_event = Event(received(name="Ada"), LEAD, "/test", TUESDAY)
    breach = Event(SlaBreached(**SLA, breached_at=DUE, settled_at=DUE), LEAD, "/test", DUE)
    first, second = (received_event, breach) if lead_first else (breach, received_event)

    async def project_second() -> None:
        async with database.transaction() as tx:
            await project_events(tx, [second])

    async with database.transaction() as tx:
        await project_events(tx, [first])
        other = asyncio.create_task(project_second())
        await _wait_for_lock_contention(database)
    await asyncio.wait_for(other, 20)
    async with database.reading() as tx:
        row = (await leads.find(tx, [LEAD]))[LEAD]
    assert (row["state"], row["card"]["name"], row["breaches"]) == ("received", "Ada", 1)


async def _wait_for_lock_contention(db: Database) -> None:
    """Wait until a transaction waits for a lock."""
    async with asyncio.timeout(20):
        while True:
            async with db.reading() as tx:
                row = await tx.first(text("SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
            if row and row["n"]:
                return
            await asyncio.sleep(0.02)
