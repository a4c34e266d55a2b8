"""One row of the outbox, and which relay shard posts it."""

import zlib
from typing import NamedTuple

from shared.store.kernel_tables import SHARDS


class OutboxRecord(NamedTuple):
    """One row of the outbox."""

    topic: str
    key: str
    shard: int
    event_id: str
    body: bytes
    headers: dict[str, str] | None = None


def shard_of(key: str) -> int:
    """The relay shard that a key belongs to; the same in every process."""
    return zlib.crc32(key.encode()) % SHARDS
