"""Each story runs in both worlds: embedded, and wide on Kafka and PostgreSQL; one system of each serves them all."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.parts.postgres import fresh_database
from tests.running_system import RunningSystem, embedded_system, wide_system
from tests.world import World


@pytest.fixture(scope="session")
def embedded_site() -> Iterator[RunningSystem]:
    with embedded_system() as site:
        yield site


@pytest.fixture(scope="session")
def wide_site(kafka: str, postgres_server: str) -> Iterator[RunningSystem]:
    with fresh_database(postgres_server) as database, wide_system(kafka, database) as site:
        yield site


@pytest.fixture(params=["embedded", pytest.param("wide", marks=pytest.mark.wide)])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    site: RunningSystem = request.getfixturevalue(f"{request.param}_site")
    found = World(site)
    await found.open()
    yield found
    await found.close()
