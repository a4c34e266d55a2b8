"""What only a real broker with several members shows: rebalances, refusals, and a broker that goes away."""

import asyncio
import time

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.base.errors import TryLater
from shared.bus import kafka as kafka_bus
from shared.bus import kafka_topics
from shared.bus.kafka import KafkaBus
from shared.bus.port import Consumer, Outgoing
from shared.events.base import TOPICS
from tests.parts import Missing
from tests.parts.kafka import Broker
from tests.parts.ports import free_ports
from tests.parts.waiting import eventually
from tests.shared.bus.conftest import BusUnderTest, kafka_settings, new_record, read


async def both(one: Consumer, two: Consumer, total: int) -> tuple[set[bytes], set[bytes]]:
    """Read with both members until everything was seen."""
    seen: tuple[set[bytes], set[bytes]] = (set(), set())
    until = time.monotonic() + 40
    while len(seen[0] | seen[1]) < total:
        for member, mine in zip((one, two), seen, strict=True):
            batch = await member.poll(wait=0.1)
            mine |= {record.value for record in batch.records}
            await member.commit(batch)
        assert time.monotonic() < until, f"only {len(seen[0] | seen[1])} of {total} came"
    return seen


async def the_rest(bus: BusUnderTest, member: Consumer) -> set[bytes]:
    """Whatever its group has not done yet."""
    records: set[bytes] = set()
    while await bus.bus.lag("timer", ["leads"]):
        records |= {record.value for record in await read(member, 1)}
    return records


async def shared_out(bus: BusUnderTest, one: Consumer, two: Consumer) -> None:
    """Wait until both members have partitions of their own."""
    round_number, until = 0, time.monotonic() + 40
    while True:
        await bus.publish(*(new_record(f"probe{round_number}-{number}-", 0) for number in range(60)))
        mine, theirs = await both(one, two, 60)
        if mine and theirs and not mine & theirs:
            return
        round_number += 1
        assert time.monotonic() < until, "the partitions were never shared out"


async def test_two_members_split_the_partitions_and_share_no_record(kafka_under_test: BusUnderTest) -> None:
    one, two = await asyncio.gather(kafka_under_test.member("timer"), kafka_under_test.member("timer"))
    await shared_out(kafka_under_test, one, two)
    await kafka_under_test.publish(*(new_record(f"k{number}-", number) for number in range(300)))
    mine, theirs = await both(one, two, 300)
    assert mine
    assert theirs
    assert not mine & theirs


async def test_a_batch_from_before_a_rebalance_is_stale_and_its_commit_moves_no_offset(
    kafka_under_test: BusUnderTest,
) -> None:
    await kafka_under_test.publish(*(new_record(f"k{number}-", number) for number in range(60)))
    one = await kafka_under_test.member("timer")
    batch = await one.poll(wait=10)
    held = list(batch.records)
    assert held
    assert not one.stale(batch)
    joining = asyncio.create_task(kafka_under_test.member("timer"))
    until = time.monotonic() + 40
    while not one.stale(batch):
        await one.poll(wait=0.2)
        assert time.monotonic() < until, "no rebalance came"
    two = await joining
    await one.commit(batch)
    assert await kafka_under_test.bus.lag("timer", ["leads"]) == 60
    await one.stop()
    assert {record.value for record in held} <= await the_rest(kafka_under_test, two)


async def test_records_of_a_member_that_leaves_go_to_the_others(kafka_under_test: BusUnderTest) -> None:
    one, two = await asyncio.gather(kafka_under_test.member("timer"), kafka_under_test.member("timer"))
    await shared_out(kafka_under_test, one, two)
    await one.stop()
    await kafka_under_test.publish(*(new_record(f"k{number}-", number) for number in range(100)))
    assert await the_rest(kafka_under_test, two) >= {f"k{number}-{number}".encode() for number in range(100)}


