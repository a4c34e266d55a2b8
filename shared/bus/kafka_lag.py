"""Measures the lag of a Kafka group: the end offsets of its partitions minus its committed offsets."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from shared.base.errors import TryLater
from shared.bus.kafka_consumer import SEND_BOUND, STOP_BOUND, bounded_stop
from shared.bus.port import EndOffsets

log = logging.getLogger(__name__)
COORDINATOR_TRIES = 10


class KafkaLag:
    """The lag client of one process.

    Its two connections are opened with the first request and stay open; a failed admin connection is opened again."""

    def __init__(self, connection: dict[str, Any]) -> None:
        self._connection = connection
        self._admin: AIOKafkaAdminClient | None = None
        self._reader: AIOKafkaConsumer | None = None
        self._making = asyncio.Lock()

    async def lag(self, group: str, names: Sequence[str]) -> int:
        """The number of records of these topics (names at the broker) that the group has not committed.

        Raises TryLater."""
        try:
            done, ends = await asyncio.gather(self._committed(group), self._ends(names))
        except (KafkaError, OSError, TimeoutError) as error:
            raise TryLater(f"No broker answers how far {group} has read ({type(error).__name__}).") from error
        return sum(max(0, end - max(0, done[place].offset if place in done else 0)) for place, end in ends.items())

    async def end_offsets(self, names: Mapping[str, str]) -> EndOffsets:
        """The end offset of each partition of these topics (name at the broker to name here). Raises TryLater."""
        try:
            offsets = await self._ends(list(names))
        except (KafkaError, OSError, TimeoutError) as error:
            raise TryLater(f"The broker does not answer where its topics end ({type(error).__name__}).") from error
        return {(names[place.topic], place.partition): end for place, end in offsets.items()}

    async def caught_up(self, group: str, ends: EndOffsets) -> bool:
        """Whether the group has committed these ends, of topics by their names at the broker. Raises TryLater."""
        done = {
            (place.topic, place.partition): position.offset
            for place, position in (await self._committed(group)).items()
        }
        return all(max(0, done.get(place, 0)) >= end for place, end in ends.items())

    async def stop(self) -> None:
        """Close both connections, in bounded time."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await bounded_stop(reader)
        await self._without_admin()

    async def _without_admin(self) -> None:
        admin, self._admin = self._admin, None
        if admin is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(admin.close(), STOP_BOUND)

    async def _committed(self, group: str) -> dict[TopicPartition, OffsetAndMetadata]:
        """The offsets that the group has committed.

        Retries, because a broker that has just started or lost its coordinator cannot answer for a moment. Raises
        TryLater."""
        for attempt in range(1, COORDINATOR_TRIES + 1):
            try:
                admin = await self._asking()
                offsets: dict[TopicPartition, OffsetAndMetadata] = await admin.list_consumer_group_offsets(group)
                return offsets
            except KafkaError as error:
                await self._without_admin()
                if not error.retriable or attempt == COORDINATOR_TRIES:
                    why = type(error).__name__
                    raise TryLater(f"The broker does not answer how far {group} has read ({why}).") from error
                await asyncio.sleep(0.1 * attempt)
        raise AssertionError("the last try returns or raises")

    async def _asking(self) -> AIOKafkaAdminClient:
        async with self._making:
            if self._admin is None:
                admin = AIOKafkaAdminClient(**self._connection)
                try:
                    await asyncio.wait_for(admin.start(), SEND_BOUND)
                except BaseException:
                    with contextlib.suppress(Exception):
                        await admin.close()
                    raise
                self._admin = admin
            return self._admin

    async def _ends(self, names: Sequence[str]) -> dict[TopicPartition, int]:
        reader = await self._reading()
        metadata = await reader._client.fetch_all_metadata()
        places = [TopicPartition(name, part) for name in names for part in metadata.partitions_for_topic(name) or ()]
        ends: dict[TopicPartition, int] = await reader.end_offsets(places) if places else {}
        return ends

    async def _reading(self) -> AIOKafkaConsumer:
        async with self._making:
            if self._reader is None:
                reader = AIOKafkaConsumer(**self._connection, enable_auto_commit=False)
                try:
                    await asyncio.wait_for(reader.start(), SEND_BOUND)
                except BaseException:
                    await bounded_stop(reader)
                    raise
                self._reader = reader
            return self._reader
