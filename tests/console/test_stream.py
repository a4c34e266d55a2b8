"""Tests of the streams of live pages: rows, feed and counters as they change, each once, from a cursor on."""

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


def data_of(stream: str, name: str) -> list[Any]:
    """The data of all server-sent events of a name."""
    return [orjson.loads(data) for data in re.findall(rf"event: {name}\ndata: (.*)\n", stream)]


async def test_the_board_stream_sends_rows_feed_and_counters_and_ends_when_the_process_stops(
    console: ServiceHarness,
) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    stream = await read_stream(build_console_app(console), "/board/stream?after=0", "event: cursor")
    assert [row["name"] for row in data_of(stream, "row")] == ["Ada"]
    assert [line["who"] for line in data_of(stream, "feed")] == ["Ada"]
    assert (
        data_of(stream, "counters")[0] | {"live_version": 1, "assigned": 1, "open": 1} == data_of(stream, "counters")[0]
    )


async def test_the_board_stream_sends_a_commit_while_it_is_open(console: ServiceHarness) -> None:
    async def commit() -> None:
        await console.handle(received(name="New"), subject=LEAD)

    stream = await read_stream(build_console_app(console), "/board/stream", "event: row", then=("retry:", commit))
    assert [row["name"] for row in data_of(stream, "row")] == ["New"]


async def test_the_board_stream_resumes_after_the_last_event_id(console: ServiceHarness) -> None:
    await console.handle(received(name="Old"), subject=LEAD)
    first = await read_stream(build_console_app(console), "/board/stream?after=0", "event: cursor")
    cursor = str(data_of(first, "cursor")[-1])
    await console.handle(received(name="New"), subject=OTHER_LEAD)
    stream = await read_stream(
        build_console_app(console), "/board/stream?after=0", "event: cursor", {"last-event-id": cursor}
    )
    assert [row["name"] for row in data_of(stream, "row")] == ["New"]


@pytest.mark.parametrize("cursor", ["0", "99999999999999999999", "5"])
async def test_a_cursor_that_is_too_old_or_unknown_gets_the_whole_board(
    console: ServiceHarness, monkeypatch: pytest.MonkeyPatch, cursor: str
) -> None:
    monkeypatch.setattr("services.console.api.stream.MAX_LAG", 10)
    for minute in range(20):
        await console.handle(received(name="Ada"), subject=LEAD, time=TUESDAY + timedelta(minutes=minute))
    stream = await read_stream(build_console_app(console), f"/board/stream?after={cursor}", "event: cursor")
    assert data_of(stream, "reset") == [{}]
    assert [row["name"] for row in data_of(stream, "row")] == ["Ada"]
    async with console.db.reading() as tx:
        assert data_of(stream, "cursor") == [await timeline.newest_id(tx)]


async def test_a_cursor_that_is_no_number_starts_at_the_present(console: ServiceHarness) -> None:
    async def commit() -> None:
        await console.handle(received(name="New"), subject=OTHER_LEAD)

    await console.handle(received(name="Old"), subject=LEAD)
    stream = await read_stream(
        build_console_app(console), "/board/stream?after=-1%20or", "event: cursor", then=("retry:", commit)
    )
    assert [row["name"] for row in data_of(stream, "row")] == ["New"]


async def test_an_entry_committed_behind_a_newer_one_is_sent(console: ServiceHarness) -> None:
    """Two processes take ids 1 and 2; the one with 2 commits first, and the page has read it."""
    await console.handle(received(name="First"), subject=LEAD)
    await console.handle(received(name="Second"), subject=OTHER_LEAD)
    entries = await console.sql("SELECT * FROM timeline WHERE lead = :lead", lead=LEAD)
    await console.sql("DELETE FROM timeline WHERE lead = :lead", lead=LEAD)

    async def commit() -> None:
        columns = ", ".join(f":{name}" for name in entries[0])
        await console.sql(f"INSERT INTO timeline ({', '.join(entries[0])}) VALUES ({columns})", **entries[0])
        console.db.wakeups.signal("console", "board")

    stream = await read_stream(
        build_console_app(console), "/board/stream?after=2", "event: cursor", then=("retry:", commit)
    )
    assert [row["name"] for row in data_of(stream, "row")] == ["First"]


async def test_a_merged_lead_is_removed_from_an_open_board(console: ServiceHarness) -> None:
    await console.handle(received(name="Twice"), subject=LEAD)
    await console.handle(LeadMerged(into=OTHER_LEAD, why="same email"), subject=LEAD)
    stream = await read_stream(build_console_app(console), "/board/stream?after=1", "event: cursor")
    assert data_of(stream, "removed") == [{"id": LEAD}]
    assert data_of(stream, "row") == []


async def test_the_lead_that_changed_last_is_sent_last(console: ServiceHarness) -> None:
    await console.handle(received(name="Ben"), subject=OTHER_LEAD)
    await console.handle(received(name="Ada"), subject=LEAD)
    stream = await read_stream(build_console_app(console), "/board/stream?after=0", "event: cursor")
    assert [row["name"] for row in data_of(stream, "row")] == ["Ben", "Ada"]


async def test_the_stream_of_a_lead_sends_nothing_of_other_leads(console: ServiceHarness) -> None:
    async def commit() -> None:
        await console.handle(received(name="Ben"), subject=OTHER_LEAD)
        await console.handle(assigned(name="Ada"), subject=LEAD)

    path = f"/leads/{LEAD}/stream"
    stream = await read_stream(build_console_app(console), path, "event: cursor", then=("retry:", commit))
    async with console.db.reading() as tx:
        assert data_of(stream, "cursor") == [await timeline.newest_id(tx)]
    assert data_of(stream, "row") == []


async def test_a_breach_is_sent_with_its_row_in_red(console: ServiceHarness) -> None:
    await console.handle(assigned(name="Ada"), subject=LEAD)
    await console.handle(STARTED, subject=LEAD)
    await console.set_time(DUE + timedelta(minutes=3))
    await console.handle(SlaBreached(**SLA, breached_at=DUE, settled_at=DUE), subject=LEAD)
    stream = await read_stream(build_console_app(console), "/board/stream?after=0", "event: cursor")
    (row,) = data_of(stream, "row")
    assert (row["clock"]["color"], row["clock"]["left"], row["breaches"]) == ("late", "3 min over", 1)
    assert data_of(stream, "feed")[-1]["color"] == "late"


async def test_an_idle_stream_sends_the_time_at_each_heartbeat(
    console: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.console.api.stream.HEARTBEAT", 0.05)
    stream = await read_stream(build_console_app(console), "/board/stream", "event: time")
    assert data_of(stream, "time")[0] == {"now": TUESDAY.timestamp(), "rate": 0.0}


async def test_a_closed_stream_unsubscribes_from_wakeups(console: ServiceHarness) -> None:
    subscribers = console.db.wakeups._subscribers["console:board"]
    await console.handle(LeadAccepted(owner="dan", epoch=1, by="dan", answered_at=TUESDAY), subject=LEAD)
    await read_stream(build_console_app(console), "/board/stream?after=0", "event: cursor")
    assert subscribers == []
