"""What every bus can do. Both implementations pass the same suite, `tests/shared/bus/`."""

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
    """A record as it was read."""

    topic: str
    key: str
    value: bytes
    partition: int
    offset: int
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Batch:
    """What one poll brought. `assignment` counts the rebalances up to it: an older batch must not be committed."""

    records: tuple[Record, ...]
    assignment: int = 0
    offsets: tuple[tuple[str, int, int], ...] = field(default=())
    """(topic, partition, next offset) that `commit` commits."""


EndOffsets = dict[tuple[str, int], int]
"""(topic, partition) to the offset after its last record."""


class Consumer(Protocol):
    """One member of a group. Not to be shared between tasks."""

    async def start(self) -> None:
        """Join the group, from the earliest record that the group has not committed."""

    async def poll(self, limit: int = 500, wait: float = 30.0) -> Batch:
        """Whatever is there, up to `limit`; waits at most `wait` seconds for the first record; may be empty."""

    async def commit(self, batch: Batch) -> None:
        """Commit the batch, unless the partitions were reassigned since (then nothing happens)."""

    def stale(self, batch: Batch) -> bool:
        """Whether the partitions were re-assigned since the batch was read; it will be read again by its new owner."""

    async def stop(self) -> None:
        """Leave the group; bounded in time."""


class Bus(Protocol):
    """One per process."""

    async def start(self) -> None:
        """Connect."""

    async def stop(self) -> None:
        """Disconnect; bounded in time."""

    async def create(self, topics: Sequence[str]) -> None:
        """Create the topics (and their `.dlq` twins where named so) with their settings; harmless when they exist."""

    async def publish(self, records: Sequence[Outgoing]) -> list[Exception | None]:
        """Post in order; one result for each record, None once the bus has stored it.

        A key stops at its first failure: its later records are answered with the same error and not sent."""

    def consumer(self, group: str, topics: Sequence[str]) -> Consumer:
        """A member of `group` for the topics."""

    async def lag(self, group: str, topics: Sequence[str]) -> int:
        """How many records the group has not committed yet."""

    async def end_offsets(self, topics: Sequence[str]) -> EndOffsets:
        """Where each partition of the topics ends now."""

    async def caught_up(self, group: str, ends: EndOffsets) -> bool:
        """Whether the group has committed everything before these offsets, whichever member reads which partition."""

    async def check(self) -> None:
        """Raise with a sentence when the bus cannot be reached."""
