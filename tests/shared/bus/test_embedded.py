"""What only the embedded log can get wrong: it reads several topics in one snapshot while others write."""

import asyncio
from pathlib import Path

from shared.bus.embedded import EmbeddedBus
from shared.bus.port import Outgoing

NUMBER = 300
TOPICS = ("actions", "intake", "leads")


async def test_a_record_appended_while_another_topic_is_read_is_not_skipped(tmp_path: Path) -> None:
    bus = EmbeddedBus(tmp_path / "log.db")
    await bus.start()
    await bus.create(TOPICS)
    consumer = bus.consumer("router", TOPICS)
    await consumer.start()

    async def write(topic: str) -> None:
        for number in range(NUMBER):
            named = f"{topic}-{number}"
            assert await bus.publish([Outgoing(topic, named, named.encode(), named)]) == [None]

    writing = [asyncio.create_task(write(topic)) for topic in TOPICS]
    seen: list[bytes] = []
    while batch := await consumer.poll(wait=0.5):
        seen += [record.value for record in batch.records]
        if not batch.records and all(task.done() for task in writing):
            break
    await bus.stop()
    assert sorted(seen) == sorted(f"{topic}-{number}".encode() for topic in TOPICS for number in range(NUMBER))
