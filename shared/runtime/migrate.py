"""Migrations: one Alembic chain for each schema, the same scripts on both databases, one process at a time."""

from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.base.errors import CannotStart
from shared.runtime.resources import Resources
from shared.runtime.service import Service
from shared.store import engines

ROOT = Path(__file__).resolve().parents[2]
LOCK = 820_417_001


def config_for(schema: str) -> Config:
    """Alembic's configuration for one schema's chain."""
    owner = ROOT / "shared" if schema == engines.ACCESS else ROOT / "services"
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("alembic")))
    config.set_main_option("version_locations", str(owner / schema / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


async def prepare(resources: Resources, services: tuple[Service, ...]) -> None:
    """Upgrade every schema in embedded mode; otherwise raise CannotStart when a schema has another version."""
    schemas = [engines.ACCESS, *(service.name for service in services)]
    if resources.settings.embedded:
        await upgrade(resources, schemas)
        return
    for schema in schemas:
        have, want = await versions(resources, schema)
        if have != want:
            raise CannotStart(
                f"The schema {schema} is at version {have or 'none'}, this program needs {want}; run `baton migrate`."
            )


async def upgrade(resources: Resources, schemas: list[str]) -> None:
    """Bring the schemas to the newest version, under an advisory lock on PostgreSQL."""
    if not resources.settings.embedded:
        engine = create_async_engine(resources.settings.database_url)
        async with engine.connect() as conn:
            await conn.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            try:
                for schema in schemas:
                    await conn.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
                await conn.commit()
                for schema in schemas:
                    await _upgrade(resources, schema)
            finally:
                await conn.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        await engine.dispose()
        return
    for schema in schemas:
        await _upgrade(resources, schema)


async def _upgrade(resources: Resources, schema: str) -> None:
    async with _database(resources, schema).engines.writer.begin() as conn:
        await conn.run_sync(_to_head, schema)


def _to_head(conn: Connection, schema: str) -> None:
    config = config_for(schema)
    config.attributes["connection"] = conn
    config.attributes["schema"] = schema
    command.upgrade(config, "head")


async def versions(resources: Resources, schema: str) -> tuple[str | None, str | None]:
    """(the version that the database has, the version that this program needs)."""
    async with _database(resources, schema).engines.reader.connect() as conn:
        have = await conn.run_sync(_present, schema)
    return have, ScriptDirectory.from_config(config_for(schema)).get_current_head()


def _present(conn: Connection, schema: str) -> str | None:
    options: dict[str, Any] = {"version_table_schema": schema} if conn.dialect.name == "postgresql" else {}
    return MigrationContext.configure(conn, opts=options).get_current_revision()


def _database(resources: Resources, schema: str) -> Any:
    return resources.access.db if schema == engines.ACCESS else resources.databases[schema]
