"""The bus in both widths: every test that asks for `bus` runs on the embedded log and on Kafka."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest

from shared.base.settings import Settings
from shared.bus.embedded import EmbeddedBus
from shared.bus.kafka import KafkaBus
from shared.bus.port import Bus, Consumer, Outgoing, Record

PATIENCE = 30.0


class BusUnderTest:
    """A bus with helpers; whatever it opened is closed at the end."""

    def __init__(self, bus: Bus, again: Callable[[], Bus], closing: AsyncExitStack) -> None:
        self.bus = bus
        self._again = again
        self._closing = closing

    async def member(self, group: str, *topics: str) -> Consumer:
        """A consumer that has joined."""
        consumer = self.bus.consumer(group, topics or ("leads",))
        await consumer.start()
        self._closing.push_async_callback(consumer.stop)
        return consumer

    async def reopen(self) -> None:
        """Stop the bus and open it again, as a restart does."""
        await self.bus.stop()
        self.bus = self._again()
        await self.bus.start()

    async def publish(self, *records: Outgoing) -> None:
        """Publish; every record must arrive."""
        assert await self.bus.publish(records) == [None] * len(records)


def new_record(key: str, number: int, topic: str = "leads") -> Outgoing:
    """A record whose value is its key and number."""
    return Outgoing(topic, key, f"{key}{number}".encode(), uuid4().hex)


async def read(member: Consumer, count: int, *, commit: bool = True) -> list[Record]:
    """At least `count` records, committed batch by batch unless `commit` is false."""
    records: list[Record] = []
    until = time.monotonic() + PATIENCE
    while len(records) < count:
        batch = await member.poll(wait=0.5)
        records += batch.records
        if commit and batch.offsets:
            await member.commit(batch)
        assert time.monotonic() < until, f"only {len(records)} of {count} came"
    return records


def kafka_settings(servers: str) -> Settings:
    """Settings for topics of this test's own on a shared broker."""
    return Settings(
        _env_file=None,
        bus="kafka",
        kafka_bootstrap_servers=servers,
        kafka_topic_prefix=f"t{uuid4().hex[:8]}",
        database_url="postgresql+asyncpg://nobody@127.0.0.1/none",
    )


@pytest.fixture(params=["embedded", "kafka"])
async def bus(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[BusUnderTest]:
    """An empty bus with the topics leads and clocks."""
    if request.param == "kafka":
        settings = kafka_settings(request.getfixturevalue("kafka"))
        make: Callable[[], Bus] = lambda: KafkaBus(settings)
    else:
        make = lambda: EmbeddedBus(tmp_path / "log.db")
    async with AsyncExitStack() as closing:
        bus = make()
        await bus.start()
        await bus.create(["leads", "clocks"])
        under_test = BusUnderTest(bus, make, closing)
        yield under_test
        await closing.aclose()
        await under_test.bus.stop()


@pytest.fixture
async def kafka_under_test(kafka: str) -> AsyncIterator[BusUnderTest]:
    """The same on Kafka only, for what only a group of several members can show."""
    settings = kafka_settings(kafka)
    async with AsyncExitStack() as closing:
        bus = KafkaBus(settings)
        await bus.create(["leads", "clocks"])
        under_test = BusUnderTest(bus, lambda: KafkaBus(settings), closing)
        yield under_test
        await closing.aclose()
        await under_test.bus.stop()
