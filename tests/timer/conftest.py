"""The timer in a service harness, as a fixture."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.timer.app import build
from services.timer.settings import Settings
from tests.service_harness import ServiceHarness, service_harness
from tests.timer.clock_helpers import add_reference_data


@pytest.fixture
async def timer(tmp_path: Path) -> AsyncIterator[ServiceHarness]:
    async with service_harness(build(Settings()), tmp_path, settle=timedelta(0)) as harness:
        await add_reference_data(harness)
        yield harness
