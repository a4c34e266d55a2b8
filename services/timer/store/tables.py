"""The timer's tables."""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text

from shared.reference.tables import reference_tables
from shared.store.kernel_tables import kernel_tables
from shared.store.types import BigId, Json, UtcDateTime
from shared.work.deferred import deferred_table

metadata = MetaData()
kernel_tables(metadata)
deferred_table(metadata)
reference_tables(metadata)

clocks = Table(
    "clocks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("promise", String(40), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("owner", String(100)),
    Column("team", String(100)),
    Column("tier", String(60), nullable=False),
    Column("agreement", Integer, nullable=False),
    Column("routed", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("step", String(8), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("warn_at", UtcDateTime),
    Column("warned_at", UtcDateTime),
    Column("breached_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("stopped_at", UtcDateTime),
    Column("verdict", String(12), nullable=False),
    Column("why", Text, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("skipped", Json, nullable=False),
    Column("held_until", UtcDateTime),
    Column("off_hours", Boolean, nullable=False),
    Column("within", String(60), nullable=False),
    Column("left_seconds", Integer),
    Column("in_words", Text, nullable=False),
    Index("clocks_state", "state", "due_at"),
)

reckonings = Table(
    "reckonings",
    metadata,
    Column("clock", String(36), primary_key=True),
    Column("calendar", String(100), nullable=False),
    Column("hours", Text),
    Column("timezone", String(60)),
    Column("taken_over", Integer),
)
"""What a clock was reckoned with when it began (the calendar, the rep's shift of that day, the seconds taken over), so
that it can be explained for ever: people change their shifts."""

leads = Table(
    "leads",
    metadata,
    Column("lead", String(36), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("owner", String(100)),
    Column("team", String(100)),
    Column("tier", String(60), nullable=False),
    Column("pinned", Integer, nullable=False),
    Column("routed", Integer, nullable=False),
    Column("began", Integer, nullable=False),
)

answers = Table(
    "answers",
    metadata,
    Column("action", String(36), primary_key=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("name", String(40), nullable=False),
    Column("answered_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)
"""Answers on their way: taken by the notifier, not yet applied or refused by the router. They may come before the
assignment that they answer."""

spent = Table(
    "spent",
    metadata,
    Column("lead", String(36), primary_key=True),
    Column("promise", String(40), primary_key=True),
    Column("word", String(400), primary_key=True),
    Column("times", Integer, nullable=False),
)
"""How often a rung that is done `at_most` so often was done for a lead and promise, across epochs."""

breaches = Table(
    "breaches",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("lead", String(36), nullable=False),
    Column("type", String(60), nullable=False),
    Column("event", String(36), nullable=False),
    Column("data", Json, nullable=False),
)
"""What was said on the breach topic, for its door."""
