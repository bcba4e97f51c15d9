"""The schema and its one linear history. A release may add; the next may remove."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from consentry.kernel.errors import ConflictError

from .database import Database

MIGRATIONS = Path(__file__).parent / "migrations"


def upgrade(database: Database) -> str:
    """Bring an empty or older database up to this version; return the revision it is at.

    Raises ConflictError for a database that a newer version has changed.
    """
    with database.engine.begin() as connection:
        config = configured(connection)
        _refuse_newer(config, connection)
        command.upgrade(config, "head")
        return _current(connection) or ""


def configured(connection: Connection) -> Config:
    """Alembic, pointed at our migrations and at this connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def _current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(config: Config, connection: Connection) -> None:
    current = _current(connection)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise ConflictError(
            f"The database is at schema {current}, which a newer version of Consentry has made. "
            "Start that version, or restore a backup from before it.",
            slug="schema_newer",
        )
