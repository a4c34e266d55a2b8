"""Fixtures: the console with one rep, Dan, and a live agreement; and an HTTP client on loopback."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.console.app import build
from services.console.settings import Settings
from shared.agreement.model import ExecutableAgreement
from shared.base.roster import Rep
from shared.events import AgreementPublished, RosterChanged
from tests.console.http_client import build_console_app
from tests.service_harness import TUESDAY, ServiceHarness, service_harness


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[ServiceHarness]:
    async with service_harness(build(Settings()), tmp_path) as harness:
        await harness.handle(RosterChanged(rep=Rep(id="dan", name="Dan Brooks")), subject="rep:dan")
        compiled = ExecutableAgreement(name="Northwind").model_dump(mode="json")
        published = AgreementPublished(version=1, hash="sha256:x", published_at=TUESDAY, compiled=compiled)
        await harness.handle(published, subject="agreement:1")
        yield harness


@pytest.fixture
async def browser(console: ServiceHarness) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(build_console_app(console))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
        yield client
