"""The interface of every bus. Both implementations pass the same tests, `tests/shared/bus/`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol


class Outgoing(NamedTuple):
    """A record to publish. `topic` is without prefix; `event_id` lets the embedded log refuse a second copy."""

    topic: str
    key: str
    value: bytes
    event_id: str
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """A record that was read from the bus."""

    topic: str
    key: str
    value: bytes
    partition: int
    offset: int
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """The records of one poll. `assignment` counts the rebalances before the poll; an older batch is not committed."""

    records: tuple[Record, ...]
    assignment: int = 0
    offsets: tuple[tuple[str, int, int], ...] = field(default=())
    """One (topic, partition, next offset) per partition, for `commit`."""


EndOffsets = dict[tuple[str, int], int]
"""(topic, partition) to the offset after its last record."""


class Consumer(Protocol):
    """One member of a group. Not to be shared between tasks."""

    async def start(self) -> None:
        """Join the group and read from the earliest record that the group has not committed."""

    async def poll(self, limit: int = 500, wait: float = 30.0) -> Batch:
        """Return up to `limit` records, after at most `wait` seconds for the first one. The batch may be empty."""

    async def commit(self, batch: Batch) -> None:
        """Commit the offsets of the batch; do nothing when the partitions were reassigned since the batch was read."""

    def stale(self, batch: Batch) -> bool:
        """Whether the partitions were reassigned since the batch was read; their new owner reads the batch again."""

    async def stop(self) -> None:
        """Leave the group; bounded in time."""


class Bus(Protocol):
    """The bus as one process uses it."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Disconnect; bounded in time."""

    async def create(self, topics: Sequence[str]) -> None:
        """Create the topics and a `.dlq` topic for each, with their settings; leave existing topics as they are."""

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """Post in order; return one result per record: None when the bus has stored the record, otherwise the error.

        A key stops at its first failure: its later records get the same error."""

    def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """A member of `group` for the topics."""

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        """How many records the group has not committed yet."""

    async def end_offsets(self, topics: Sequence[str]) -> EndOffsets:
        """The offset after the last record of each partition of the topics."""

    async def caught_up(self, group: str, ends: EndOffsets) -> bool:
        """Whether the group as a whole has committed everything before these offsets."""

    async def check(self) -> None:
        """Raise when the bus cannot be reached; the error text is one sentence."""
