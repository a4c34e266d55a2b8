"""The audit names every planted fault, and says nothing where nothing is wrong."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.verdict import judge
from tests.running_system import RunningSystem, embedded_system
from tests.world import World


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    with embedded_system(tmp_path_factory.mktemp("audited")) as found:
        yield found


@pytest.fixture
async def lead(site: RunningSystem) -> str:
    """A lead that is assigned, with its clock running and its mail sent."""
    world = World(site)
    await world.open()
    found = await world.hot_lead("Planted")
    await world.client.aclose()
    await world.anonymous.aclose()
    return found


def audit(site: RunningSystem) -> tuple[str, ...]:
    """What is wrong, by the terms that the services tell."""
    headers = {"Authorization": f"Bearer {site.key}"}
    return judge(httpx.get(f"{site.urls['router'][0]}/v1/audit", headers=headers, trust_env=False).json()).wrong


def plant(site: RunningSystem, service: str, statement: str) -> None:
    """Change rows behind the back of a service."""
    with sqlite3.connect(site.settings.data_dir / f"{service}.db", timeout=10) as base:
        base.execute(statement)


def test_nothing_is_wrong_where_nothing_is_wrong(site: RunningSystem, lead: str) -> None:
    assert audit(site) == ()
    assert site.baton("audit")[0] == 0


def test_the_command_prints_the_sum_and_what_is_wrong_and_exits_with_one(site: RunningSystem, lead: str) -> None:
    kept = _dump(site.settings.data_dir / "router.db")
    plant(site, "router", f"DELETE FROM leads WHERE id = '{lead}'")
    code, printed = site.baton("audit")
    _put_back(site.settings.data_dir / "router.db", kept)
    assert code == 1
    assert "received" in printed
    assert "1 lost" in printed


FAULTS = {
    "a lost lead": ("router", "DELETE FROM leads WHERE id = '{lead}'", "lost"),
    "a lost element": ("router", "UPDATE deliveries SET elements = elements + 1 WHERE elements = 1", "lost"),
    "an invented lead": ("router", "UPDATE deliveries SET elements = 0 WHERE elements = 1", "too many"),
    "two owners": (
        "router",
        "INSERT INTO assignments SELECT lead, epoch + 100, 'eve', team, at, NULL, NULL FROM assignments WHERE lead = '{lead}'",
        "Lead {lead} has two owners at once.",
    ),
    "an owner without an assignment": (
        "router",
        "DELETE FROM assignments WHERE lead = '{lead}'",
        "Lead {lead} has an owner without an assignment that stands.",
    ),
    "a clock that is missing": ("timer", "DELETE FROM clocks WHERE lead = '{lead}'", "no clock was ever started"),
    "a clock that sleeps for ever": (
        "timer",
        "DELETE FROM scheduled_items WHERE subject = '{lead}'",
        "runs, but nothing will wake it.",
    ),
    "a clock that is doubled": (
        "timer",
        "INSERT INTO clocks SELECT 'twin' || id, lead, promise, epoch, round + 1, owner, team, tier, agreement, routed, state, step,"
        " started_at, due_at, warn_at, warned_at, breached_at, settled_at, stopped_at, verdict, why, rung, skipped, held_until,"
        " off_hours, within, left_seconds, in_words FROM clocks WHERE lead = '{lead}'",
        "Lead {lead} has two clocks of one promise at once.",
    ),
    "an unsent outbox": (
        "console",
        "INSERT INTO outbox (topic, key, shard, event_id, body, written_at) VALUES ('nowhere', 'x', 99, 'x', x'00', '2020-01-01T00:00:00.000000')",
        "The outbox of the console has 1 events",
    ),
    "a floor that shows something else": (
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
def test_a_planted_fault_is_named(fault: str, site: RunningSystem, lead: str) -> None:
    service, statement, said = FAULTS[fault]
    database = site.settings.data_dir / f"{service}.db"
    kept = _dump(database)
    plant(site, service, statement.format(lead=lead))
    wrong = audit(site)
    _put_back(database, kept)
    assert any(said.format(lead=lead) in sentence for sentence in wrong), wrong
    assert audit(site) == ()


def _dump(database: Path) -> str:
    """The rows of a database as statements."""
    with sqlite3.connect(database, timeout=10) as base:
        return "\n".join(base.iterdump())


def _put_back(database: Path, dump: str) -> None:
    """Empty every table and write its rows again, in one transaction, under the feet of the running service."""
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
