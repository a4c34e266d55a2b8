"""The tables that every service has: outbox, sequences, inbox, cursors, dead letters, scheduled items, relay shards."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    text,
)

from shared.store.types import BigId, Json, UtcDateTime

SHARDS = 16


def kernel_tables(metadata: MetaData) -> None:
    """Add the tables that `shared.work` and the outbox use."""
    _outbox(metadata)
    _handled(metadata)
    _dead_letters(metadata)
    _scheduled_items(metadata)
    _relay_shards(metadata)


def _outbox(metadata: MetaData) -> None:
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
        Column("written_at", UtcDateTime, nullable=False),
    )
    Table(
        "sequences",
        metadata,
        Column("topic", String(64), primary_key=True),
        Column("subject", String(200), primary_key=True),
        Column("last", BigInteger, nullable=False),
    )


def _handled(metadata: MetaData) -> None:
    Table(
        "inbox",
        metadata,
        Column("topic", String(64), primary_key=True),
        Column("event_id", String(64), primary_key=True),
        Column("handled_at", UtcDateTime, nullable=False, index=True),
    )
    Table(
        "cursors",
        metadata,
        Column("topic", String(64), primary_key=True),
        Column("subject", String(200), primary_key=True),
        Column("last", BigInteger, nullable=False),
    )


def _dead_letters(metadata: MetaData) -> None:
    Table(
        "dead_letters",
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
        Column("first_failed_at", UtcDateTime, nullable=False),
        Column("blocked", Boolean, nullable=False),
        Column("state", String(16), nullable=False),
        Column("settled_at", UtcDateTime),
        Column("settled_by", String(200)),
        Index(
            "dead_letters_open",
            "topic",
            "key",
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
    )


def _scheduled_items(metadata: MetaData) -> None:
    Table(
        "scheduled_items",
        metadata,
        Column("id", String(100), primary_key=True),
        Column("kind", String(32), nullable=False),
        Column("subject", String(200), nullable=False),
        Column("at", UtcDateTime, nullable=False),
        Column("clock", String(4), nullable=False),
        Column("data", Json),
        Index("scheduled_items_at", "clock", "at"),
        Index("scheduled_items_subject", "subject"),
    )


def _relay_shards(metadata: MetaData) -> None:
    Table(
        "relay_shards",
        metadata,
        Column("shard", SmallInteger, primary_key=True),
        Column("owner", String(64), nullable=False),
        Column("pid", Integer, nullable=False),
        Column("heartbeat_at", UtcDateTime, nullable=False),
    )
