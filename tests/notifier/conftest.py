"""Fixtures: a running notifier with a mail server, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.notifier.harness import NotifierHarness, running_notifier
from tests.notifier.sinks import Mailbox, mail_server


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as server:
        yield server


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.wide)])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue("postgres")) if request.param == "postgresql" else ""


@pytest.fixture
async def empty_notifier(tmp_path: Path, mailbox: Mailbox, database_url: str) -> AsyncIterator[NotifierHarness]:
    """A running notifier without people or an agreement."""
    async with running_notifier(tmp_path, mailbox, database_url=database_url) as harness:
        yield harness


@pytest.fixture
async def notifier(empty_notifier: NotifierHarness) -> NotifierHarness:
    """A running notifier with people, and an agreement that sends email to every role."""
    await empty_notifier.set_up()
    return empty_notifier
