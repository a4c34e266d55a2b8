"""The Kafka bus, through aiokafka: delivers at least once, in order per key, and limits the time of every wait.

Behaviour of aiokafka, as measured, that the code guards against: auto-commit loses the record that is being handled; the
default offset reset is `latest`; a commit from an older assignment moves a group back; a send to a frozen broker never
returns, and neither does the `stop` of its producer.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.base.errors import TryLater
from shared.base.settings import Settings
from shared.bus.kafka_connection import connection_options
from shared.bus.kafka_consumer import MAX_BYTES, SEND_BOUND, KafkaConsumer, bounded_stop
from shared.bus.kafka_lag import KafkaLag
from shared.bus.kafka_topics import create_topics
from shared.bus.port import EndOffsets, Outgoing
from shared.events.base import CONTENT_TYPE, TOPICS

log = logging.getLogger(__name__)
CONTENT = [("content-type", CONTENT_TYPE.encode())]


class KafkaBus:
    """The Kafka bus of one process. Its one producer is rebuilt when a send does not return."""

    def __init__(self, settings: Settings) -> None:
        self._prefix = settings.kafka_topic_prefix
        self._settings = settings
        self._options = connection_options(settings)
        self._producer: AIOKafkaProducer | None = None
        self._building = asyncio.Lock()
        self._lag: KafkaLag | None = None

    def name(self, topic: str) -> str:
        """The topic's name at the broker."""
        return f"{self._prefix}.{topic}"

    async def start(self) -> None:
        """Do nothing: the producer is created with the first send, so that a process starts while the broker is away."""

    async def stop(self) -> None:
        """Stop the producer and the lag client, in bounded time."""
        await self._drop(self._producer)
        self._producer = None
        if self._lag:
            await self._lag.stop()
            self._lag = None

    async def _started_producer(self) -> AIOKafkaProducer:
        async with self._building:
            if self._producer is None:
                producer = AIOKafkaProducer(
                    **self._options,
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
            await bounded_stop(producer)

    async def create(self, topics: Sequence[str]) -> None:
        """Create the topics and their `.dlq` twins with their settings; leave those that exist as they are."""
        names = {self.name(topic): topic for topic in [*topics, *(f"{topic}.dlq" for topic in topics)]}
        await create_topics(self._options, names, self._settings.kafka_partitions, self._settings.kafka_replication)

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """Post in order. A send without an answer within 10 s counts as failed, and the producer is rebuilt."""
        if not records:
            return []
        try:
            producer = await self._started_producer()
        except (KafkaError, OSError, TimeoutError) as error:
            return [error] * len(records)
        sends = await self._enqueue(producer, records)
        futures = [send for send in sends if not isinstance(send, Exception)]
        if futures:
            await asyncio.wait(futures, timeout=SEND_BOUND)
        answers = [_answer(send) for send in sends]
        if any(isinstance(answer, TimeoutError) for answer in answers):
            self._producer = None
            asyncio.get_running_loop().create_task(self._drop(producer))
        return _stop_each_key_at_its_first_failure(records, answers)

    async def _enqueue(
        self, producer: AIOKafkaProducer, records: Sequence[Outgoing]
    ) -> list["asyncio.Future[Any] | Exception"]:
        """Pass each record to the producer, and skip the later records of a key after the key's first failure.

        All records share one time limit, so that an unresponsive broker does not cost the limit once for each key."""
        sends: list[asyncio.Future[Any] | Exception] = []
        failed: dict[tuple[str, str], Exception] = {}
        until = asyncio.get_running_loop().time() + SEND_BOUND
        for record in records:
            key = (record.topic, record.key)
            if key in failed:
                sends.append(failed[key])
                continue
            try:
                left = until - asyncio.get_running_loop().time()
                if left <= 0:
                    raise TimeoutError("The broker takes no more for now.")
                sends.append(await asyncio.wait_for(self._send(producer, record), left))
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

    def consumer(self, group: str, topics: Sequence[str]) -> KafkaConsumer:
        """A member of the group."""
        connection = {**self._options, "fetch_max_wait_ms": self._settings.kafka_fetch_wait}
        return KafkaConsumer(connection, group, {self.name(topic): topic for topic in topics})

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        """The number of records that the group has not committed, over all partitions. Raises TryLater."""
        return await self._lag_client().lag(group, [self.name(topic) for topic in topics])

    async def end_offsets(self, topics: Sequence[str]) -> EndOffsets:
        """The offset after the last record of each partition. Raises TryLater."""
        return await self._lag_client().end_offsets({self.name(topic): topic for topic in topics})

    async def caught_up(self, group: str, ends: EndOffsets) -> bool:
        """Whether the group has committed these ends. Raises TryLater."""
        return await self._lag_client().caught_up(
            group, {(self.name(topic), part): end for (topic, part), end in ends.items()}
        )

    def _lag_client(self) -> KafkaLag:
        if self._lag is None:
            self._lag = KafkaLag(self._options)
        return self._lag

    async def check(self) -> None:
        """Ask the broker for its topics. Raises TryLater when no broker answers or a topic is missing."""
        admin = AIOKafkaAdminClient(**self._options, request_timeout_ms=3000)
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
    """Mark the records after a key's first failure as failed too: they are sent again in order; readers drop repeats."""
    failed: dict[tuple[str, str], Exception] = {}
    for place, (record, answer) in enumerate(zip(records, answers, strict=True)):
        key = (record.topic, record.key)
        if key in failed:
            answers[place] = failed[key]
        elif answer is not None:
            failed[key] = answer
    return answers
