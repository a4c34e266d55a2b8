"""The stream of a live page: rows, feed and counters as they change, each once, from where the page was cut off."""

import re
from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.console.store import timeline
from shared.events import LeadAccepted, LeadMerged, SlaBreached
from tests.console.http_client import build_console_app, read_stream
from tests.console.samples import DUE, LEAD, OTHER_LEAD, SLA, STARTED, assigned, received
from tests.service_harness import TUESDAY, ServiceHarness


def told(said: str, name: str) -> list[Any]:
    """The data of all events of a name."""
    return [orjson.loads(data) for data in re.findall(rf"event: {name}\ndata: (.*)\n", said)]


async def test_it_tells_rows_feed_and_counts_and_ends_when_the_process_stops(console: ServiceHarness) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    said = await read_stream(build_console_app(console), "/floor/stream?after=0", "event: place")
    assert [row["name"] for row in told(said, "row")] == ["Ada"]
    assert [line["who"] for line in told(said, "feed")] == ["Ada"]
    assert told(said, "counts")[0] | {"live": 1, "assigned": 1, "open": 1} == told(said, "counts")[0]


async def test_a_commit_is_told_while_the_page_looks(console: ServiceHarness) -> None:
    async def commit() -> None:
        await console.handle(received(name="New"), subject=LEAD)

    said = await read_stream(build_console_app(console), "/floor/stream", "event: row", then=("retry:", commit))
    assert [row["name"] for row in told(said, "row")] == ["New"]


async def test_it_goes_on_where_it_was_cut(console: ServiceHarness) -> None:
    await console.handle(received(name="Old"), subject=LEAD)
    first = await read_stream(build_console_app(console), "/floor/stream?after=0", "event: place")
    place = str(told(first, "place")[-1])
    await console.handle(received(name="New"), subject=OTHER_LEAD)
    said = await read_stream(
        build_console_app(console), "/floor/stream?after=0", "event: place", {"last-event-id": place}
    )
    assert [row["name"] for row in told(said, "row")] == ["New"]


@pytest.mark.parametrize("place", ["0", "99999999999999999999", "5"])
async def test_a_page_that_slept_too_long_or_knows_another_database_gets_the_floor_as_it_is(
    console: ServiceHarness, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    monkeypatch.setattr("services.console.api.stream.FAR", 10)
    for minute in range(20):
        await console.handle(received(name="Ada"), subject=LEAD, time=TUESDAY + timedelta(minutes=minute))
    said = await read_stream(build_console_app(console), f"/floor/stream?after={place}", "event: place")
    assert told(said, "clear") == [{}]
    assert [row["name"] for row in told(said, "row")] == ["Ada"]
    async with console.db.reading() as tx:
        assert told(said, "place") == [await timeline.newest_id(tx)]


async def test_a_place_that_is_no_number_is_now(console: ServiceHarness) -> None:
    async def commit() -> None:
        await console.handle(received(name="New"), subject=OTHER_LEAD)

    await console.handle(received(name="Old"), subject=LEAD)
    said = await read_stream(
        build_console_app(console), "/floor/stream?after=-1%20or", "event: place", then=("retry:", commit)
    )
    assert [row["name"] for row in told(said, "row")] == ["New"]


async def test_a_line_that_was_committed_behind_a_newer_one_is_told(console: ServiceHarness) -> None:
    """Two processes take ids 1 and 2; the one with 2 commits first, and the page has seen it."""
    await console.handle(received(name="First"), subject=LEAD)
    await console.handle(received(name="Second"), subject=OTHER_LEAD)
    held = await console.sql("SELECT * FROM lines WHERE lead = :lead", lead=LEAD)
    await console.sql("DELETE FROM lines WHERE lead = :lead", lead=LEAD)

    async def commit() -> None:
        columns = ", ".join(f":{name}" for name in held[0])
        await console.sql(f"INSERT INTO lines ({', '.join(held[0])}) VALUES ({columns})", **held[0])
        console.db.wakeups.signal("console", "floor")

    said = await read_stream(
        build_console_app(console), "/floor/stream?after=2", "event: place", then=("retry:", commit)
    )
    assert [row["name"] for row in told(said, "row")] == ["First"]


async def test_a_lead_that_is_merged_leaves_the_floor_of_whoever_looks(console: ServiceHarness) -> None:
    await console.handle(received(name="Twice"), subject=LEAD)
    await console.handle(LeadMerged(into=OTHER_LEAD, why="same email"), subject=LEAD)
    said = await read_stream(build_console_app(console), "/floor/stream?after=1", "event: place")
    assert told(said, "gone") == [{"id": LEAD}]
    assert told(said, "row") == []


async def test_the_lead_that_moved_last_is_told_last(console: ServiceHarness) -> None:
    await console.handle(received(name="Ben"), subject=OTHER_LEAD)
    await console.handle(received(name="Ada"), subject=LEAD)
    said = await read_stream(build_console_app(console), "/floor/stream?after=0", "event: place")
    assert [row["name"] for row in told(said, "row")] == ["Ben", "Ada"]


async def test_the_stream_of_a_lead_tells_of_no_other(console: ServiceHarness) -> None:
    async def commit() -> None:
        await console.handle(received(name="Ben"), subject=OTHER_LEAD)
        await console.handle(assigned(name="Ada"), subject=LEAD)

    path = f"/leads/{LEAD}/stream"
    said = await read_stream(build_console_app(console), path, "event: place", then=("retry:", commit))
    async with console.db.reading() as tx:
        assert told(said, "place") == [await timeline.newest_id(tx)]
    assert told(said, "row") == []


async def test_a_breach_is_told_with_its_row_in_red(console: ServiceHarness) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    await console.handle(STARTED, subject=LEAD)
    await console.set_time(DUE + timedelta(minutes=3))
    await console.handle(SlaBreached(**SLA, breached_at=DUE, settled_at=DUE), subject=LEAD)
    said = await read_stream(build_console_app(console), "/floor/stream?after=0", "event: place")
    (row,) = told(said, "row")
    assert (row["clock"]["color"], row["clock"]["left"], row["breaches"]) == ("late", "3 min over", 1)
    assert told(said, "feed")[-1]["color"] == "late"


async def test_a_quiet_stream_beats_with_the_time(console: ServiceHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.console.api.stream.HEARTBEAT", 0.05)
    said = await read_stream(build_console_app(console), "/floor/stream", "event: time")
    assert told(said, "time")[0] == {"now": TUESDAY.timestamp(), "rate": 0.0}


async def test_whoever_leaves_is_forgotten(console: ServiceHarness) -> None:
    bells = console.db.wakeups._subscribers["console:floor"]
    await console.handle(LeadAccepted(owner="dan", epoch=1, by="dan", answered_at=TUESDAY), subject=LEAD)
    await read_stream(build_console_app(console), "/floor/stream?after=0", "event: place")
    assert bells == []
