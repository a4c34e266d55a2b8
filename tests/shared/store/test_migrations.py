"""Each service's migrations make the tables that its code knows, on both databases, and may be run again and at once."""

import asyncio
from importlib import import_module
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, MetaData, text

from cli.services import SERVICE_NAMES
from shared.access import tables
from shared.base.errors import CannotStart
from shared.base.settings import Settings
from shared.runtime import migrate
from shared.runtime.resources import Resources, open_resources
from shared.store import engines
from shared.store.database import Database
from tests.shared.store.conftest import wide

SCHEMAS = [engines.ACCESS, *SERVICE_NAMES]


def metadata_of(schema: str) -> MetaData:
    if schema == engines.ACCESS:
        return tables.metadata
    store = import_module(f"services.{schema}.store")
    metadata: MetaData = getattr(store, "metadata", None) or import_module(f"services.{schema}.store.tables").metadata
    return metadata


def database_of(resources: Resources, schema: str) -> Database:
    return resources.access.db if schema == engines.ACCESS else resources.databases[schema]


def differences(conn: Connection, schema: str) -> list[Any]:
    def ours(item: Any, name: str | None, kind: str, reflected: bool, _: Any) -> bool:
        return not (kind == "table" and name == "alembic_version")

    if conn.dialect.name == "postgresql":
        conn.execute(text(f'SET search_path TO "{schema}"'))
    options = {"include_object": ours, "compare_type": False, "compare_server_default": False}
    return list(compare_metadata(MigrationContext.configure(conn, opts=options), metadata_of(schema)))


@pytest.mark.parametrize("schema", SCHEMAS)
async def test_the_migrations_make_the_tables_that_the_code_knows(settings: Settings, schema: str) -> None:
    async with open_resources(settings, list(SERVICE_NAMES)) as resources:
        await migrate.upgrade(resources, SCHEMAS)
        async with database_of(resources, schema).engines.reader.connect() as conn:
            assert await conn.run_sync(differences, schema) == []


async def test_migrating_twice_changes_nothing_and_reaches_the_version_of_the_program(settings: Settings) -> None:
    async with open_resources(settings, list(SERVICE_NAMES)) as resources:
        for _ in range(2):
            await migrate.upgrade(resources, SCHEMAS)
        for schema in SCHEMAS:
            have, want = await migrate.versions(resources, schema)
            assert have == want
            assert have is not None


async def test_two_migrations_at_once_take_turns(postgres: str) -> None:
    async with (
        open_resources(wide(postgres), list(SERVICE_NAMES)) as one,
        open_resources(wide(postgres), list(SERVICE_NAMES)) as two,
    ):
        await asyncio.wait_for(asyncio.gather(migrate.upgrade(one, SCHEMAS), migrate.upgrade(two, SCHEMAS)), 60)
        for schema in SCHEMAS:
            have, want = await migrate.versions(two, schema)
            assert have == want


async def test_a_wide_service_refuses_to_start_on_another_version(postgres: str) -> None:
    from cli.services import build_service

    async with open_resources(wide(postgres), ["timer"]) as resources:
        with pytest.raises(CannotStart, match="run `baton migrate`"):
            await migrate.prepare(resources, (build_service("timer"),))
