"""How Alembic reaches the database: over the connection that `infra.db.schema` hands it."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import TypeDecorator

from consentry.infra.db.tables import metadata


def render(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Our own column types as what they are stored as: history must not lean on today's code."""
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl!r}"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
