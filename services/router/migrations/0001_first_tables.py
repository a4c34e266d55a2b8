"""The first tables of the router."""

import sqlalchemy as sa
from alembic import op

from shared.store.kernel_migration import create_kernel_tables
from shared.store.types import Json, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    create_kernel_tables()
    op.create_table(
        "agreements",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=80), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("compiled", Json(), nullable=False),
        sa.Column("warnings", Json(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=False),
        sa.Column("uploaded_by", sa.String(length=200), nullable=False),
        sa.Column("published_at", UtcDateTime(), nullable=True),
        sa.Column("live_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "assignments",
        sa.Column("lead", sa.String(length=36), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=False),
        sa.Column("team", sa.String(length=100), nullable=True),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_why", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("lead", "epoch"),
    )
    op.create_table(
        "config_revisions",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("lead", sa.String(length=36), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("record", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_decisions_lead"), "decisions", ["lead"], unique=False)
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("endpoint", sa.String(length=100), nullable=False),
        sa.Column("dedupe_key", sa.String(length=300), nullable=False),
        sa.Column("dedupe_until", UtcDateTime(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("headers", Json(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("response_status", sa.Integer(), nullable=False),
        sa.Column("response_headers", Json(), nullable=False),
        sa.Column("response_body", sa.LargeBinary(), nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("endpoint", "dedupe_key"),
    )
    op.create_table(
        "identities",
        sa.Column("key", sa.String(length=400), nullable=False),
        sa.Column("lead", sa.String(length=36), nullable=True),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "item_keys",
        sa.Column("endpoint", sa.String(length=100), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("lead", sa.String(length=36), nullable=False),
        sa.Column("dedupe_until", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", "key"),
    )
    op.create_table(
        "items",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("intake", sa.String(length=36), nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("lead", sa.String(length=36), nullable=False),
        sa.Column("unmapped", Json(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_items_intake"), "items", ["intake"], unique=False)
    op.create_table(
        "lead_timeline",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("lead", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("data", Json(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_lead_timeline_lead"), "lead_timeline", ["lead"], unique=False)
    op.create_table(
        "leads",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("intake", sa.String(length=36), nullable=False),
        sa.Column("item", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=True),
        sa.Column("team", sa.String(length=100), nullable=True),
        sa.Column("tier", sa.String(length=60), nullable=True),
        sa.Column("grade", sa.String(length=10), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("needs_met", sa.Integer(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("terms_version", sa.Integer(), nullable=True),
        sa.Column("routing_version", sa.Integer(), nullable=True),
        sa.Column("merged_into", sa.String(length=36), nullable=True),
        sa.Column("linked_to", sa.String(length=36), nullable=True),
        sa.Column("previous_owner", sa.String(length=100), nullable=True),
        sa.Column("previous_until", UtcDateTime(), nullable=True),
        sa.Column("previous_owners", Json(), nullable=False),
        sa.Column("declines", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("qualified_at", UtcDateTime(), nullable=True),
        sa.Column("assigned_at", UtcDateTime(), nullable=True),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("attempted_at", UtcDateTime(), nullable=True),
        sa.Column("contacted_at", UtcDateTime(), nullable=True),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.Column("enquired_at", UtcDateTime(), nullable=False),
        sa.Column("form_fingerprint", sa.Text(), nullable=False),
        sa.Column("enquiry_count", sa.Integer(), nullable=False),
        sa.Column("needs_fetch", sa.Boolean(), nullable=False),
        sa.Column("used_turn", sa.Boolean(), nullable=False),
        sa.Column("card", Json(), nullable=False),
        sa.Column("facts", Json(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("leads_owner", "leads", ["owner", "state"], unique=False)
    op.create_index("leads_received", "leads", ["received_at", "id"], unique=False)
    op.create_index("leads_state", "leads", ["state", "received_at"], unique=False)
    op.create_table(
        "lists",
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("entries", Json(), nullable=False),
        sa.Column("hash", sa.String(length=80), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("doc", Json(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "signatures",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("side", sa.String(length=20), nullable=False),
        sa.Column("person", sa.String(length=200), nullable=False),
        sa.Column("key_name", sa.String(length=200), nullable=False),
        sa.Column("hash", sa.String(length=80), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version", "side"),
    )
    op.create_table(
        "turns",
        sa.Column("team", sa.String(length=100), nullable=False),
        sa.Column("rep", sa.String(length=100), nullable=False),
        sa.Column("turns", sa.BigInteger(), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("last_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("team", "rep"),
    )
