"""The relay posts every outbox row, in order for each key, whatever bus or relay fails meanwhile."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from shared.bus.embedded import EmbeddedBus
from shared.bus.port import Outgoing
from shared.events.base import decode
from shared.store.database import Database
from shared.store.kernel_tables import SHARDS
from shared.work.relay import Relay
from shared.work.shard_leases import ShardLeases
from tests.parts.waiting import eventually
from tests.shared.store.conftest import timers, wide
from tests.shared.store.events import suppressed

PATIENCE = 30.0


class FlakyBus(EmbeddedBus):
    """A bus that refuses some records, and with each the rest of its key."""

    refusing = 0.0
    chance = random.Random(3)

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """Post the records that are not refused."""
        refused_keys = {record.key for record in records if self.chance.random() < self.refusing}
        accepted = [record for record in records if record.key not in refused_keys]
        answers = dict(zip([record.event_id for record in accepted], await super().publish(accepted), strict=True))
        return [answers.get(record.event_id, OSError("refused")) for record in records]


@pytest.fixture
async def bus(tmp_path: Path) -> AsyncIterator[FlakyBus]:
    bus = FlakyBus(tmp_path / "bus.db")
    await bus.start()
    yield bus
    await bus.stop()


async def emit_at_random(db: Database, count: int) -> dict[str, int]:
    """Run `count` transactions at once, each emitting up to four events; returns how many events each subject got."""
    chance = random.Random(count)
    plans = [[chance.choice("abcdefgh") for _ in range(chance.randint(1, 4))] for _ in range(count)]

    async def write(subjects: list[str]) -> None:
        async with db.transaction() as tx:
            for subject in subjects:
                tx.emit(suppressed(), subject=subject)

    await asyncio.gather(*(write(plan) for plan in plans))
    return {subject: sum(plan.count(subject) for plan in plans) for subject in "abcdefgh"}


async def unsent(db: Database) -> int:
    async with db.reading() as tx:
        row = await tx.first(text("SELECT count(*) AS n FROM outbox"))
    assert row is not None
    return int(row["n"])


async def posted(bus: EmbeddedBus) -> dict[str, list[int]]:
    """The sequences of each subject in the order of the bus."""
    reader = bus.consumer("watcher", ["notices"])
    await reader.start()
    sequences: dict[str, list[int]] = {}
    while records := (await reader.poll(wait=0.05)).records:
        for record in records:
            event = decode(record.value)
            sequences.setdefault(event.subject, []).append(event.sequence)
    return sequences


async def until_outbox_is_empty(db: Database) -> None:
    async def empty() -> bool:
        return await unsent(db) == 0

    await eventually(empty, "the outbox does not become empty", PATIENCE)


async def test_every_emitted_event_is_posted_in_order_while_the_bus_refuses_some(db: Database, bus: FlakyBus) -> None:
    bus.refusing = 0.2
    stop = asyncio.Event()
    running = asyncio.create_task(Relay(db, bus, None, stop).run())
    count = await emit_at_random(db, 40)
    bus.refusing = 0.0
    await until_outbox_is_empty(db)
    stop.set()
    await asyncio.wait_for(running, PATIENCE)
    assert await posted(bus) == {subject: list(range(1, n + 1)) for subject, n in count.items() if n}


async def test_a_sleeping_relay_wakes_for_a_commit(db: Database, bus: FlakyBus) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(Relay(db, bus, None, stop).run())
    began = time.monotonic()
    await emit_at_random(db, 1)
    await until_outbox_is_empty(db)
    assert time.monotonic() - began < 10, "it woke by itself, not after its cap of 30 s"
    stop.set()
    await asyncio.wait_for(running, PATIENCE)


async def test_a_relay_killed_between_posting_and_deleting_posts_again_and_readers_see_no_repeat(
    db: Database, bus: FlakyBus
) -> None:
    count = await emit_at_random(db, 10)

    class RelayThatFailsToDelete(Relay):
        """A relay that is killed after the bus has the records, before it deletes them from the outbox."""

        async def _delete_posted(self, ids: Sequence[int]) -> None:
            raise ConnectionError("killed")

    with pytest.raises(ConnectionError):
        await RelayThatFailsToDelete(db, bus, None, asyncio.Event()).drain()
    assert await unsent(db) == sum(count.values())
    await Relay(db, bus, None, asyncio.Event()).drain()
    assert await unsent(db) == 0
    assert await posted(bus) == {subject: list(range(1, n + 1)) for subject, n in count.items() if n}


async def test_two_relays_share_the_shards_and_one_takes_over_when_the_other_is_lost(
    postgres: str, bus: FlakyBus
) -> None:
    async with timers(wide(postgres)) as db:
        stops = [asyncio.Event(), asyncio.Event()]
        leases = [ShardLeases(postgres, "timer", stop, asyncio.Event()) for stop in stops]
        await leases[0]._renew()
        await leases[1]._renew()
        assert leases[0].owned() == tuple(range(SHARDS))
        assert leases[1].owned() == ()
        relays = [Relay(db, bus, lease, stop) for lease, stop in zip(leases, stops, strict=True)]
        first = await emit_at_random(db, 20)
        await relays[1].drain()
        assert await unsent(db) == sum(first.values()), "without a lease nothing is posted"
        await relays[0].drain()
        assert await unsent(db) == 0
        async with db.engines.writer.begin() as conn:
            await conn.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'baton-timer-relay'"
                    " AND pid IN (SELECT pid FROM timer.relay_shards)"
                )
            )

        async def taken_over() -> bool:
            await leases[1]._renew()
            return bool(leases[1].owned())

        async def lost() -> bool:
            return not leases[0].owned()

        await eventually(taken_over, "nobody took over")
        await eventually(lost, "the lost one does not notice")
        second = await emit_at_random(db, 20)
        await relays[0].drain()
        await relays[1].drain()
        assert await unsent(db) == 0
        for lease in leases:
            lease._drop()
    sequences = await posted(bus)
    assert sequences == {subject: list(range(1, first[subject] + second[subject] + 1)) for subject in sequences}
    assert sum(len(numbers) for numbers in sequences.values()) == sum(first.values()) + sum(second.values())
