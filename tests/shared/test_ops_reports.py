"""Reports for ops are answered when they matter: while the broker is away, everything but the lag is current."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.reconciliation import backlogged
from cli.services import build_service
from shared.base.settings import Settings
from shared.bus.kafka import KafkaBus
from shared.runtime import migrate
from shared.runtime.app import build_app
from shared.runtime.resources import open_resources
from tests.parts.ports import free_ports
from tests.shared.bus.conftest import kafka_settings


@pytest.fixture
async def ops_without_broker(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client for a timer whose database answers and whose broker does not."""
    settings = Settings(_env_file=None, data_dir=tmp_path, secret_keys="k" * 32)
    timer = build_service("timer")
    async with open_resources(settings, ["timer"]) as resources:
        await migrate.prepare(resources, (timer,))
        resources.bus = KafkaBus(kafka_settings(f"127.0.0.1:{free_ports(1)[0]}"))
        resources.loopback = True
        transport = httpx.ASGITransport(build_app((timer,), resources, asyncio.Event()))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            yield client
        await resources.bus.stop()


async def test_the_backlog_without_a_broker_names_the_lag_as_unavailable_and_gives_the_rest(
    ops_without_broker: httpx.AsyncClient,
) -> None:
    (row,) = (await ops_without_broker.get("/v1/backlog")).json()
    assert (row["lag"], row["outbox"], row["outbox_age"], row["dead_letters"]) == (None, 0, 0.0, 0)
    assert len(row["unavailable"]) == 1
    assert row["unavailable"][0].startswith("The lag of the timer cannot be asked: No broker answers")


async def test_the_metrics_without_a_broker_have_the_outbox_age_and_no_lag(
    ops_without_broker: httpx.AsyncClient,
) -> None:
    response = await ops_without_broker.get("/metrics")
    assert response.status_code == 200
    lines = response.text.splitlines()
    assert 'baton_consumer_lag{service="timer"} NaN' in lines
    assert 'baton_figure_unavailable{figure="lag",service="timer"} 1.0' in lines
    assert 'baton_outbox_age_seconds{service="timer"} 0.0' in lines


async def test_the_audit_without_a_broker_reports_what_it_could_not_ask_and_gives_the_counts(
    ops_without_broker: httpx.AsyncClient,
) -> None:
    counts: dict[str, Any] = (await ops_without_broker.get("/v1/audit")).json()
    assert counts["timer"]["overdue"] == []
    assert backlogged(counts), "counts of two services may differ while nobody knows what is unread"
