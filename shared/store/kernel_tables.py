"""Column types that mean the same on both databases, and the tables that every service has."""

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

SHARDS = 16

BigId = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """A moment in UTC. SQLite forgets zones, so there it is text of fixed width, which sorts as time does."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Text on SQLite, timestamptz elsewhere."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(String(32))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """To the database; a moment without a zone is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"The moment {value!r} has no zone; pass an aware datetime.")
        value = value.astimezone(UTC)
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f") if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """From the database, aware."""
        if value is None:
            return None
        if isinstance(value, str):
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        return value.astimezone(UTC)  # type: ignore[no-any-return]


class Json(TypeDecorator[Any]):
    """Any JSON value, kept as text on both databases."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """To text."""
        return None if value is None else orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """From text."""
        return None if value is None else orjson.loads(value)


def kernel_tables(metadata: MetaData) -> None:
    """Add the tables that the shared parts work on: outbox, sequences, inbox, cursors, parked, due, relays."""
    Table(
        "outbox",
        metadata,
        Column("id", BigId, primary_key=True, autoincrement=True),
        Column("topic", String(64), nullable=False),
        Column("key", String(200), nullable=False),
        Column("shard", SmallInteger, nullable=False),
        Column("event_id", String(64), nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("headers", Json),
        Column("written_at", Moment, nullable=False),
    )
    Table(
        "sequences",
        metadata,
        Column("topic", String(64), primary_key=True),
        Column("subject", String(200), primary_key=True),
        Column("last", BigInteger, nullable=False),
    )
    Table(
        "inbox",
        metadata,
        Column("topic", String(64), primary_key=True),
        Column("event_id", String(64), primary_key=True),
        Column("handled_at", Moment, nullable=False, index=True),
    )
    Table(
        "cursors",
        metadata,
        Column("topic", String(64), primary_key=True),
        Column("subject", String(200), primary_key=True),
        Column("last", BigInteger, nullable=False),
    )
    Table(
        "parked",
        metadata,
        Column("id", String(36), primary_key=True),
        Column("topic", String(64), nullable=False),
        Column("key", String(200), nullable=False),
        Column("event_id", String(64)),
        Column("type", String(100)),
        Column("body", LargeBinary, nullable=False),
        Column("headers", Json),
        Column("partition", Integer),
        Column("offset", BigInteger),
        Column("reason", Text, nullable=False),
        Column("error", String(200), nullable=False),
        Column("attempts", Integer, nullable=False),
        Column("first_failed_at", Moment, nullable=False),
        Column("behind", Boolean, nullable=False),
        Column("state", String(16), nullable=False),
        Column("settled_at", Moment),
        Column("settled_by", String(200)),
        Index(
            "parked_open",
            "topic",
            "key",
            postgresql_where=text("state = 'parked'"),
            sqlite_where=text("state = 'parked'"),
        ),
    )
    Table(
        "due",
        metadata,
        Column("id", String(100), primary_key=True),
        Column("kind", String(32), nullable=False),
        Column("subject", String(200), nullable=False),
        Column("at", Moment, nullable=False),
        Column("basis", String(4), nullable=False),
        Column("data", Json),
        Index("due_at", "basis", "at"),
        Index("due_subject", "subject"),
    )
    Table(
        "relays",
        metadata,
        Column("shard", SmallInteger, primary_key=True),
        Column("owner", String(64), nullable=False),
        Column("pid", Integer, nullable=False),
        Column("beat_at", Moment, nullable=False),
    )
