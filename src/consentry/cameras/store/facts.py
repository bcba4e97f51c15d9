"""What others read of the registry: facts for consent, columns for the index, owners by name."""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import BigInteger, ColumnElement, Select, case, or_, select, type_coerce

from consentry.cameras.columns import FACTS, TYPES, Columns, Windows
from consentry.cameras.model import HEALTHS, KINDS, SETTINGS, Setting, State
from consentry.cameras.tables import camera
from consentry.consent.model import CameraFacts
from consentry.consent.records import EdgeFacts
from consentry.consent.tables import consent_audience
from consentry.identity import PartyKind
from consentry.identity.tables import edge, party
from consentry.infra.db import Transaction
from consentry.kernel.geo import Point
from consentry.kernel.ids import CameraId, EdgeId, PartyId

from .portions import portions

READ_AT_ONCE: Final = 10_000


class SqlParties:
    """Implements `ports.Parties` from the tables of identity."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def named(self, names: Collection[str]) -> Mapping[str, PartyId]:
        ids: dict[str, PartyId] = {}
        named: dict[str, list[PartyId]] = {}
        for some in portions(names):
            query = select(party.c.id, party.c.name)
            found = query.where(or_(party.c.id.in_(some), party.c.name.in_(some)))
            for row in self._connection.execute(found):
                ids[row.id] = PartyId(row.id)
                named.setdefault(row.name, []).append(PartyId(row.id))
        unique = {name: held[0] for name, held in named.items() if len(set(held)) == 1}
        return {name: unique[name] for name in names if name in unique} | {
            name: ids[name] for name in names if name in ids
        }

    def holds_edge(self, party_id: PartyId, edge_id: EdgeId) -> bool:
        query = select(edge.c.id).where(
            edge.c.id == edge_id, edge.c.party_id == party_id, edge.c.revoked_at.is_(None)
        )
        return self._connection.scalar(query) is not None


class SqlCameraFacts:
    """Implements consent's `CameraFactsSource`. Protected places are consent's own to add.

    `built_in`: the hub's own edge, whose cameras are marked as kept by the hub.
    """

    def __init__(self, tx: Transaction, built_in: EdgeId | None = None) -> None:
        self._connection = tx.connection
        self._built_in = built_in

    def for_camera(self, camera_id: CameraId) -> CameraFacts | None:
        owned = camera.join(party, party.c.id == camera.c.party_id)
        query = select(
            camera.c.party_id, camera.c.lat, camera.c.lon, camera.c.setting, party.c.kind
        )
        row = self._connection.execute(query.select_from(owned).where(*_open(camera_id))).first()
        if row is None:
            return None
        return CameraFacts(
            id=camera_id,
            owner_id=PartyId(row.party_id),
            place=Point(row.lat, row.lon),
            private=row.kind is not PartyKind.AGENCY,
            home_interior=row.setting == Setting.HOME_INTERIOR.value,
        )

    def edge_of(self, camera_id: CameraId) -> EdgeFacts | None:
        hung = camera.join(edge, edge.c.id == camera.c.edge_id)
        query = select(edge.c.id, edge.c.key).select_from(hung)
        alive = edge.c.revoked_at.is_(None)
        row = self._connection.execute(query.where(alive, *_open(camera_id))).first()
        if row is None:
            return None
        edge_id = EdgeId(row.id)
        return EdgeFacts(id=edge_id, key=row.key.hex(), built_in=edge_id == self._built_in)


class SqlColumns:
    """Implements `columns.ColumnSource`."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def all_columns(self) -> Columns:
        return self._read(_FACTS, _AUDIENCE)

    def columns_of(self, camera_ids: Sequence[CameraId]) -> Columns:
        ids = list(camera_ids)
        audience = _AUDIENCE.where(consent_audience.c.camera_id.in_(ids))
        return self._read(_FACTS.where(camera.c.id.in_(ids)), audience)

    def _read(self, facts: Select[Any], audience: Select[Any]) -> Columns:
        parties: dict[str, int] = {}
        found = self._connection.execution_options(yield_per=READ_AT_ONCE).execute(facts)
        parts = [_arrays(rows, parties) for rows in found.partitions()] or [_arrays([], parties)]
        whole = {name: np.concatenate([part[name] for part in parts]) for name in FACTS}
        windows = self._windows(audience, whole["id"], parties)
        held = tuple(PartyId(name) for name in parties)
        return Columns(**whole, parties=held, windows=windows)

    def _windows(
        self, audience: Select[Any], ids: NDArray[np.bytes_], parties: dict[str, int]
    ) -> Windows:
        """Spans of the cameras at hand; what is granted of a draft shows it to nobody."""
        rows = self._connection.execute(audience).all()
        named = np.array([row[0] for row in rows], TYPES["id"])
        order = np.argsort(ids)
        spot = np.searchsorted(ids, named, sorter=order)
        at = order[np.minimum(spot, len(ids) - 1)] if len(ids) else np.zeros(len(rows), np.int64)
        here = ids[at] == named if len(ids) else np.zeros(len(rows), np.bool_)
        return Windows.of(
            [
                (int(place), parties.setdefault(row[1], len(parties)), *row[2:])
                for row, place, known in zip(rows, at, here, strict=True)
                if known
            ]
        )


def _arrays(rows: Sequence[Sequence[Any]], parties: dict[str, int]) -> dict[str, NDArray[Any]]:
    """Some rows as arrays, at once: a million rows as Python objects would take a gigabyte."""
    turned = list(zip(*rows, strict=True)) or [()] * len(FACTS)
    facts = dict(zip(FACTS, turned, strict=True))
    facts["owner"] = tuple(parties.setdefault(name, len(parties)) for name in facts["owner"])
    return {name: np.array(values, TYPES[name]) for name, values in facts.items()}


def _code(column: ColumnElement[Any], words: Sequence[StrEnum]) -> ColumnElement[int]:
    """The word's place in its closed list, counted by the database: a million rows at a time."""
    return case({word.value: code for code, word in enumerate(words)}, value=column)


_FACTS: Final = select(
    camera.c.id,
    camera.c.number,
    camera.c.lat,
    camera.c.lon,
    camera.c.party_id,
    _code(camera.c.kind, KINDS),
    _code(camera.c.setting, SETTINGS),
    _code(camera.c.health, HEALTHS),
    camera.c.night_vision,
    camera.c.bearing_deg,
    camera.c.fov_deg,
    camera.c.range_m,
).where(camera.c.state == State.CONFIRMED.value)
_AUDIENCE: Final = select(
    consent_audience.c.camera_id,
    consent_audience.c.party_id,
    consent_audience.c.level,
    type_coerce(consent_audience.c.starts_at, BigInteger),
    type_coerce(consent_audience.c.ends_at, BigInteger),
)


def _open(camera_id: CameraId) -> tuple[ColumnElement[bool], ...]:
    return camera.c.id == camera_id, camera.c.state == State.CONFIRMED.value
