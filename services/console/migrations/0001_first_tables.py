"""The first tables of the console."""

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
        sa.Column("published_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "clocks",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("lead", sa.String(length=36), nullable=False),
        sa.Column("promise", sa.String(length=40), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("warn_at", UtcDateTime(), nullable=True),
        sa.Column("in_words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("console_clocks_state", "clocks", ["state"], unique=False)
    op.create_index(op.f("ix_clocks_lead"), "clocks", ["lead"], unique=False)
    op.create_table(
        "leads",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("card", Json(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("owner", sa.String(length=100), nullable=True),
        sa.Column("team", sa.String(length=100), nullable=True),
        sa.Column("tier", sa.String(length=60), nullable=False),
        sa.Column("grade", sa.String(length=10), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("in_words", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=True),
        sa.Column("merged_into", sa.String(length=36), nullable=True),
        sa.Column("breaches", sa.Integer(), nullable=False),
        sa.Column("newest_entry", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("console_leads_newest_entry", "leads", ["newest_entry"], unique=False)
    op.create_index("console_leads_received", "leads", ["received_at"], unique=False)
    op.create_index("console_leads_state", "leads", ["state"], unique=False)
    op.create_table(
        "notices",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("lead", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("role", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=100), nullable=True),
        sa.Column("channel", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_notices_lead"), "notices", ["lead"], unique=False)
    op.create_table(
        "people",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "timeline",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("lead", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("type", sa.String(length=60), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("in_feed", sa.Boolean(), nullable=False),
        sa.Column("color", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_timeline_lead"), "timeline", ["lead"], unique=False)
