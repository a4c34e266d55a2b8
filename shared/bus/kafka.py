"""The wide road: Apache Kafka through aiokafka. At least once, in order per key, and bounded in every wait.

Measured traps that shape it: auto-commit loses the record in hand; the default reset is `latest`; a commit of an older
assignment moves a group back; a send to a frozen broker never returns, and its producer cannot even be stopped.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import IllegalStateError, KafkaError, TopicAlreadyExistsError
from aiokafka.structs import OffsetAndMetadata

from shared.bus.port import Batch, Outgoing, Record
from shared.errors import TryLater
from shared.events.base import AGREEMENT, CONTENT_TYPE, TOPICS
from shared.settings import Settings

log = logging.getLogger(__name__)
SEND_BOUND = 10.0
STOP_BOUND = 5.0
MAX_BYTES = 8 * 1024 * 1024
KEY_LENGTH = 200
FOURTEEN_DAYS = 14 * 24 * 3600 * 1000
CONTENT = [("content-type", CONTENT_TYPE.encode())]


class KafkaBus:
    """One producer per process, made anew when a send does not come back."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = settings.kafka_topic_prefix
        self._settings = settings
        self._producer: AIOKafkaProducer | None = None
        self._building = asyncio.Lock()
        self._meter: AIOKafkaConsumer | None = None

    def _connection(self) -> dict[str, Any]:
        settings = self._settings
        found: dict[str, Any] = {
            "bootstrap_servers": settings.kafka_bootstrap_servers,
            "security_protocol": settings.kafka_security_protocol,
        }
        if settings.kafka_security_protocol.startswith("SASL"):
            found |= {
                "sasl_mechanism": settings.kafka_sasl_mechanism,
                "sasl_plain_username": settings.kafka_sasl_username,
                "sasl_plain_password": settings.kafka_sasl_password,
            }
        if settings.kafka_security_protocol.endswith("SSL"):
            found["ssl_context"] = ssl.create_default_context(cafile=settings.kafka_ssl_cafile or None)
        return found

    def name(self, topic: str) -> str:
        """The topic's name at the broker."""
        return f"{self._prefix}.{topic}"

    async def start(self) -> None:
        """The producer is made with the first send, so that a process starts while the broker is away."""

    async def stop(self) -> None:
        """Leave, in bounded time."""
        await self._drop(self._producer)
        self._producer = None
        if self._meter:
            await _bounded_stop(self._meter)
            self._meter = None

    async def _ready(self) -> AIOKafkaProducer:
        async with self._building:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._connection(),
                    acks="all",
                    enable_idempotence=True,
                    max_request_size=MAX_BYTES,
                    request_timeout_ms=int(SEND_BOUND * 1000),
                    linger_ms=0,
                )
                try:
                    await asyncio.wait_for(producer.start(), SEND_BOUND)
                except BaseException:
                    await self._drop(producer)
                    raise
                self._producer = producer
            return self._producer

    async def _drop(self, producer: AIOKafkaProducer | None) -> None:
        if producer is not None:
            await _bounded_stop(producer)

    async def create(self, topics: Sequence[str]) -> None:
        """Make the topics and their `.dlq` twins with their settings; those that exist are left as they are."""
        admin = AIOKafkaAdminClient(**self._connection())
        await asyncio.wait_for(admin.start(), SEND_BOUND)
        try:
            for topic in [*topics, *(f"{topic}.dlq" for topic in topics)]:
                new = NewTopic(
                    self.name(topic),
                    self._settings.kafka_partitions,
                    self._settings.kafka_replication,
                    topic_configs=_configs(topic),
                )
                with contextlib.suppress(TopicAlreadyExistsError):
                    _raise_for(await admin.create_topics([new]))
        finally:
            await admin.close()

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """Post in order; a send that does not answer in 10 s is cut and the producer rebuilt."""
        if not records:
            return []
        try:
            producer = await self._ready()
        except (KafkaError, OSError, TimeoutError) as error:
            return [error] * len(records)
        sends = await self._handed_over(producer, records)
        futures = [send for send in sends if not isinstance(send, Exception)]
        if futures:
            await asyncio.wait(futures, timeout=SEND_BOUND)
        answers = [_answer(send) for send in sends]
        if any(isinstance(answer, TimeoutError) for answer in answers):
            self._producer = None
            asyncio.get_running_loop().create_task(self._drop(producer))
        return _stop_each_key_at_its_first_failure(records, answers)

    async def _handed_over(
        self, producer: AIOKafkaProducer, records: Sequence[Outgoing]
    ) -> list["asyncio.Future[Any] | Exception"]:
        """Give each record to the producer; after a key's first failure none of its later ones goes out."""
        sends: list[asyncio.Future[Any] | Exception] = []
        failed: dict[tuple[str, str], Exception] = {}
        for record in records:
            key = (record.topic, record.key)
            if key in failed:
                sends.append(failed[key])
                continue
            try:
                sends.append(await asyncio.wait_for(self._send(producer, record), SEND_BOUND))
            except Exception as error:
                failed[key] = error
                sends.append(error)
        return sends

    async def _send(self, producer: AIOKafkaProducer, record: Outgoing) -> "asyncio.Future[Any]":
        headers = [*CONTENT, *record.headers]
        future: asyncio.Future[Any] = await producer.send(
            self.name(record.topic), record.value, key=record.key.encode(), headers=headers
        )
        return future

    def consumer(self, group: str, topics: Sequence[str]) -> "KafkaConsumer":
        """A member of the group."""
        connection = {**self._connection(), "fetch_max_wait_ms": self._settings.kafka_fetch_wait}
        return KafkaConsumer(connection, group, {self.name(topic): topic for topic in topics})

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        """End of each partition less what the group has committed."""
        admin = AIOKafkaAdminClient(**self._connection())
        await asyncio.wait_for(admin.start(), SEND_BOUND)
        try:
            done = await admin.list_consumer_group_offsets(group)
        finally:
            await admin.close()
        ends = await self._ends([self.name(topic) for topic in topics])
        return sum(max(0, end - max(0, done[place].offset if place in done else 0)) for place, end in ends.items())

    async def _ends(self, names: Sequence[str]) -> dict[TopicPartition, int]:
        if self._meter is None:
            meter = AIOKafkaConsumer(**self._connection(), enable_auto_commit=False)
            await asyncio.wait_for(meter.start(), SEND_BOUND)
            self._meter = meter
        found = await self._meter._client.fetch_all_metadata()
        places = [TopicPartition(name, part) for name in names for part in found.partitions_for_topic(name) or ()]
        ends: dict[TopicPartition, int] = await self._meter.end_offsets(places) if places else {}
        return ends

    async def check(self) -> None:
        """Ask the broker for its topics. Raises TryLater with a sentence."""
        admin = AIOKafkaAdminClient(**self._connection(), request_timeout_ms=3000)
        try:
            await asyncio.wait_for(admin.start(), 4)
            there = set(await asyncio.wait_for(admin.list_topics(), 4))
        except (KafkaError, OSError, TimeoutError) as error:
            servers = self._settings.kafka_bootstrap_servers
            raise TryLater(f"No broker answers at {servers} ({type(error).__name__}).") from error
        finally:
            with contextlib.suppress(Exception):
                await admin.close()
        missing = [self.name(topic) for topic in TOPICS if self.name(topic) not in there]
        if missing:
            raise TryLater(f"The topics {', '.join(missing)} are missing; run `baton migrate`.")


class KafkaConsumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """One member. Offsets are committed by hand, tagged with a count that each rebalance raises."""

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
            await _bounded_stop(consumer)
            raise
        self._consumer = consumer

    def on_partitions_revoked(self, revoked: list[TopicPartition]) -> None:
        """From here on, what was read before must not be committed."""
        self._assignment += 1

    def on_partitions_assigned(self, assigned: list[TopicPartition]) -> None:
        """A new assignment begins."""
        self._assignment += 1

    async def poll(self, limit: int = 500, wait: float = 30.0) -> Batch:
        """Whatever is there."""
        consumer = self._consumer
        assert consumer is not None, "start() comes before poll()"
        found = await consumer.getmany(timeout_ms=int(wait * 1000), max_records=limit)
        # Read after the wait: a rebalance may end during it, and what then comes is of the new assignment. Called
        # stale, those records would be passed over, as the consumer's position is past them already.
        assignment = self._assignment
        records = [
            Record(
                self._names[message.topic],
                _kept_key(message.key),
                message.value or b"",
                message.partition,
                message.offset,
                tuple((name, value or b"") for name, value in message.headers),
            )
            for messages in found.values()
            for message in messages
        ]
        marks = [
            (place.topic, place.partition, messages[-1].offset + 1) for place, messages in found.items() if messages
        ]
        return Batch(tuple(records), assignment, tuple(marks))

    async def done(self, batch: Batch) -> None:
        """Commit, if the assignment is still the one that the batch was read under."""
        if self.stale(batch) or not batch.marks or self._consumer is None:
            return
        offsets = {TopicPartition(topic, part): OffsetAndMetadata(offset, "") for topic, part, offset in batch.marks}
        try:
            await asyncio.wait_for(self._consumer.commit(offsets), SEND_BOUND)
        except (KafkaError, IllegalStateError, TimeoutError) as error:
            log.warning(
                "Offsets were not committed (%s); the records come again and change nothing.", type(error).__name__
            )

    def stale(self, batch: Batch) -> bool:
        """Whether a rebalance came between."""
        return batch.assignment != self._assignment

    async def stop(self) -> None:
        """Leave the group."""
        if self._consumer is not None:
            await _bounded_stop(self._consumer)
            self._consumer = None


