"""Tables of schema `access`: API keys, webhook endpoints, destinations, the clock row. The router writes, all read."""

from sqlalchemy import Boolean, Column, Float, Integer, MetaData, String, Table, Text

from shared.store.types import Json, UtcDateTime

metadata = MetaData()

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("person", String(100)),
    Column("roles", Json, nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)
endpoints = Table(
    "endpoints",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("source", String(40), nullable=False),
    Column("scheme", String(40), nullable=False),
    Column("url", Text, nullable=False),
    Column("secrets", Json, nullable=False),
    Column("mapping", Json),
    Column("options", Json),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)
destinations = Table(
    "destinations",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("local", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
)
clock = Table(
    "clock",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("base", UtcDateTime, nullable=False),
    Column("rate", Float, nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)
access_version = Table(
    "access_version",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("n", Integer, nullable=False),
)
changes = Table(
    "changes",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("by", String(200), nullable=False),
    Column("what", String(40), nullable=False),
    Column("which", String(200), nullable=False),
    Column("before", Json),
    Column("after", Json),
)
