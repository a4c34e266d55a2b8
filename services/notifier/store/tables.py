"""The notifier's tables: notices, leads, due times of clocks, answers and early events."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

from shared.reference.tables import reference_tables
from shared.store.kernel_tables import kernel_tables
from shared.store.types import BigId, Json, UtcDateTime
from shared.work.deferred import deferred_table

metadata = MetaData()
kernel_tables(metadata)
deferred_table(metadata)
reference_tables(metadata)

notices = Table(
    "notices",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("role", String(40), nullable=False),
    Column("person", String(200), nullable=False),
    Column("channel", String(120), nullable=False),
    Column("cause", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("not_before", UtcDateTime),
    Column("claimed_until", UtcDateTime),
    Column("message_id", String(320), nullable=False),
    Column("data", Json, nullable=False),
    Column("error", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("sent_at", UtcDateTime),
    UniqueConstraint("cause", "kind", "role", "person", "channel"),
    Index("notices_state", "state"),
)
"""One message to one person (or destination) by one channel. `state` waiting | ready | sending | sent | failed | suppressed.

`cause` is the id of the event that caused the notice; `not_before` (business time) is set when the channel has a delay;
`claimed_until` is real time."""

leads = Table(
    "leads",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("owner", String(100)),
    Column("team", String(100)),
    Column("tier", String(60), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("assigned_at", UtcDateTime),
    Column("terms_version", Integer, nullable=False),
    Column("rule", Text, nullable=False),
    Column("moved_by", String(64)),
    Column("card", Json, nullable=False),
)
"""Leads as the events of `baton.leads` describe them. `card` is personal data; `moved_by` is the id of the event that
caused the last change of state."""

clocks = Table(
    "clocks",
    metadata,
    Column("lead", String(36), primary_key=True),
    Column("promise", String(40), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("due_at", UtcDateTime, nullable=False),
)
"""Due times of running clocks."""

answers = Table(
    "answers",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("notice", String(36), nullable=False),
    Column("answer_group", String(12), nullable=False),
    Column("lead", String(36), nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("by", String(100), nullable=False),
    Column("action", String(20), nullable=False),
    Column("reason", Text),
    Column("answered_at", UtcDateTime, nullable=False),
    Column("action_id", String(64), index=True),
    Column("outcome", String(12), nullable=False),
    Column("explanation", Text, nullable=False),
    Column("unconfirmed", Boolean, nullable=False),
    UniqueConstraint("notice", "answer_group"),
)
"""Answers given by link, one for each notice and group (acceptance, contact; see `ANSWER_GROUP`).

`action_id` is the id of the answer's `action.taken` event, `outcome` "" | applied | refused, `explanation` the reason of a
refusal; `unconfirmed` is set when the page stopped waiting for the outcome."""

early_events = Table(
    "early_events",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
)
"""Events of the timer that arrived before their assignment: events of different topics arrive in any order."""
