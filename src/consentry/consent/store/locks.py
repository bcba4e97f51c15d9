"""Rows held until the transaction ends, in both dialects."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, Table
from sqlalchemy.dialects.postgresql import insert as insert_on_postgres
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.sql.dml import Insert

from consentry.consent.records import Lock


def locked(query: "Select[Any]", lock: Lock) -> "Select[Any]":
    """SQLAlchemy leaves the lock out on SQLite, where those who write stand in one line anyway."""
    if lock is Lock.NONE:
        return query
    return query.with_for_update(read=lock is Lock.SHARE)


def insert_missing(on_sqlite: bool, table: Table, row: Mapping[str, Any]) -> Insert:  # noqa: FBT001 as dialect.upsert
    if on_sqlite:
        return insert_on_sqlite(table).values(row).on_conflict_do_nothing()
    return insert_on_postgres(table).values(row).on_conflict_do_nothing()
