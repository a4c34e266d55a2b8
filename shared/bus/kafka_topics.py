"""Creates topics at the broker, each with the settings that its content needs."""

import asyncio
import contextlib
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.bus.kafka_consumer import MAX_BYTES, SEND_BOUND
from shared.events.base import AGREEMENT

FOURTEEN_DAYS = 14 * 24 * 3600 * 1000


async def create_topics(options: dict[str, Any], names: dict[str, str], partitions: int, replication: int) -> None:
    """Create the topics (name at the broker to topic) that do not exist yet."""
    admin = AIOKafkaAdminClient(**options)
    await asyncio.wait_for(admin.start(), SEND_BOUND)
    try:
        for name, topic in names.items():
            new = NewTopic(name, partitions, replication, topic_configs=_configs(topic))
            with contextlib.suppress(TopicAlreadyExistsError):
                _raise_for(await admin.create_topics([new]))
    finally:
        await admin.close()


def _configs(topic: str) -> dict[str, str]:
    """Compacted and kept for ever for the agreement; 14 days for the rest; large enough for any webhook."""
    base = {"max.message.bytes": str(MAX_BYTES)}
    if topic == AGREEMENT:
        return {**base, "cleanup.policy": "compact"}
    return {**base, "retention.ms": str(FOURTEEN_DAYS)}


def _raise_for(response: Any) -> None:
    for _, code, *rest in response.topic_errors:
        if code:
            raise for_code(code)(*rest)
