"""SIGKILL of one process of the wide form at a named point; the others and its successor lose nothing and repeat nothing."""

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
"""Process, point, and at which hit: late enough for people and an agreement to be there.
A router and a timer are killed in the ordinary run; a dead notifier's mails wait for the end of its lease, a minute.
Of the two routers either may hold the relay's leases, so the relay is killed in the notifier."""
pytestmark = pytest.mark.wide


@pytest.mark.parametrize(("place", "point", "hit"), CASES)
async def test_a_process_that_dies_here_is_made_up_for(
    place: str, point: str, hit: int, kafka: str, postgres_server: str, tmp_path: Path
) -> None:
    launchers = {place: [sys.executable, "-m", "tests.kills.kill_at_failpoint", point, str(hit)]}
    with temporary_database(postgres_server) as database, wide_system(kafka, database, launchers) as site:
        world = World(site)
        leads: dict[int, str] = {}
        await world.open()

        async def dead() -> bool:
            await _post_leads(world, site, leads)
            return site.processes[place].ended

        await eventually(dead, f"{point} was not reached in {place}", within=90)
        _restart(site, place, tmp_path)
        await _post_leads(world, site, leads, until=6)
        await world.settle()
        terms = [await _audit_counts(world, url) for url in sorted({urls[0] for urls in site.urls.values()})]
        assert reconcile({name: found for answer in terms for name, found in answer.items()}).problems == ()
        for lead in leads.values():
            said = Counter(await world.events(lead))
            assert (said["lead.received"], said["lead.assigned"]) == (1, 1)
        times = Counter(str(mail["Message-ID"]) for mail in site.mailbox.mails)
        assert max(times.values()) <= 2


async def _post_leads(world: World, site: RunningSystem, leads: dict[int, str], until: int = 0) -> None:
    """Post leads to the routers that live, again with the same key until one answers; the clock runs on for the others."""
    for number in range(max(until, len(leads) + 1)):
        if number in leads:
            continue
        headers = {**world.sender_headers, "idempotency-key": f"lead-{number}"}
        body = {"email": f"p{number}@{world.tag}.example", "activity": "demo request"}
        for url in site.urls["router"] * 3:
            with suppress(httpx.HTTPError):
                answer = await world.anonymous.post(f"{url}/v1/leads", json=body, headers=headers)
                if answer.status_code == 202:
                    leads[number] = answer.json()["leads"][0]
                    break
    if not until:
        with suppress(httpx.HTTPError, AssertionError):
            await world.advance(minutes=2)


def _restart(site: RunningSystem, place: str, folder: Path) -> None:
    name, _, number = place.partition("-")
    url = site.urls[name][int(number)]
    own = {**site.environment, "BATON_PORT": url.rpartition(":")[2]}
    site.processes[place].stop()
    site.processes[place] = start([name], own, folder / "again.log")
    wait_until_ready(url, site.processes[place])


async def _audit_counts(world: World, url: str) -> dict[str, dict[str, object]]:
    response = await world.client.get(f"{url}/v1/audit")
    assert response.status_code == 200, response.text
    counts: dict[str, dict[str, object]] = response.json()
    return counts
