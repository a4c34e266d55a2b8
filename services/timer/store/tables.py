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
    Column("terms_version", Integer, nullable=False),
    Column("routing_version", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("next_step", String(8), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("warn_at", UtcDateTime),
    Column("warned_at", UtcDateTime),
    Column("breached_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("stopped_at", UtcDateTime),
    Column("verdict", String(12), nullable=False),
    Column("why", Text, nullable=False),
    Column("escalation_step", Integer, nullable=False),
    Column("skipped", Json, nullable=False),
    Column("held_until", UtcDateTime),
    Column("off_hours", Boolean, nullable=False),
    Column("within", String(60), nullable=False),
    Column("left_seconds", Integer),
    Column("in_words", Text, nullable=False),
    Index("clocks_state", "state", "due_at"),
)

clock_calendars = Table(
    "clock_calendars",
    metadata,
    Column("clock", String(36), primary_key=True),
    Column("calendar", String(100), nullable=False),
    Column("hours", Text),
    Column("timezone", String(60)),
    Column("inherited_seconds", Integer),
)
"""What a clock was started with (the calendar, the rep's shift of that day, the inherited seconds). People change their
shifts, and a clock must be explained by the shift that it was started with."""

leads = Table(
    "leads",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("owner", String(100)),
    Column("team", String(100)),
    Column("tier", String(60), nullable=False),
    Column("terms_version", Integer, nullable=False),
    Column("routing_version", Integer, nullable=False),
    Column("first_epoch", Integer, nullable=False),
)

pending_actions = Table(
    "pending_actions",
    metadata,
    Column("action_id", String(36), primary_key=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("action", String(40), nullable=False),
    Column("answered_at", UtcDateTime, nullable=False),
    Column("until", UtcDateTime, nullable=False),
)
"""Answers that the notifier received and the router has neither applied nor refused yet. They may come before the assignment
that they answer."""

step_counts = Table(
    "step_counts",
    metadata,
    Column("lead", String(36), primary_key=True),
    Column("promise", String(40), primary_key=True),
    Column("actions", String(400), primary_key=True),
    Column("times", Integer, nullable=False),
)
"""How often an escalation step with `at_most` was done for a lead and promise, across epochs."""

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
"""The breach feed: every event of `baton.breaches`, in order, for `/v1/breaches`."""
