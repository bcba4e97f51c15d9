"""Everything in which SQLite and PostgreSQL differ."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Engine, Table, create_engine, event
from sqlalchemy.dialects.postgresql import insert as insert_on_postgres
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.sql.dml import Insert

BUSY_TIMEOUT_MS: Final = 5_000
STATEMENT_TIMEOUT_MS: Final = 20_000
POSTGRES_OPTIONS: Final = f"-c statement_timeout={STATEMENT_TIMEOUT_MS} -c timezone=UTC"


def open_writer(url: str) -> Engine:
    if url.startswith("sqlite"):
        return _open_sqlite(url, begin="BEGIN IMMEDIATE", pool_size=1)
    return create_engine(url, pool_size=8, connect_args={"options": POSTGRES_OPTIONS})


def open_reader(url: str, readers: int) -> Engine:
    if url.startswith("sqlite"):
        return _open_sqlite(url, begin="BEGIN", pool_size=readers, reads_only=True)
    return create_engine(
        url,
        pool_size=readers,
        isolation_level="REPEATABLE READ",
        connect_args={"options": f"{POSTGRES_OPTIONS} -c default_transaction_read_only=on"},
    )


def upsert(on_sqlite: bool, table: Table, values: Mapping[str, Any], keys: Sequence[str]) -> Insert:  # noqa: FBT001
    """Insert a row, or update the one that has the same `keys`."""
    rest = {name: value for name, value in values.items() if name not in keys}
    if on_sqlite:
        return insert_on_sqlite(table).values(values).on_conflict_do_update(keys, set_=rest)
    return (
        insert_on_postgres(table)
        .values(values)
        .on_conflict_do_update(index_elements=keys, set_=rest)
    )


def _open_sqlite(url: str, *, begin: str, pool_size: int, reads_only: bool = False) -> Engine:
    engine = create_engine(url, pool_size=pool_size, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # the driver must not begin transactions of its own
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.execute("PRAGMA journal_mode=WAL")
        # FULL: with NORMAL a power cut may lose a commit whose checkpoint has been published.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA query_only={'ON' if reads_only else 'OFF'}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def start(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine
