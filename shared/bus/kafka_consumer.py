"""One member of a Kafka group: commits offsets explicitly and tags each batch with the number of its assignment."""

import asyncio
import logging
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from aiokafka.structs import OffsetAndMetadata

from shared.bus.port import Batch, Record

log = logging.getLogger(__name__)
SEND_BOUND = 10.0
STOP_BOUND = 5.0
MAX_BYTES = 8 * 1024 * 1024
KEY_LENGTH = 200


class KafkaConsumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """One member of a group. A batch carries the assignment number, which each rebalance raises."""

    def __init__(self, connection: dict[str, Any], group: str, names: dict[str, str]) -> None:
        self._connection = connection
        self._group = group
        self._names = names
        self._consumer: AIOKafkaConsumer | None = None
        self._assignment = 0

    async def start(self) -> None:
        """Join the group."""
        consumer = AIOKafkaConsumer(
            **self._connection,
            group_id=self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            max_poll_interval_ms=300_000,
            max_partition_fetch_bytes=MAX_BYTES,
        )
        consumer.subscribe(list(self._names), listener=self)
        try:
            await asyncio.wait_for(consumer.start(), 3 * SEND_BOUND)
        except BaseException:
            await bounded_stop(consumer)
            raise
        self._consumer = consumer

    def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """Raise the assignment number, so that no batch read before the rebalance is committed."""
        self._assignment += 1

    def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """Raise the assignment number for the new assignment."""
        self._assignment += 1

    async def poll(self, limit: int = 500, wait: float = 30.0) -> Batch:
        """Return the next records, at most `limit`, after at most `wait` seconds."""
        consumer = self._consumer
        assert consumer is not None, "start() comes before poll()"
        fetched = await consumer.getmany(timeout_ms=int(wait * 1000), max_records=limit)
        # Read the number after the wait: a rebalance may end during the wait, and the records then belong to the new
        # assignment. With the old number they would count as stale and be lost, since the position has moved past them.
        assignment = self._assignment
        records = [
            Record(
                self._names[message.topic],
                _storable_key(message.key),
                message.value or b"",
                message.partition,
                message.offset,
                tuple((name, value or b"") for name, value in message.headers),
            )
            for messages in fetched.values()
            for message in messages
        ]
        offsets = [
            (place.topic, place.partition, messages[-1].offset + 1) for place, messages in fetched.items() if messages
        ]
        return Batch(tuple(records), assignment, tuple(offsets))

    async def commit(self, batch: Batch) -> None:
        """Commit the offsets of the batch, unless the partitions were reassigned since the batch was read."""
        if self.stale(batch) or not batch.offsets or self._consumer is None:
            return
        offsets = {TopicPartition(topic, part): OffsetAndMetadata(offset, "") for topic, part, offset in batch.offsets}
        try:
            await asyncio.wait_for(self._consumer.commit(offsets), SEND_BOUND)
        except (KafkaError, IllegalStateError, TimeoutError) as error:
            log.warning(
                "Offsets were not committed (%s); the records come again and change nothing.", type(error).__name__
            )

    def stale(self, batch: Batch) -> bool:
        """Whether the partitions were reassigned since the batch was read."""
        return batch.assignment != self._assignment

    async def stop(self) -> None:
        """Leave the group."""
        if self._consumer is not None:
            await bounded_stop(self._consumer)
            self._consumer = None


def _storable_key(raw: bytes | None) -> str:
    """The key as text that a database can store, so that a foreign record with any key can become a dead letter."""
    return (raw or b"").decode(errors="replace").replace("\x00", "\ufffd")[:KEY_LENGTH]


async def bounded_stop(client: Any) -> None:
    """Stop an aiokafka client, in bounded time: the `stop` of a client whose send hangs does not return either."""
    try:
        await asyncio.wait_for(client.stop(), STOP_BOUND)
    except Exception as error:
        log.warning("A Kafka client did not stop in time (%s); it is dropped.", type(error).__name__)
