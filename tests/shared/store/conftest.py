"""One service's database, in both forms: every test of this folder runs on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, text

from shared.base.settings import Settings
from shared.runtime.resources import open_resources
from shared.store.database import Database
from shared.store.kernel_tables import kernel_tables
from shared.store.types import Json, UtcDateTime

metadata = MetaData()
kernel_tables(metadata)
things = Table(
    "things",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("count", Integer),
    Column("at", UtcDateTime),
    Column("data", Json),
)


@asynccontextmanager
async def timers(settings: Settings) -> AsyncIterator[Database]:
    """The database of a service named timer, with the kernel's tables and one more, `things`."""
    async with open_resources(settings, ["timer"]) as resources:
        database = resources.databases["timer"]
        if database.dialect == "postgresql":
            async with database.engines.writer.begin() as conn:
                await conn.execute(text("CREATE SCHEMA timer"))
        await database.create_tables(metadata)
        yield database


def narrow(folder: Path) -> Settings:
    """Settings of the embedded form."""
    return Settings(_env_file=None, data_dir=folder)


def wide(url: str) -> Settings:
    """Settings of the wide form with a broker address that is never used."""
    return Settings(
        _env_file=None,
        bus="kafka",
        kafka_bootstrap_servers="127.0.0.1:9",
        database_url=url,
        secret_keys="k" * 32,
    )


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of either form."""
    return narrow(tmp_path) if request.param == "sqlite" else wide(request.getfixturevalue("postgres"))


@pytest.fixture
async def db(settings: Settings) -> AsyncIterator[Database]:
    """The database of one service in either form."""
    async with timers(settings) as database:
        yield database
