"""One process of the wide form is killed at a failpoint; the others and its restart lose and repeat nothing."""

import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from cli.reconciliation import reconcile
from tests.parts.postgres import temporary_database
from tests.parts.waiting import eventually
from tests.running_system import RunningSystem, start, wait_until_ready, wide_system
from tests.world import World

CASES = [
    ("router-0", "tx_committed_before_2xx", 3),
    pytest.param("notifier-0", "published_before_mark", 4, marks=pytest.mark.prove),
    pytest.param("router-0", "tx_committed_before_offset", 5, marks=pytest.mark.prove),
    pytest.param("timer-0", "tx_committed_before_offset", 30, marks=pytest.mark.prove),
    ("timer-0", "due_claimed", 4),
    pytest.param("notifier-0", "after_250_before_mark", 1, marks=pytest.mark.prove),
]
"""Process, failpoint and hit; the hit is late enough for people and an agreement to be there.
The ordinary run kills a router and a timer only: a dead notifier's mails wait a minute for the end of its lease.
Either of the two routers may hold the relay's leases, so the relay is killed in the notifier."""
pytestmark = pytest.mark.wide


@pytest.mark.parametrize(("process", "point", "hit"), CASES)
async def test_a_killed_process_of_the_wide_form_loses_no_lead_and_repeats_no_event(
    process: str, point: str, hit: int, kafka: str, postgres_server: str, tmp_path: Path
) -> None:
    launchers = {process: [sys.executable, "-m", "tests.kills.kill_at_failpoint", point, str(hit)]}
    with temporary_database(postgres_server) as database, wide_system(kafka, database, launchers) as site:
        world = World(site)
        leads: dict[int, str] = {}
        await world.open()

        async def killed() -> bool:
            await _post_leads(world, site, leads)
            return site.processes[process].ended

        await eventually(killed, f"{point} was not reached in {process}", within=90)
        _restart(site, process, tmp_path)
        await _post_leads(world, site, leads, until=6)
        await world.settle()
        terms = [await _audit_counts(world, url) for url in sorted({urls[0] for urls in site.urls.values()})]
        assert reconcile({name: counts for response in terms for name, counts in response.items()}).problems == ()
        for lead in leads.values():
            event_counts = Counter(await world.events(lead))
            assert (event_counts["lead.received"], event_counts["lead.assigned"]) == (1, 1)
        times = Counter(str(mail["Message-ID"]) for mail in site.mailbox.mails)
        assert max(times.values()) <= 2


async def _post_leads(world: World, site: RunningSystem, leads: dict[int, str], until: int = 0) -> None:
    """Post each missing lead to the routers, with the same key until one accepts it; without `until`, advance the clock too."""
    for number in range(max(until, len(leads) + 1)):
        if number in leads:
            continue
        headers = {**world.sender_headers, "idempotency-key": f"lead-{number}"}
        body = {"email": f"p{number}@{world.tag}.example", "activity": "demo request"}
        for url in site.urls["router"] * 3:
            with suppress(httpx.HTTPError):
                response = await world.anonymous.post(f"{url}/v1/leads", json=body, headers=headers)
                if response.status_code == 202:
                    leads[number] = response.json()["leads"][0]
                    break
    if not until:
        with suppress(httpx.HTTPError, AssertionError):
            await world.advance(minutes=2)


def _restart(site: RunningSystem, process: str, folder: Path) -> None:
    name, _, number = process.partition("-")
    url = site.urls[name][int(number)]
    environment = {**site.environment, "BATON_PORT": url.rpartition(":")[2]}
    site.processes[process].stop()
    site.processes[process] = start([name], environment, folder / "again.log")
    wait_until_ready(url, site.processes[process])


async def _audit_counts(world: World, url: str) -> dict[str, dict[str, object]]:
    response = await world.client.get(f"{url}/v1/audit")
    assert response.status_code == 200, response.text
    counts: dict[str, dict[str, object]] = response.json()
    return counts
