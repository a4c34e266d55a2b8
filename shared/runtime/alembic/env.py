"""Alembic's environment script: runs a migration chain on the connection that `shared.runtime.migrate` passes."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

connection = context.config.attributes["connection"]
schema = context.config.attributes["schema"]


def named(kind: str, item: Any, _: AutogenContext) -> str | Literal[False]:
    """Render the column types of `shared.store.types` by their short names."""
    return f"{type(item).__name__}()" if type(item).__module__ == "shared.store.types" else False


options = {"version_table_schema": schema} if connection.dialect.name == "postgresql" else {}
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("metadata"),
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=False,
    render_item=named,
    **options,
)
with context.begin_transaction():
    context.run_migrations()