def _kept_key(raw: bytes | None) -> str:
    """The key as a database can keep it: a stranger's record may have any bytes there, and must be parked all the same."""
    return (raw or b"").decode(errors="replace").replace("\x00", "\ufffd")[:KEY_LENGTH]


def _configs(topic: str) -> dict[str, str]:
    """Compacted and for ever for the agreement; 14 days for the rest; big enough for any webhook."""
    base = {"max.message.bytes": str(MAX_BYTES)}
    if topic == AGREEMENT:
        return {**base, "cleanup.policy": "compact"}
    return {**base, "retention.ms": str(FOURTEEN_DAYS)}


def _raise_for(response: Any) -> None:
    from aiokafka.errors import for_code

    for _, code, *rest in response.topic_errors:
        if code:
            raise for_code(code)(*rest)


def _answer(send: "asyncio.Future[Any] | Exception") -> Exception | None:
    if isinstance(send, Exception):
        return send
    if not send.done():
        return TimeoutError("The broker did not answer in time.")
    error = send.exception()
    return error if isinstance(error, Exception) else None


def _stop_each_key_at_its_first_failure(
    records: Sequence[Outgoing], answers: list[Exception | None]
) -> list[Exception | None]:
    """A later record of a key that failed counts as failed too: it is sent again in order, and readers drop repeats."""
    failed: dict[tuple[str, str], Exception] = {}
    for place, (record, answer) in enumerate(zip(records, answers, strict=True)):
        key = (record.topic, record.key)
        if key in failed:
            answers[place] = failed[key]
        elif answer is not None:
            failed[key] = answer
    return answers


async def _bounded_stop(client: Any) -> None:
    try:
        await asyncio.wait_for(client.stop(), STOP_BOUND)
    except Exception as error:
        log.warning("A Kafka client did not stop in time (%s); it is dropped.", type(error).__name__)
