"""One service's database, in both widths: every test of this folder runs on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, text

from shared.db import Database
from shared.db_tables import Json, Moment, kernel_tables
from shared.house import opened
from shared.settings import Settings

metadata = MetaData()
kernel_tables(metadata)
things = Table(
    "things",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("count", Integer),
    Column("at", Moment),
    Column("data", Json),
)


@pytest.fixture(params=["sqlite", "postgresql"])
async def db(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    """The database of a service named timer, with the kernel's tables and one more, `things`."""
    if request.param == "sqlite":
        settings = Settings(_env_file=None, data_dir=tmp_path)
    else:
        settings = Settings(
            _env_file=None,
            bus="kafka",
            kafka_bootstrap_servers="127.0.0.1:9",
            database_url=request.getfixturevalue("postgres"),
            secret_keys="k" * 32,
        )
    async with opened(settings, ["timer"]) as building:
        found = building.databases["timer"]
        if found.dialect == "postgresql":
            async with found.engines.writer.begin() as conn:
                await conn.execute(text("CREATE SCHEMA timer"))
        await found.make_tables(metadata)
        yield found
