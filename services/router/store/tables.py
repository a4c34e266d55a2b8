"""The router's tables: deliveries and their items, leads and their decisions, round robin turns, people, agreements."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from shared.store.kernel_tables import kernel_tables
from shared.store.types import BigId, Json, UtcDateTime

metadata = MetaData()
kernel_tables(metadata)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("endpoint", String(100), nullable=False),
    Column("dedupe_key", String(300), nullable=False),
    Column("dedupe_until", UtcDateTime, nullable=False),
    Column("source", String(40), nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("method", String(10), nullable=False),
    Column("query", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("headers", Json, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("response_status", Integer, nullable=False),
    Column("response_headers", Json, nullable=False),
    Column("response_body", LargeBinary, nullable=False),
    Column("item_count", Integer),
    UniqueConstraint("endpoint", "dedupe_key"),
)

items = Table(
    "items",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("intake", String(36), nullable=False, index=True),
    Column("item", Integer, nullable=False),
    Column("outcome", String(12), nullable=False),
    Column("lead", String(36), nullable=False),
    Column("unmapped", Json),
    Column("note", Text, nullable=False),
)
"""One lead in one request, at place `item`; `outcome` is lead | merged | duplicate | parked, `lead` the one it is about."""

item_keys = Table(
    "item_keys",
    metadata,
    Column("endpoint", String(100), primary_key=True),
    Column("key", String(300), primary_key=True),
    Column("lead", String(36), nullable=False),
    Column("dedupe_until", UtcDateTime, nullable=False),
)

identities = Table(
    "identities",
    metadata,
    Column("key", String(400), primary_key=True),
    Column("lead", String(36)),
)
"""Keys `id:SOURCE:ID`, `email:ADDRESS`, `phone:NUMBER` point at the latest lead of a person; locked before leads."""

leads = Table(
    "leads",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("intake", String(36), nullable=False),
    Column("item", Integer, nullable=False),
    Column("endpoint", String(100), nullable=False),
    Column("source", String(40), nullable=False),
    Column("state", String(16), nullable=False),
    Column("since", UtcDateTime, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("owner", String(100)),
    Column("team", String(100)),
    Column("tier", String(60)),
    Column("grade", String(10)),
    Column("score", Integer),
    Column("needs_met", Integer),
    Column("rule", Text),
    Column("terms_version", Integer),
    Column("routing_version", Integer),
    Column("merged_into", String(36)),
    Column("linked_to", String(36)),
    Column("previous_owner", String(100)),
    Column("previous_until", UtcDateTime),
    Column("previous_owners", Json, nullable=False),
    Column("declines", Integer, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("qualified_at", UtcDateTime),
    Column("assigned_at", UtcDateTime),
    Column("accepted_at", UtcDateTime),
    Column("attempted_at", UtcDateTime),
    Column("contacted_at", UtcDateTime),
    Column("closed_at", UtcDateTime),
    Column("enquired_at", UtcDateTime, nullable=False),
    Column("form_fingerprint", Text, nullable=False),
    Column("enquiry_count", Integer, nullable=False),
    Column("needs_fetch", Boolean, nullable=False),
    Column("used_turn", Boolean, nullable=False),
    Column("card", Json, nullable=False),
    Column("facts", Json, nullable=False),
    Column("why", Text, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Index("leads_state", "state", "received_at"),
    Index("leads_owner", "owner", "state"),
    Index("leads_received", "received_at", "id"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("epoch", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("record", Json, nullable=False),
)

assignments = Table(
    "assignments",
    metadata,
    Column("lead", String(36), primary_key=True),
    Column("epoch", Integer, primary_key=True),
    Column("owner", String(100), nullable=False),
    Column("team", String(100)),
    Column("at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("ended_why", Text),
)

lead_timeline = Table(
    "lead_timeline",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=True),
    Column("lead", String(36), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("type", String(60), nullable=False),
    Column("data", Json, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("team", String(100), primary_key=True),
    Column("rep", String(100), primary_key=True),
    Column("turns", BigInteger, nullable=False),
    Column("weight", Integer, nullable=False),
    Column("last_at", UtcDateTime),
)

people = Table(
    "people",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("doc", Json, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(200), nullable=False),
)

lists = Table(
    "lists",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("entries", Json, nullable=False),
    Column("hash", String(80), nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Column("changed_by", String(200), nullable=False),
)

agreements = Table(
    "agreements",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("hash", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("compiled", Json, nullable=False),
    Column("warnings", Json, nullable=False),
    Column("state", String(12), nullable=False),
    Column("uploaded_at", UtcDateTime, nullable=False),
    Column("uploaded_by", String(200), nullable=False),
    Column("published_at", UtcDateTime),
    Column("live_at", UtcDateTime),
)
"""`state` draft | signed | published | live | superseded."""

signatures = Table(
    "signatures",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("side", String(20), primary_key=True),
    Column("person", String(200), nullable=False),
    Column("key_name", String(200), nullable=False),
    Column("hash", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

config_revisions = Table(
    "config_revisions",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("revision", BigInteger, nullable=False),
)
"""How often the roster, the agreement and the lists have changed; read in the transaction that uses the cached copy."""
