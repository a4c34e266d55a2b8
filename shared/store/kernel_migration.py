"""Creates the kernel tables in a service's first migration. Frozen: add a new function for every later change."""

import sqlalchemy as sa
from alembic import op

from shared.store.types import BigId, Json, UtcDateTime


def create_kernel_tables() -> None:
    """Create outbox, sequences, inbox, cursors, dead letters, scheduled items and relay shards."""
    op.create_table(
        "outbox",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("shard", sa.SmallInteger, nullable=False),
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("headers", Json),
        sa.Column("written_at", UtcDateTime, nullable=False),
    )
    for name in ("sequences", "cursors"):
        op.create_table(
            name,
            sa.Column("topic", sa.String(64), primary_key=True),
            sa.Column("subject", sa.String(200), primary_key=True),
            sa.Column("last", sa.BigInteger, nullable=False),
        )
    op.create_table(
        "inbox",
        sa.Column("topic", sa.String(64), primary_key=True),
        sa.Column("event_id", sa.String(64), primary_key=True),
        sa.Column("handled_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_inbox_handled_at", "inbox", ["handled_at"])
    op.create_table(
        "relay_shards",
        sa.Column("shard", sa.SmallInteger, primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("heartbeat_at", UtcDateTime, nullable=False),
    )
    _create_dead_letters()
    _create_scheduled_items()


def create_deferred_events() -> None:
    """Create the table of events that arrived before the events they depend on, for a service that defers events."""
    op.create_table(
        "deferred_events",
        sa.Column("id", BigId, primary_key=True, autoincrement=True),
        sa.Column("lead", sa.String(200), nullable=False),
        sa.Column("missing", sa.String(200), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_deferred_events_lead", "deferred_events", ["lead"])
    op.create_index("ix_deferred_events_missing", "deferred_events", ["missing"])


def _create_dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("topic", sa.String(64), nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("event_id", sa.String(64)),
        sa.Column("type", sa.String(100)),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("headers", Json),
        sa.Column("partition", sa.Integer),
        sa.Column("offset", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("error", sa.String(200), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_failed_at", UtcDateTime, nullable=False),
        sa.Column("blocked", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("settled_at", UtcDateTime),
        sa.Column("settled_by", sa.String(200)),
    )
    only_open = sa.text("state = 'open'")
    op.create_index(
        "dead_letters_open", "dead_letters", ["topic", "key"], postgresql_where=only_open, sqlite_where=only_open
    )


def _create_scheduled_items() -> None:
    op.create_table(
        "scheduled_items",
        sa.Column("id", sa.String(100), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(200), nullable=False),
        sa.Column("at", UtcDateTime, nullable=False),
        sa.Column("clock", sa.String(4), nullable=False),
        sa.Column("data", Json),
    )
    op.create_index("scheduled_items_at", "scheduled_items", ["clock", "at"])
    op.create_index("scheduled_items_subject", "scheduled_items", ["subject"])
