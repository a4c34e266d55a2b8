"""Migrations: one Alembic chain for each schema, the same scripts on both databases, one process at a time."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine

from shared.base.errors import CannotStart
from shared.store import engines

if TYPE_CHECKING:
    from shared.runtime.process import Service
    from shared.runtime.resources import Building

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


async def ready(building: "Building", services: "tuple[Service, ...]") -> None:
    """Embedded: bring every file up to date. Wide: refuse to start on another version. Raises CannotStart."""
    schemas = [engines.ACCESS, *(service.name for service in services)]
    if building.settings.embedded:
        await upgrade(building, schemas)
        return
    for schema in schemas:
        have, want = await versions(building, schema)
        if have != want:
            raise CannotStart(
                f"The schema {schema} is at version {have or 'none'}, this program needs {want}; run `baton migrate`."
            )


async def upgrade(building: "Building", schemas: list[str]) -> None:
    """Bring the schemas to the newest version, under an advisory lock on PostgreSQL."""
    if not building.settings.embedded:
        engine = create_async_engine(building.settings.database_url)
        async with engine.connect() as conn:
            await conn.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
            try:
                for schema in schemas:
                    await conn.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
                await conn.commit()
                for schema in schemas:
                    await _upgrade(building, schema)
            finally:
                await conn.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": LOCK})
        await engine.dispose()
        return
    for schema in schemas:
        await _upgrade(building, schema)


async def _upgrade(building: "Building", schema: str) -> None:
    async with _database(building, schema).engines.writer.begin() as conn:
        await conn.run_sync(_to_head, schema)


def _to_head(conn: Connection, schema: str) -> None:
    config = config_for(schema)
    config.attributes["connection"] = conn
    config.attributes["schema"] = schema
    command.upgrade(config, "head")


async def versions(building: "Building", schema: str) -> tuple[str | None, str | None]:
    """(the version that the database has, the version that this program needs)."""
    async with _database(building, schema).engines.reader.connect() as conn:
        have = await conn.run_sync(_present, schema)
    return have, ScriptDirectory.from_config(config_for(schema)).get_current_head()


def _present(conn: Connection, schema: str) -> str | None:
    options: dict[str, Any] = {"version_table_schema": schema} if conn.dialect.name == "postgresql" else {}
    return MigrationContext.configure(conn, opts=options).get_current_revision()


def _database(building: "Building", schema: str) -> Any:
    return building.access.db if schema == engines.ACCESS else building.databases[schema]
