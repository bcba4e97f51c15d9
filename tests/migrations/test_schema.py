"""The history of the schema leads to the tables as they are declared, on both databases."""

from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text

from consentry.app import wiring  # noqa: F401 imports every feature with its tables
from consentry.infra.db import Database, metadata
from consentry.infra.db.schema import upgrade
from consentry.kernel.errors import ConflictError
from tests.kit.databases import Databases


def _ours(thing: Any, name: str | None, kind: str, *_: object) -> bool:
    return kind != "table" or not str(name).startswith("test_")


def test_an_upgraded_database_has_the_declared_tables(databases: Databases) -> None:
    database = Database(databases.url())
    upgrade(database)
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": _ours, "compare_type": True}
        )
        differences = compare_metadata(context, metadata)
    database.close()
    assert not differences, "run: python -m tools.migration"


def test_upgrading_twice_changes_nothing(databases: Databases) -> None:
    database = Database(databases.url())
    first = upgrade(database)
    tables = set(inspect(database.engine).get_table_names())
    assert upgrade(database) == first
    assert set(inspect(database.engine).get_table_names()) == tables
    database.close()


def test_a_database_of_a_newer_version_is_refused(databases: Databases) -> None:
    database = Database(databases.url())
    upgrade(database)
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConflictError, match="newer"):
        upgrade(database)
    database.close()
