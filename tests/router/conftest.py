"""Fixtures of the router's tests: the service with a live agreement, and an HTTP client who may do everything."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from services.router.app import build
from services.router.settings import Settings
from shared.runtime.app import build_app
from tests.router.samples import publish_agreement
from tests.service_harness import ServiceHarness, service_harness


@pytest.fixture
async def router(tmp_path: Path) -> AsyncIterator[ServiceHarness]:
    async with service_harness(build(Settings()), tmp_path) as harness:
        await publish_agreement(harness)
        yield harness


@pytest.fixture
async def admin(router: ServiceHarness) -> AsyncIterator[httpx.AsyncClient]:
    app = build_app((router.service,), router.resources, asyncio.Event())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client
