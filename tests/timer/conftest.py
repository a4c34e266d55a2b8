"""The timer's room as a fixture."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from services.timer.app import build
from services.timer.settings import Settings
from tests.service_harness import ServiceHarness, service_harness
from tests.timer.clock_room import furnish


@pytest.fixture
async def timer(tmp_path: Path) -> AsyncIterator[ServiceHarness]:
    async with service_harness(build(Settings()), tmp_path, settle=timedelta(0)) as found:
        await furnish(found)
        yield found
