"""The console's tables: leads, clocks, notices and the timeline, projected from the topics for the pages."""

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, String, Table, Text

from shared.store.kernel_tables import kernel_tables
from shared.store.types import BigId, Json, UtcDateTime

metadata = MetaData()
kernel_tables(metadata)

leads = Table(
    "leads",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("card", Json, nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("owner", String(100)),
    Column("team", String(100)),
    Column("tier", String(60), nullable=False),
    Column("grade", String(10)),
    Column("epoch", Integer, nullable=False),
    Column("rule", Text, nullable=False),
    Column("in_words", Text, nullable=False),
    Column("received_at", UtcDateTime),
    Column("merged_into", String(36)),
    Column("breaches", Integer, nullable=False),
    Column("newest_entry", BigId, nullable=False),
    Index("console_leads_newest_entry", "newest_entry"),
    Index("console_leads_state", "state"),
    Index("console_leads_received", "received_at"),
)
"""`state` is "" until the first event of the lead itself; `newest_entry` is the id of its newest timeline entry."""
clocks = Table(
    "clocks",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("promise", String(40), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("owner", String(100)),
    Column("state", String(12), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("warn_at", UtcDateTime),
    Column("in_words", Text, nullable=False),
    Index("console_clocks_state", "state"),
)
notices = Table(
    "notices",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("role", String(40), nullable=False),
    Column("person", String(100)),
    Column("channel", String(120), nullable=False),
    Column("state", String(12), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("why", Text, nullable=False),
)
timeline = Table(
    "timeline",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("type", String(60), nullable=False),
    Column("text", Text, nullable=False),
    Column("in_feed", Boolean, nullable=False),
    Column("color", String(8), nullable=False),
)
"""One sentence for each event. Live pages poll this table for new entries, so any process can serve them."""
people = Table("people", metadata, Column("id", String(100), primary_key=True), Column("name", Text, nullable=False))
agreements = Table(
    "agreements",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("published_at", UtcDateTime, nullable=False),
)
