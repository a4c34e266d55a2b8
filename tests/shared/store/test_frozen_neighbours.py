"""Bounded waits: for a frozen neighbour, a frozen broker, and a dead letter that is being settled."""

import asyncio
import time
import zlib
from typing import Any

import asyncpg
import pytest

from shared.bus import kafka as kafka_bus
from shared.bus.kafka import KafkaBus
from shared.bus.port import Outgoing, Record
from shared.events.base import Event
from shared.store.kernel_tables import SHARDS
from shared.store.tx import Tx
from shared.store.wakeups import asyncpg_url
from shared.work import dead_letters, dispatch
from shared.work.dispatch import handle_or_bisect
from shared.work.replay import replay
from shared.work.shard_leases import ShardLeases
from tests.service_harness import TUESDAY
from tests.shared.store.conftest import timers, wide
from tests.shared.store.events import suppressed


async def test_a_relay_ends_the_session_of_a_frozen_owner_and_takes_its_shards(postgres: str) -> None:
    async with timers(wide(postgres)):
        number = zlib.crc32(b"timer") & 0x7FFFFFFF
        own = {"search_path": "timer", "application_name": "baton-timer-relay"}
        frozen = await asyncpg.connect(asyncpg_url(postgres), server_settings=own)
        await frozen.execute("SELECT pg_try_advisory_lock($1::int, s) FROM generate_series(0, 7) AS s", number)
        await frozen.execute(
            "INSERT INTO relay_shards (shard, owner, pid, heartbeat_at) SELECT s, 'first', pg_backend_pid(),"
            " clock_timestamp() - interval '60 seconds' FROM generate_series(0, 7) s"
        )
        living = ShardLeases(postgres, "timer", asyncio.Event(), asyncio.Event())
        try:
            for _ in range(4):
                await living._renew()
            assert living.owned() == tuple(range(SHARDS))
        finally:
            living._drop()
            frozen.terminate()


async def test_a_frozen_broker_costs_one_timeout_and_not_one_for_each_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_bus, "SEND_BOUND", 0.1)

    class Frozen:
        """A producer of aiokafka whose broker accepts no record."""

        async def send(self, *_: Any, **__: Any) -> None:
            await asyncio.Event().wait()

        async def stop(self) -> None:
            await asyncio.Event().wait()

    bus = KafkaBus(wide("postgresql+asyncpg://x"))
    bus._producer = Frozen()  # type: ignore[assignment]
    began = time.monotonic()
    answers = await bus.publish([Outgoing("leads", f"key{n}", b"x", f"id{n}") for n in range(50)])
    assert all(isinstance(answer, TimeoutError) for answer in answers)
    assert time.monotonic() - began < 2.5, "fifty keys of a bound each would take five seconds"
    assert bus._producer is None, "it is built anew"


async def test_a_record_that_arrives_during_a_replay_of_its_key_is_not_left_blocked(postgres: str) -> None:
    async with timers(wide(postgres)) as db:
        seen: list[int] = []
        poison = {"on": True}

        async def work(tx: Tx, events: list[Event[Any]]) -> None:
            for event in events:
                if event.sequence == 1 and poison["on"]:
                    raise ValueError("poison")
                seen.append(event.sequence)

        handlers: Any = {type(suppressed()): work}

        def record(number: int) -> Record:
            event = Event(suppressed(), "k", "/test", TUESDAY).numbered(number)
            return Record(event.topic, "k", event.encode(), 0, number)

        await handle_or_bisect(db, handlers, [record(1)])
        poison["on"] = False
        async with db.reading() as tx:
            (first,) = await dead_letters.list_in_state(tx)
        looked, go = asyncio.Event(), asyncio.Event()

        async def slow() -> None:
            async with db.transaction() as tx:
                await dispatch.decode_and_dispatch(tx, handlers, [record(2)])
                looked.set()
                await go.wait()

        task = asyncio.create_task(slow())
        await looked.wait()
        replaying = asyncio.create_task(replay(db, handlers, {}, first.id, "me"))
        await asyncio.sleep(0.3)
        go.set()
        await asyncio.gather(task, replaying)
        await handle_or_bisect(db, handlers, [record(3)])
        assert seen == [1, 2, 3]
