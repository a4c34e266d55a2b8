"""The timer's API: pages of clocks, explanations that hold although people change, and the breach feed."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from shared.access.keys import create_key
from shared.base.roster import Rep
from shared.events import RosterChanged
from shared.runtime.app import build_app
from tests.service_harness import TUESDAY, ServiceHarness
from tests.timer.clock_helpers import LEAD, MINUTE, assigned


@pytest.fixture
async def stop() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def ops(timer: ServiceHarness, stop: asyncio.Event) -> AsyncIterator[httpx.AsyncClient]:
    _, key = await create_key(timer.resources.access, "ops", ["ops"], None, "test")
    app = build_app((timer.service,), timer.resources, stop)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://timer.test",
        headers={"authorization": f"Bearer {key}"},
    ) as client:
        yield client


async def explained(ops: httpx.AsyncClient, promise: str = "accept") -> tuple[dict[str, Any], dict[str, Any]]:
    clocks = (await ops.get(f"/v1/clocks?lead={LEAD}")).json()["clocks"]
    (clock,) = [row for row in clocks if row["promise"] == promise]
    return clock, (await ops.get(f"/v1/clocks/{clock['id']}/explain")).json()


def counted(explanation: dict[str, Any]) -> float:
    """The seconds of the intervals that count. Checks that the intervals reach from the start to the due instant without a gap."""
    intervals = explanation["intervals"]
    assert [item["from"] for item in intervals[1:]] == [item["to"] for item in intervals[:-1]]
    assert (intervals[0]["from"], intervals[-1]["to"]) == (explanation["start"], explanation["due"])
    spans = [(item["from"], item["to"]) for item in intervals if item["counted"]]
    return sum((datetime.fromisoformat(b) - datetime.fromisoformat(a)).total_seconds() for a, b in spans)


async def test_the_explanation_of_a_clock_stays_the_same_when_the_rep_gets_another_shift(
    timer: ServiceHarness, ops: httpx.AsyncClient
) -> None:
    early = Rep(id="dan", name="Dan", hours="mon-fri 06:00-10:00", timezone="America/Los_Angeles")
    await timer.handle(RosterChanged(rep=early), subject="rep:dan")
    await timer.handle(assigned(tier="standard"), subject=LEAD)
    _, before = await explained(ops)
    await timer.handle(RosterChanged(rep=Rep(id="dan", name="Dan")), subject="rep:dan")
    clock, after = await explained(ops)
    assert after == before
    assert (after["calendar"], after["seconds"]) == ("America/Los_Angeles", 8 * 3600)
    assert counted(after) == 8 * 3600
    assert clock["due_at"] == after["due"]


async def test_a_clock_started_before_the_opening_is_explained_by_its_own_hours(
    timer: ServiceHarness, ops: httpx.AsyncClient
) -> None:
    start = datetime.fromisoformat("2026-12-02T08:00:00-05:00")
    await timer.set_time(start)
    await timer.handle(assigned(at=start), subject=LEAD)
    _, explanation = await explained(ops)
    assert explanation["due"] == "2026-12-02T14:15:00Z"
    assert (counted(explanation), explanation["seconds"]) == (900, 900)
    assert [item["counted"] for item in explanation["intervals"]] == [False, True]


async def test_the_explanation_of_a_clock_includes_inherited_time(
    timer: ServiceHarness, ops: httpx.AsyncClient
) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.handle(assigned("eve", epoch=2, at=TUESDAY + 3 * MINUTE), subject=LEAD)
    clocks = (await ops.get(f"/v1/clocks?lead={LEAD}")).json()["clocks"]
    for clock in clocks:
        explanation = (await ops.get(f"/v1/clocks/{clock['id']}/explain")).json()
        assert counted(explanation) == explanation["seconds"] == (900 if clock["epoch"] == 1 else 720)


async def test_open_clocks_are_paged_the_earliest_due_first(timer: ServiceHarness, ops: httpx.AsyncClient) -> None:
    leads = [f"{LEAD[:-2]}{number:02d}" for number in range(10, 17)]
    for number, lead in enumerate(leads):
        # Two of them are due at the same instant.
        await timer.handle(assigned(at=TUESDAY + (number // 2) * MINUTE), subject=lead)
    seen: list[str] = []
    due: list[str] = []
    query = "limit=3"
    while query:
        page = (await ops.get(f"/v1/clocks?{query}")).json()
        seen += [row["lead"] for row in page["clocks"]]
        due += [row["due_at"] for row in page["clocks"]]
        query = f"limit=3&cursor={page['next']}" if page["next"] else ""
    assert sorted(seen) == leads
    assert due == sorted(due)
    refused = await ops.get("/v1/clocks?cursor=nonsense")
    assert (refused.status_code, "not a place in this list" in refused.json()["detail"]) == (400, True)
    assert (await ops.get("/v1/clocks/nobody/explain")).status_code == 404


async def test_the_breach_stream_continues_after_the_last_event_id(
    timer: ServiceHarness, ops: httpx.AsyncClient, stop: asyncio.Event
) -> None:
    await timer.handle(assigned(), subject=LEAD)
    await timer.set_time(TUESDAY + 16 * MINUTE)
    await timer.run_due()
    response = asyncio.create_task(ops.get("/v1/breaches/stream", headers={"Last-Event-ID": "1"}))
    without_last_id = asyncio.create_task(ops.get("/v1/breaches/stream"))
    await _listening(timer, 2)
    await timer.set_time(TUESDAY + 46 * MINUTE)
    await timer.run_due()
    await _all_read(timer)
    stop.set()
    assert _events((await response).text) == [(2, "sla.escalated"), (3, "sla.escalated")]
    assert _events((await without_last_id).text) == [(3, "sla.escalated")]
    assert timer.db.wakeups._subscribers["timer:breaches"] == []


def _events(text: str) -> list[tuple[int, str]]:
    events = []
    for block in text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line and not line.startswith(":"))
        if "data" in lines:
            assert json.loads(lines["data"])["type"] == f"baton.{lines['event']}.v1"
            events.append((int(lines["id"]), lines["event"]))
    return events


async def _listening(timer: ServiceHarness, streams: int) -> None:
    """Wait until `streams` streams have subscribed and read their start position."""
    wakeups = timer.db.wakeups._subscribers["timer:breaches"]
    await _until(lambda: len(wakeups) == streams)
    timer.db.wakeups.signal("timer", "breaches")
    await _all_read(timer)


async def _all_read(timer: ServiceHarness) -> None:
    """Wait until every stream has read what the wakeup signalled."""
    wakeups = timer.db.wakeups._subscribers["timer:breaches"]
    await _until(lambda: not any(wakeup.is_set() for wakeup in wakeups))


async def _until(holds: Callable[[], bool]) -> None:
    """Wait until the condition holds; fail after 10 seconds."""
    for _ in range(1000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("The condition did not hold within 10 seconds.")


async def test_the_timer_api_refuses_a_caller_without_the_role(timer: ServiceHarness, ops: httpx.AsyncClient) -> None:
    assert (await ops.get("/v1/breaches?since=2026-12-01T09:00:00")).status_code == 400
    assert (await ops.get("/v1/clocks", headers={"authorization": "Bearer wrong"})).status_code == 401


async def test_the_breach_feed_since_an_instant_leaves_out_earlier_rows(
    timer: ServiceHarness, ops: httpx.AsyncClient
) -> None:
    await timer.handle(assigned(), subject=LEAD)
    for minutes in (16, 46):
        await timer.set_time(TUESDAY + minutes * MINUTE)
        await timer.run_due()
    since = (TUESDAY + timedelta(minutes=30)).isoformat().replace("+00:00", "Z")
    rows = (await ops.get("/v1/breaches", params={"since": since})).json()["breaches"]
    assert [row["data"]["do"] for row in rows] == [["reassign"]]
