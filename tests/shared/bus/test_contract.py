"""What every bus promises: no loss, order per key, at least once, a cursor per group, unchanged bytes."""

import asyncio
import random
import time

import pytest

from shared.bus.port import Outgoing
from tests.shared.bus.conftest import BusUnderTest, new_record, read


async def test_a_thousand_records_arrive_and_each_key_is_in_order(bus: BusUnderTest) -> None:
    chance = random.Random(11)
    counts: dict[str, int] = {}
    letters = []
    for _ in range(1000):
        key = f"lead-{chance.randrange(40)}-"
        counts[key] = counts.get(key, 0) + 1
        letters.append(new_record(key, counts[key]))
    for start in range(0, 1000, 130):
        await bus.publish(*letters[start : start + 130])
    records = await read(await bus.member("timer"), 1000)
    assert len(records) == 1000
    for key, count in counts.items():
        assert [record.value for record in records if record.key == key] == [
            f"{key}{number}".encode() for number in range(1, count + 1)
        ]


async def test_a_group_that_comes_later_reads_from_the_first_record(bus: BusUnderTest) -> None:
    await bus.publish(new_record("a", 1), new_record("a", 2))
    first = await read(await bus.member("timer"), 2)
    second = await read(await bus.member("notifier"), 2)
    assert [record.value for record in first] == [record.value for record in second] == [b"a1", b"a2"]


async def test_an_uncommitted_record_comes_again_to_the_next_member(bus: BusUnderTest) -> None:
    await bus.publish(*(new_record("a", number) for number in range(10)))
    leaving = await bus.member("timer")
    uncommitted = await read(leaving, 10, commit=False)
    await leaving.stop()
    again = await read(await bus.member("timer"), 10)
    assert [record.value for record in again] == [record.value for record in uncommitted]


async def test_a_committed_record_does_not_come_again(bus: BusUnderTest) -> None:
    await bus.publish(new_record("a", 1), new_record("a", 2))
    first = await bus.member("timer")
    await read(first, 2)
    await first.stop()
    await bus.publish(new_record("a", 3))
    (record,) = await read(await bus.member("timer"), 1)
    assert record.value == b"a3"


async def test_records_and_cursors_outlive_a_restart(bus: BusUnderTest) -> None:
    await bus.publish(new_record("a", 1), new_record("a", 2))
    member = await bus.member("timer")
    await read(member, 2)
    await member.stop()
    await bus.publish(new_record("a", 3))
    await bus.reopen()
    await bus.publish(new_record("a", 4))
    assert [record.value for record in await read(await bus.member("timer"), 2)] == [b"a3", b"a4"]
    assert len(await read(await bus.member("console"), 4)) == 4


async def test_two_members_of_a_group_see_everything_together(bus: BusUnderTest) -> None:
    one, two = await asyncio.gather(bus.member("timer"), bus.member("timer"))
    await bus.publish(*(new_record(f"k{number}-", number) for number in range(300)))
    seen: set[bytes] = set()
    until = time.monotonic() + 30
    while len(seen) < 300 and time.monotonic() < until:
        for member in (one, two):
            batch = await member.poll(wait=0.2)
            seen |= {record.value for record in batch.records}
            if batch.offsets:
                await member.commit(batch)
    assert len(seen) == 300


async def test_topics_are_separate_and_one_member_may_read_several(bus: BusUnderTest) -> None:
    await bus.publish(new_record("a", 1), new_record("a", 1, "clocks"), new_record("a", 2))
    records = await read(await bus.member("console", "leads", "clocks"), 3)
    assert sorted((record.topic, record.value) for record in records) == [
        ("clocks", b"a1"),
        ("leads", b"a1"),
        ("leads", b"a2"),
    ]
    (only,) = await read(await bus.member("notifier", "clocks"), 1)
    assert only.topic == "clocks"


async def test_a_batch_is_no_larger_than_asked_for(bus: BusUnderTest) -> None:
    await bus.publish(*(new_record(f"k{number}-", number) for number in range(50)))
    member = await bus.member("timer")
    sizes = []
    until = time.monotonic() + 30
    while sum(sizes) < 50 and time.monotonic() < until:
        batch = await member.poll(limit=7, wait=0.5)
        sizes.append(len(batch.records))
        await member.commit(batch)
    assert sum(sizes) == 50
    assert max(sizes) <= 7


async def test_a_poll_ends_after_its_wait_and_at_once_for_a_new_record(bus: BusUnderTest) -> None:
    member = await bus.member("timer")
    began = time.monotonic()
    assert (await member.poll(wait=0.2)).records == ()
    assert time.monotonic() - began < 5
    waiting = asyncio.create_task(read(member, 1))
    await bus.publish(new_record("a", 1))
    (record,) = await asyncio.wait_for(waiting, 20)
    assert record.value == b"a1"


async def test_lag_counts_the_records_the_group_has_not_committed(bus: BusUnderTest) -> None:
    topics = ["leads", "clocks"]
    assert await bus.bus.lag("timer", topics) == 0
    await bus.publish(*(new_record(f"k{number}-", number) for number in range(20)), new_record("a", 1, "clocks"))
    assert await bus.bus.lag("timer", topics) == 21
    assert await bus.bus.lag("timer", ["clocks"]) == 1
    member = await bus.member("timer", *topics)
    await read(member, 21, commit=False)
    assert await bus.bus.lag("timer", topics) == 21, "reading is not doing"
    await member.stop()
    await read(await bus.member("timer", *topics), 21)
    assert await bus.bus.lag("timer", topics) == 0
    assert await bus.bus.lag("notifier", topics) == 21


async def test_a_record_published_again_leaves_no_lag_behind(bus: BusUnderTest) -> None:
    """A relay that was killed after the send and before its mark posts the same records again."""
    records = [new_record("a", 1), new_record("a", 2)]
    member = await bus.member("timer")
    await bus.publish(*records)
    await read(member, 2)
    await bus.publish(*records)
    until = time.monotonic() + 30
    while await bus.bus.lag("timer", ["leads"]):
        batch = await member.poll(wait=0.2)
        if batch.records:
            await member.commit(batch)
        assert time.monotonic() < until, "a repeat stays behind for ever"


@pytest.mark.parametrize(
    "value",
    [b"", b"\x00", b"\xff\xfe\x00\x01", b"{not json", bytes(range(256)), b"x" * 3_000_000],
    ids=["empty", "nul", "binary", "broken", "every byte", "3 MB"],
)
async def test_any_bytes_pass_unchanged_and_block_no_other_record(bus: BusUnderTest, value: bytes) -> None:
    await bus.publish(Outgoing("leads", "a", value, "poison"), new_record("a", 2))
    first, second = await read(await bus.member("timer"), 2)
    assert (first.key, first.value) == ("a", value)
    assert second.value == b"a2"


async def test_keys_and_headers_pass_unchanged(bus: BusUnderTest) -> None:
    headers = (("event-id", b"1"), ("reason", "Zoë\x00 said: no".encode()), ("empty", b""))
    await bus.publish(Outgoing("leads", "Zoë 🚀", b"v", "1", headers))
    (record,) = await read(await bus.member("timer"), 1)
    assert record.key == "Zoë 🚀"
    assert [pair for pair in record.headers if pair[0] != "content-type"] == list(headers)


async def test_publishing_no_records_returns_no_results(bus: BusUnderTest) -> None:
    assert await bus.bus.publish([]) == []


async def test_creating_topics_again_keeps_their_records(bus: BusUnderTest) -> None:
    await bus.publish(new_record("a", 1))
    await bus.bus.create(["leads", "clocks"])
    assert len(await read(await bus.member("timer"), 1)) == 1


async def test_concurrent_publishers_lose_no_record(bus: BusUnderTest) -> None:
    await asyncio.gather(
        *(bus.publish(*(new_record(f"w{writer}-", number) for number in range(25))) for writer in range(12))
    )
    records = await read(await bus.member("timer"), 300)
    for writer in range(12):
        mine = [record.value for record in records if record.key == f"w{writer}-"]
        assert mine == [f"w{writer}-{number}".encode() for number in range(25)]
