"""Part 1: webhooks accepted per second, authenticated and committed, against a handler that stores nothing."""

import asyncio
import json
import os
import socket
import sqlite3
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
from sqlalchemy import make_url

from tests.bench.disk_probe import DiskProbe
from tests.bench.http_connection import closed_loop
from tests.bench.report import Report, ratios
from tests.bench.sizes import Size
from tests.bench.webhook_sender import WebhookSender
from tests.parts import Missing
from tests.parts.ports import free_ports
from tests.parts.postgres import postgres, temporary_database
from tests.parts.supervised_process import SupervisedProcess
from tests.running_system import ROOT, SECRET_KEYS

BARE, SQLITE, POSTGRES = "bare FastAPI handler", "webhook endpoint on SQLite", "webhook endpoint on PostgreSQL"
DURABLE = {
    BARE: "stores nothing",
    SQLITE: "WAL, synchronous=FULL, inbox + outbox in one commit",
    POSTGRES: "fsync on, synchronous_commit on, inbox + outbox in one commit",
}


@dataclass
class WebhookTarget:
    """A server that accepts webhooks, and what was measured on it."""

    name: str
    port: int
    sender: WebhookSender
    environment: dict[str, str] = field(default_factory=dict)
    rates: list[float] = field(default_factory=list)
    accepted: int = 0
    other_statuses: dict[int, int] = field(default_factory=dict)

    async def round(self, size: Size, seconds: float) -> float:
        """Run one round of the closed loop; returns responses per second. Counts every accepted request, warm-up included."""
        rate, statuses = await closed_loop(self.port, self.sender.next_request, size.connections, seconds)
        for status, number in statuses.items():
            if status == 202:
                self.accepted += number
            else:
                self.other_statuses[status] = self.other_statuses.get(status, 0) + number
        return rate


def run(size: Size, report: Report) -> None:
    """Measure the servers in alternation and print the results."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        targets = [
            stack.enter_context(_bare_handler(folder)),
            stack.enter_context(_webhook_server(SQLITE, folder, _sqlite_settings(folder))),
        ]
        try:
            database = stack.enter_context(temporary_database(stack.enter_context(postgres(durable=True))))
            targets.append(stack.enter_context(_webhook_server(POSTGRES, folder, _postgres_settings(database))))
        except Missing as missing:
            report.add(f"intake  without PostgreSQL: there is {missing}")
        probe = asyncio.run(_measure(targets, size, folder))
        base = targets[0]
        for target in targets:
            ratio = f", of the bare handler {ratios(target.rates, base.rates)}" if target is not base else ""
            typical = sorted(target.rates)[len(target.rates) // 2]
            report.add(
                f"intake  {target.name}: {typical:,.0f}/s{ratio} [closed loop, {size.connections} connections,"
                f" {size.rounds} rounds of {size.intake_seconds} s, one worker, {DURABLE[target.name]}; {probe.summary}]"
            )
            report.check(f"{target.name}, responses that are not 202", target.other_statuses, {})
        for target in targets[1:]:
            stored = asyncio.run(_stored_rows(target))
            report.check(f"{target.name}, (deliveries, outbox) rows", stored, (target.accepted, target.accepted))


async def _measure(targets: list[WebhookTarget], size: Size, folder: Path) -> DiskProbe:
    for target in targets:
        await target.round(size, min(1.0, size.intake_seconds))
    with DiskProbe(folder) as probe:
        for _ in range(size.rounds):
            for target in targets:
                target.rates.append(await target.round(size, size.intake_seconds))
    return probe


async def _stored_rows(target: WebhookTarget) -> tuple[int, int]:
    """The rows of `deliveries` and `outbox`, counted directly in the database."""
    url = target.environment.get("BATON_DATABASE_URL")
    tables = ("deliveries", "outbox")
    if not url:
        path = Path(target.environment["BATON_DATA_DIR"]) / "router.db"
        with sqlite3.connect(path) as read:
            counts = [int(read.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables]
        return counts[0], counts[1]
    conn = await asyncpg.connect(asyncpg_url(url))
    try:
        counts = [int(await conn.fetchval(f"SELECT count(*) FROM router.{table}")) for table in tables]
    finally:
        await conn.close()
    return counts[0], counts[1]


def asyncpg_url(url: str) -> str:
    """The database URL in the form that asyncpg takes."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


@contextmanager
def _bare_handler(folder: Path) -> Iterator[WebhookTarget]:
    (port,) = free_ports(1)
    process = _start_program("bare_handler", port, folder, {})
    try:
        _wait_until_listening(port, process)
        yield WebhookTarget(BARE, port, WebhookSender("/webhooks/bench", "whsec_" + "A" * 44))
    finally:
        process.stop()


@contextmanager
def _webhook_server(name: str, folder: Path, environment: dict[str, str]) -> Iterator[WebhookTarget]:
    (port,) = free_ports(1)
    process = _start_program("webhook_server", port, folder, environment)
    try:
        _wait_until_listening(port, process)
        line = next(line for line in process.tail(100_000).splitlines() if line.startswith('{"path"'))
        endpoint = json.loads(line)
        yield WebhookTarget(name, port, WebhookSender(endpoint["path"], endpoint["secret"]), environment)
    finally:
        process.stop()


def _start_program(name: str, port: int, folder: Path, environment: dict[str, str]) -> SupervisedProcess:
    command = [sys.executable, "-m", f"tests.bench.{name}", str(port)]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("BATON_")}
    log = folder / f"{name}-{port}.log"
    return SupervisedProcess(command, log=log, env={**inherited, **environment, "PYTHONPATH": str(ROOT)})


def _wait_until_listening(port: int, process: SupervisedProcess) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            assert not process.ended, process.tail(4000)
            assert time.monotonic() < deadline, process.tail(4000)
            time.sleep(0.05)


def _sqlite_settings(folder: Path) -> dict[str, str]:
    return {"BATON_DATA_DIR": str(folder / "data"), "BATON_SECRET_KEYS": SECRET_KEYS, "BATON_LOG_LEVEL": "warning"}


def _postgres_settings(database: str) -> dict[str, str]:
    wide = {"BATON_BUS": "kafka", "BATON_DATABASE_URL": database, "BATON_KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    return {**wide, "BATON_SECRET_KEYS": SECRET_KEYS, "BATON_LOG_LEVEL": "warning"}
