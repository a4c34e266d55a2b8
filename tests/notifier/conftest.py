"""The notifier with its people, on both stores."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.notifier.house import House, house
from tests.notifier.post_office import Mailbox, mail_server


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as found:
        yield found


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.wide)])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres")) if request.param == "postgresql" else ""


@pytest.fixture
async def bare(tmp_path: Path, box: Mailbox, database_url: str) -> AsyncIterator[House]:
    """Nobody and no agreement yet."""
    async with house(tmp_path, box, database_url=database_url) as found:
        yield found


@pytest.fixture
async def here(bare: House) -> House:
    """With people and an agreement that says email to all."""
    await bare.furnish()
    return bare
