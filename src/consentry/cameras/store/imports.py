"""Imports in SQL: how far each is, and what was wrong with which row."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, fields
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from consentry.audit import Actor
from consentry.cameras.imports import OPEN, Counts, Import, ImportState, Options
from consentry.cameras.records import Format, RowFault
from consentry.cameras.tables import camera_import, camera_import_error
from consentry.infra.db import Transaction
from consentry.kernel.errors import Fault, NotFoundError
from consentry.kernel.ids import JobId, PartyId

_COUNTS = tuple(field.name for field in fields(Counts))
_OPEN = sorted(state.value for state in OPEN)


class SqlImports:
    """Implements `ports.Imports`."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def add(self, one: Import) -> None:
        self._connection.execute(insert(camera_import).values(_to_row(one)))

    def get(self, import_id: str, party_id: PartyId) -> Import:
        held = camera_import.c.id == import_id, camera_import.c.party_id == party_id
        return _one(self._connection.execute(select(camera_import).where(*held)).one_or_none())

    def locked(self, import_id: str) -> Import:
        query = select(camera_import).where(camera_import.c.id == import_id)
        return _one(self._connection.execute(query.with_for_update()).one_or_none())

    def list_of(self, party_id: PartyId, before: str | None, limit: int) -> Sequence[Import]:
        query = select(camera_import).where(camera_import.c.party_id == party_id)
        if before is not None:
            query = query.where(camera_import.c.id < before)
        rows = self._connection.execute(query.order_by(camera_import.c.id.desc()).limit(limit))
        return [_from_row(row) for row in rows]

    def save(self, one: Import) -> None:
        row = _to_row(one)
        self._connection.execute(
            update(camera_import).where(camera_import.c.id == row.pop("id")).values(row)
        )

    def open_count(self, party_id: PartyId) -> int:
        query = select(func.count()).select_from(camera_import)
        held = camera_import.c.party_id == party_id, camera_import.c.state.in_(_OPEN)
        return self._connection.scalar(query.where(*held)) or 0

    def open_ids(self) -> Collection[str]:
        query = select(camera_import.c.id).where(camera_import.c.state.in_(_OPEN))
        return set(self._connection.scalars(query))

    def add_faults(self, import_id: str, first: int, faults: Sequence[RowFault]) -> None:
        rows = [
            {"import_id": import_id, "n": first + offset, "row": told.row} | asdict(told.fault)
            for offset, told in enumerate(faults)
        ]
        if rows:
            self._connection.execute(insert(camera_import_error), rows)

    def faults_of(self, import_id: str, after: int, limit: int) -> Sequence[tuple[int, RowFault]]:
        kept = camera_import_error.c
        query = select(camera_import_error).where(kept.import_id == import_id, kept.n > after)
        rows = self._connection.execute(query.order_by(kept.n).limit(limit))
        return [
            (
                row.n,
                RowFault(
                    row=row.row,
                    fault=Fault(field=row.field, message=row.message, limit=row.limit),
                ),
            )
            for row in rows
        ]


def _to_row(one: Import) -> dict[str, Any]:
    return asdict(one.counts) | {
        "id": one.id,
        "party_id": one.party_id,
        "actor": asdict(one.actor),
        "options": asdict(one.options),
        "state": one.state.value,
        "job_id": one.job_id,
        "bytes": one.bytes,
        "sha256": one.sha256,
        "rows_total": one.rows_total,
        "removed": one.removed,
        "error": None if one.error is None else asdict(one.error),
        "notes": dict(one.notes),
        "created_at": one.created_at,
        "finished_at": one.finished_at,
    }


def _from_row(row: Row[Any]) -> Import:
    return Import(
        id=row.id,
        party_id=PartyId(row.party_id),
        actor=Actor(**row.actor),
        options=Options(**row.options | {"format": Format(row.options["format"])}),
        state=ImportState(row.state),
        job_id=JobId(row.job_id),
        bytes=row.bytes,
        sha256=row.sha256,
        created_at=row.created_at,
        finished_at=row.finished_at,
        rows_total=row.rows_total,
        counts=Counts(**{name: getattr(row, name) for name in _COUNTS}),
        removed=row.removed,
        error=None if row.error is None else Fault(**row.error),
        notes=row.notes,
    )


def _one(row: Row[Any] | None) -> Import:
    if row is None:
        raise NotFoundError("There is no such import among yours.")
    return _from_row(row)
