"""What every road promises: nothing lost, order per key, at least once, a cursor per group, bytes as they were."""

import asyncio
import random
import time

import pytest

from shared.bus.port import Outgoing
from tests.shared.bus.conftest import Road, letter, read


async def test_a_thousand_records_arrive_and_each_key_is_in_order(road: Road) -> None:
    chance = random.Random(11)
    counts: dict[str, int] = {}
    letters = []
    for _ in range(1000):
        key = f"lead-{chance.randrange(40)}-"
        counts[key] = counts.get(key, 0) + 1
        letters.append(letter(key, counts[key]))
    for start in range(0, 1000, 130):
        await road.say(*letters[start : start + 130])
    found = await read(await road.member("timer"), 1000)
    assert len(found) == 1000
    for key, count in counts.items():
        assert [record.value for record in found if record.key == key] == [
            f"{key}{number}".encode() for number in range(1, count + 1)
        ]


async def test_a_group_that_comes_later_reads_from_the_first_record(road: Road) -> None:
    await road.say(letter("a", 1), letter("a", 2))
    first = await read(await road.member("timer"), 2)
    second = await read(await road.member("notifier"), 2)
    assert [record.value for record in first] == [record.value for record in second] == [b"a1", b"a2"]


async def test_what_was_not_done_comes_again_to_the_next_member(road: Road) -> None:
    await road.say(*(letter("a", number) for number in range(10)))
    dies = await road.member("timer")
    kept = await read(dies, 10, done=False)
    await dies.stop()
    again = await read(await road.member("timer"), 10)
    assert [record.value for record in again] == [record.value for record in kept]


async def test_what_was_done_does_not_come_again(road: Road) -> None:
    await road.say(letter("a", 1), letter("a", 2))
    first = await road.member("timer")
    await read(first, 2)
    await first.stop()
    await road.say(letter("a", 3))
    (record,) = await read(await road.member("timer"), 1)
    assert record.value == b"a3"


async def test_records_and_cursors_outlive_a_restart(road: Road) -> None:
    await road.say(letter("a", 1), letter("a", 2))
    member = await road.member("timer")
    await read(member, 2)
    await member.stop()
    await road.say(letter("a", 3))
    await road.reopen()
    await road.say(letter("a", 4))
    assert [record.value for record in await read(await road.member("timer"), 2)] == [b"a3", b"a4"]
    assert len(await read(await road.member("console"), 4)) == 4


async def test_two_members_of_a_group_see_everything_together(road: Road) -> None:
    one, two = await asyncio.gather(road.member("timer"), road.member("timer"))
    await road.say(*(letter(f"k{number}-", number) for number in range(300)))
    seen: set[bytes] = set()
    until = time.monotonic() + 30
    while len(seen) < 300 and time.monotonic() < until:
        for member in (one, two):
            batch = await member.poll(wait=0.2)
            seen |= {record.value for record in batch.records}
            if batch.offsets:
                await member.commit(batch)
    assert len(seen) == 300


async def test_topics_are_apart_and_one_member_may_hear_several(road: Road) -> None:
    await road.say(letter("a", 1), letter("a", 1, "clocks"), letter("a", 2))
    found = await read(await road.member("console", "leads", "clocks"), 3)
    assert sorted((record.topic, record.value) for record in found) == [
        ("clocks", b"a1"),
        ("leads", b"a1"),
        ("leads", b"a2"),
    ]
    (only,) = await read(await road.member("notifier", "clocks"), 1)
    assert only.topic == "clocks"


async def test_a_batch_is_no_larger_than_asked_for(road: Road) -> None:
    await road.say(*(letter(f"k{number}-", number) for number in range(50)))
    member = await road.member("timer")
    sizes = []
    until = time.monotonic() + 30
    while sum(sizes) < 50 and time.monotonic() < until:
        batch = await member.poll(limit=7, wait=0.5)
        sizes.append(len(batch.records))
        await member.commit(batch)
    assert sum(sizes) == 50
    assert max(sizes) <= 7


async def test_waiting_for_nothing_ends_and_news_end_the_waiting(road: Road) -> None:
    member = await road.member("timer")
    began = time.monotonic()
    assert (await member.poll(wait=0.2)).records == ()
    assert time.monotonic() - began < 5
    waiting = asyncio.create_task(read(member, 1))
    await road.say(letter("a", 1))
    (record,) = await asyncio.wait_for(waiting, 20)
    assert record.value == b"a1"


async def test_lag_is_what_the_group_has_not_done(road: Road) -> None:
    topics = ["leads", "clocks"]
    assert await road.bus.lag("timer", topics) == 0
    await road.say(*(letter(f"k{number}-", number) for number in range(20)), letter("a", 1, "clocks"))
    assert await road.bus.lag("timer", topics) == 21
    assert await road.bus.lag("timer", ["clocks"]) == 1
    member = await road.member("timer", *topics)
    await read(member, 21, done=False)
    assert await road.bus.lag("timer", topics) == 21, "reading is not doing"
    await member.stop()
    await read(await road.member("timer", *topics), 21)
    assert await road.bus.lag("timer", topics) == 0
    assert await road.bus.lag("notifier", topics) == 21


async def test_a_record_published_again_leaves_no_lag_behind(road: Road) -> None:
    """A relay that was killed after the send and before its mark posts the same records again."""
    records = [letter("a", 1), letter("a", 2)]
    member = await road.member("timer")
    await road.say(*records)
    await read(member, 2)
    await road.say(*records)
    until = time.monotonic() + 30
    while await road.bus.lag("timer", ["leads"]):
        batch = await member.poll(wait=0.2)
        if batch.records:
            await member.commit(batch)
        assert time.monotonic() < until, "a repeat stays behind for ever"


@pytest.mark.parametrize(
    "value",
    [b"", b"\x00", b"\xff\xfe\x00\x01", b"{not json", bytes(range(256)), b"x" * 3_000_000],
    ids=["empty", "nul", "binary", "broken", "every byte", "3 MB"],
)
async def test_bytes_pass_as_they_are_and_hold_nobody_up(road: Road, value: bytes) -> None:
    await road.say(Outgoing("leads", "a", value, "poison"), letter("a", 2))
    first, second = await read(await road.member("timer"), 2)
    assert (first.key, first.value) == ("a", value)
    assert second.value == b"a2"


async def test_keys_and_headers_pass_as_they_are(road: Road) -> None:
    headers = (("event-id", b"1"), ("reason", "Zoë\x00 said: no".encode()), ("empty", b""))
    await road.say(Outgoing("leads", "Zoë 🚀", b"v", "1", headers))
    (record,) = await read(await road.member("timer"), 1)
    assert record.key == "Zoë 🚀"
    assert [pair for pair in record.headers if pair[0] != "content-type"] == list(headers)


async def test_nothing_published_is_nothing_answered(road: Road) -> None:
    assert await road.bus.publish([]) == []


async def test_making_topics_again_keeps_what_they_hold(road: Road) -> None:
    await road.say(letter("a", 1))
    await road.bus.create(["leads", "clocks"])
    assert len(await read(await road.member("timer"), 1)) == 1


async def test_many_who_publish_at_once_lose_nothing(road: Road) -> None:
    await asyncio.gather(*(road.say(*(letter(f"w{writer}-", number) for number in range(25))) for writer in range(12)))
    found = await read(await road.member("timer"), 300)
    for writer in range(12):
        mine = [record.value for record in found if record.key == f"w{writer}-"]
        assert mine == [f"w{writer}-{number}".encode() for number in range(25)]
