"""Runs each story on both forms: embedded, and wide on Kafka and PostgreSQL; all stories share one system of each."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests import running_system
from tests.parts.postgres import temporary_database
from tests.running_system import RunningSystem
from tests.world import World


@pytest.fixture(scope="session")
def embedded_system() -> Iterator[RunningSystem]:
    with running_system.embedded_system() as system:
        yield system


@pytest.fixture(scope="session")
def wide_system(kafka: str, postgres_server: str) -> Iterator[RunningSystem]:
    with temporary_database(postgres_server) as database, running_system.wide_system(kafka, database) as system:
        yield system


@pytest.fixture(params=["embedded", pytest.param("wide", marks=pytest.mark.wide)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    system: RunningSystem = request.getfixturevalue(f"{request.param}_system")
    world = World(system)
    await world.open()
    yield world
    await world.close()
