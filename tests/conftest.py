"""Fixtures for real dependencies (`kafka`, `postgres`, `chromium`), and the guard that fails tests that connect to another host."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.parts import Missing, browser, network_guard
from tests.parts.kafka import kafka as kafka_part
from tests.parts.postgres import postgres as postgres_part
from tests.parts.postgres import temporary_database

# How long an example takes depends on what else the machine does; a property test is only about its promise.
settings.register_profile("baton", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("baton")


def _skip_or_fail(missing: Missing) -> None:
    """Skip the test and say what is missing; with CI=true, where everything must be installed, fail it."""
    if os.environ.get("CI", "").lower() in {"true", "1"}:
        pytest.fail(f"There is {missing}, and CI allows no skip.", pytrace=False)
    pytest.skip(f"skipped: {missing}")


@pytest.fixture(scope="session")
def kafka() -> Iterator[str]:
    """Bootstrap servers of a real broker, one for the whole run; each test takes a topic prefix of its own."""
    try:
        with kafka_part() as servers:
            yield servers
    except Missing as missing:
        _skip_or_fail(missing)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real PostgreSQL, one for the whole run."""
    try:
        with postgres_part() as url:
            yield url
    except Missing as missing:
        _skip_or_fail(missing)


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database of this test's own."""
    with temporary_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium for playwright's `executable_path`."""
    try:
        return browser.chromium()
    except Missing as missing:
        _skip_or_fail(missing)
        raise


@pytest.fixture(scope="session", autouse=True)
def _block_outside_connections() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        network_guard.install(patch)
        yield


@pytest.fixture(autouse=True)
def _fail_on_outside_connections(_block_outside_connections: None) -> Iterator[None]:
    """Fail a test that tried to connect to another host, also when the code under test swallowed the error."""
    network_guard.attempts.clear()
    yield
    if network_guard.attempts:
        pytest.fail(f"A test tried to reach {', '.join(sorted(set(network_guard.attempts)))}.", pytrace=False)
