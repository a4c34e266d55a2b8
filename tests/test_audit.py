"""Tests that the audit names every injected fault and reports nothing about a healthy system."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.reconciliation import reconcile
from tests.running_system import RunningSystem, embedded_system
from tests.world import World


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with embedded_system(tmp_path_factory.mktemp("audited")) as running:
        yield running


@pytest.fixture
async def lead(system: RunningSystem) -> str:
    """An assigned lead with a running clock and a sent mail."""
    world = World(system)
    await world.open()
    lead_id = await world.hot_lead("Planted")
    await world.client.aclose()
    await world.anonymous.aclose()
    return lead_id


def audit(system: RunningSystem) -> tuple[str, ...]:
    """The faults that the audit finds in the figures of the services."""
    headers = {"Authorization": f"Bearer {system.key}"}
    return reconcile(
        httpx.get(f"{system.urls['router'][0]}/v1/audit", headers=headers, trust_env=False).json()
    ).problems


def inject_fault(system: RunningSystem, service: str, statement: str) -> None:
    """Change rows in a service's database file while the service runs."""
    with sqlite3.connect(system.settings.data_dir / f"{service}.db", timeout=10) as base:
        base.execute(statement)


def test_the_audit_of_a_healthy_system_reports_nothing(system: RunningSystem, lead: str) -> None:
    assert audit(system) == ()
    assert system.baton("audit")[0] == 0


def test_the_audit_command_prints_the_balance_and_the_faults_and_exits_with_1(system: RunningSystem, lead: str) -> None:
    dump = _dump_rows(system.settings.data_dir / "router.db")
    inject_fault(system, "router", f"DELETE FROM leads WHERE id = '{lead}'")
    code, printed = system.baton("audit")
    _restore(system.settings.data_dir / "router.db", dump)
    assert code == 1
    assert "received" in printed
    assert "1 lost" in printed


FAULTS = {
    "a lost lead": ("router", "DELETE FROM leads WHERE id = '{lead}'", "lost"),
    "an item that is lost": (
        "router",
        "UPDATE deliveries SET item_count = item_count + 1 WHERE item_count = 1",
        "lost",
    ),
    "an invented lead": ("router", "UPDATE deliveries SET item_count = 0 WHERE item_count = 1", "too many"),
    "two owners": (
        "router",
        "INSERT INTO assignments SELECT lead, epoch + 100, 'eve', team, at, NULL, NULL FROM assignments WHERE lead = '{lead}'",
        "Lead {lead} has two owners at once.",
    ),
    "an owner without an assignment": (
        "router",
        "DELETE FROM assignments WHERE lead = '{lead}'",
        "Lead {lead} has an owner, but no open assignment.",
    ),
    "a clock that is missing": (
        "timer",
        "DELETE FROM clocks WHERE lead = '{lead}'",
        "its accept clock was never started",
    ),
    "a clock without a scheduled item": (
        "timer",
        "DELETE FROM scheduled_items WHERE subject = '{lead}'",
        "runs, but no item is scheduled for it.",
    ),
    "two clocks of one promise": (
        "timer",
        "INSERT INTO clocks SELECT 'twin' || id, lead, promise, epoch, round + 1, owner, team, tier, terms_version, routing_version, state, next_step,"
        " started_at, due_at, warn_at, warned_at, breached_at, settled_at, stopped_at, verdict, why, escalation_step, skipped, held_until,"
        " off_hours, within, left_seconds, in_words FROM clocks WHERE lead = '{lead}'",
        "Lead {lead} has two clocks of one promise at once.",
    ),
    "an unsent outbox": (
        "console",
        "INSERT INTO outbox (topic, key, shard, event_id, body, written_at) VALUES ('nowhere', 'x', 99, 'x', x'00', '2020-01-01T00:00:00.000000')",
        "The outbox of the console holds 1 unpublished events",
    ),
    "a live board that differs from the router": (
        "console",
        "UPDATE leads SET state = 'won' WHERE id = '{lead}'",
        "The console shows",
    ),
    "a notice that could not be delivered": (
        "notifier",
        "UPDATE notices SET state = 'failed' WHERE lead = '{lead}'",
        "could not be delivered",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_audit_names_an_injected_fault(fault: str, system: RunningSystem, lead: str) -> None:
    service, statement, sentence = FAULTS[fault]
    database = system.settings.data_dir / f"{service}.db"
    dump = _dump_rows(database)
    inject_fault(system, service, statement.format(lead=lead))
    faults = audit(system)
    _restore(database, dump)
    assert any(sentence.format(lead=lead) in reported for reported in faults), faults
    assert audit(system) == ()


def _dump_rows(database: Path) -> str:
    """The rows of a database as statements."""
    with sqlite3.connect(database, timeout=10) as base:
        return "\n".join(base.iterdump())


def _restore(database: Path, dump: str) -> None:
    """Empty every table and write its rows again, in one transaction, while the service runs."""
    inserts = [
        line for line in dump.split(";\n") if line.strip().startswith("INSERT INTO") and "sqlite_sequence" not in line
    ]
    with sqlite3.connect(database, timeout=10) as base:
        tables = [
            row[0]
            for row in base.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        ]
        for table in tables:
            base.execute(f'DELETE FROM "{table}"')
        for insert in inserts:
            base.execute(insert)