async def test_a_refused_record_stops_its_key_and_no_other(kafka_under_test: BusUnderTest) -> None:
    too_large = Outgoing("leads", "a", b"x" * (kafka_bus.MAX_BYTES + 1), "big")
    answers = await kafka_under_test.bus.publish(
        [new_record("a", 1), too_large, new_record("a", 3), new_record("b", 1)]
    )
    assert [answer is None for answer in answers] == [True, False, False, True]
    records = await read(await kafka_under_test.member("timer"), 2)
    assert sorted(record.value for record in records) == [b"a1", b"b1"]


async def test_a_key_of_any_bytes_becomes_one_that_a_database_can_store(kafka_under_test: BusUnderTest) -> None:
    bus = kafka_under_test.bus
    assert isinstance(bus, KafkaBus)
    producer = await bus._started_producer()
    for key in (None, b"", b"\x00\xff", b"k" * 10_000):
        await producer.send_and_wait(bus.name("leads"), b"poison", key=key, headers=[("nothing", None)])
    records = await read(await kafka_under_test.member("timer"), 4)
    assert sorted(record.key for record in records) == ["", "", "k" * 200, "\ufffd\ufffd"]
    assert {record.headers for record in records} == {(("nothing", b""),)}


async def test_topics_are_created_with_their_settings_and_a_dlq_twin(kafka: str) -> None:
    settings = kafka_settings(kafka)
    bus = KafkaBus(settings)
    with pytest.raises(TryLater, match="baton migrate"):
        await bus.check()
    await bus.create(TOPICS)
    await bus.create(TOPICS)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        created = {bus.name(f"{topic}{suffix}") for topic in TOPICS for suffix in ("", ".dlq")}

        async def listed() -> bool:
            return created <= set(await admin.list_topics())

        await eventually(listed, "the broker does not list every topic")  # It publishes its metadata a moment later.
        await bus.check()
        (answer,) = await admin.describe_configs(
            [ConfigResource(ConfigResourceType.TOPIC, bus.name(name)) for name in ("agreement", "leads")]
        )
    finally:
        await admin.close()
        await bus.stop()
    agreement, leads = ({entry[0]: entry[1] for entry in resource[4]} for resource in answer.resources)
    assert agreement["cleanup.policy"] == "compact"
    assert leads["retention.ms"] == str(kafka_topics.FOURTEEN_DAYS)
    assert leads["max.message.bytes"] == str(kafka_bus.MAX_BYTES)


async def test_a_missing_broker_is_reported_in_a_sentence_and_a_publish_returns_the_error() -> None:
    bus = KafkaBus(kafka_settings(f"127.0.0.1:{free_ports(1)[0]}"))
    with pytest.raises(TryLater, match="No broker answers"):
        await bus.check()
    answers = await asyncio.wait_for(bus.publish([new_record("a", 1)]), 30)
    assert answers[0] is not None
    await bus.stop()


@pytest.fixture
def broker(kafka: str) -> Broker:
    """A broker of this test's own, to be killed; the fixture `kafka` skips the test where no broker can run."""
    try:
        return Broker()
    except Missing as missing:
        pytest.skip(f"skipped: {missing}")


async def test_acknowledged_records_survive_a_killed_broker(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_bus, "SEND_BOUND", 3.0)
    try:
        await asyncio.to_thread(broker.start)
        bus = KafkaBus(kafka_settings(broker.servers))
        await bus.create(["leads"])
        assert await bus.lag("timer", ["leads"]) == 0, "a broker that just began is asked again"
        acknowledged: list[bytes] = []
        refused, back_up = 0, False
        for number in range(400):
            one = new_record(f"k{number % 5}-", number)
            (answer,) = await asyncio.wait_for(bus.publish([one]), 30)
            if answer is None:
                acknowledged.append(one.value)
            else:
                refused += 1
                if not back_up:
                    await asyncio.to_thread(broker.start)
                    back_up = True
            if number == 200:
                broker.kill()
        assert refused, "the kill was felt"
        assert len(acknowledged) > 250
        member = bus.consumer("timer", ["leads"])
        await member.start()
        records = {record.value for record in await read(member, len(acknowledged))}
        assert set(acknowledged) <= records
        await member.stop()
        await bus.stop()
    finally:
        broker.stop()
