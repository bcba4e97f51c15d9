"""Statements, the portal's stops, owners' keys, and what they let a map show."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import RowMapping, delete, insert, select, update

from consentry.consent.model import Span
from consentry.consent.records import Chain, Held, Lock, OwnerKey, Shown, Stop
from consentry.consent.tables import (
    consent_audience,
    consent_camera,
    consent_owner_key,
    consent_statement,
    consent_stop,
)
from consentry.infra.db import Transaction, epochs
from consentry.kernel.ids import CameraId, PartyId

from .locks import locked

IDS_PER_QUERY = 500
"""Below every driver's bound on parameters."""


class SqlStatements:
    """Implements `ports.Statements`."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._connection = tx.connection

    def chain(self, camera_id: CameraId, lock: Lock = Lock.NONE) -> Chain | None:
        query = select(consent_camera).where(consent_camera.c.camera_id == camera_id)
        row = self._connection.execute(locked(query, lock)).mappings().first()
        return None if row is None else Chain(**row)

    def start(self, chains: Sequence[Chain]) -> None:
        if chains:
            self._connection.execute(insert(consent_camera), [asdict(one) for one in chains])

    def keep(self, chain: Chain) -> None:
        held = consent_camera.c.camera_id == chain.camera_id
        self._connection.execute(update(consent_camera).where(held).values(asdict(chain)))

    def add(self, held: Sequence[Held]) -> None:
        if held:
            self._connection.execute(insert(consent_statement), [asdict(one) for one in held])

    def add_stop(self, stop: Stop) -> None:
        self._connection.execute(insert(consent_stop).values(asdict(stop)))

    def of_camera(self, camera_id: CameraId) -> Sequence[Held]:
        query = select(consent_statement).where(consent_statement.c.camera_id == camera_id)
        rows = self._connection.execute(query.order_by(consent_statement.c.n)).mappings()
        return [Held(**row) for row in rows]

    def page(self, camera_id: CameraId, after: int, limit: int) -> Sequence[Held]:
        query = (
            select(consent_statement)
            .where(consent_statement.c.camera_id == camera_id, consent_statement.c.n > after)
            .order_by(consent_statement.c.n)
            .limit(limit)
        )
        return [Held(**row) for row in self._connection.execute(query).mappings()]

    def by_hash(self, camera_id: CameraId, hash_: str) -> Held | None:
        query = select(consent_statement).where(
            consent_statement.c.camera_id == camera_id, consent_statement.c.hash == hash_
        )
        query = query.order_by(consent_statement.c.n).limit(1)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else Held(**row)

    def stops_of(self, camera_id: CameraId) -> Sequence[Stop]:
        query = select(consent_stop).where(consent_stop.c.camera_id == camera_id)
        rows = self._connection.execute(query.order_by(consent_stop.c.n)).mappings()
        return [Stop(**row) for row in rows]

    def uses_key(self, party_id: PartyId, key: str) -> bool:
        query = select(consent_camera.c.camera_id).where(
            consent_camera.c.party_id == party_id, consent_camera.c.owner_key == key
        )
        return self._connection.scalar(query.limit(1)) is not None

    def show(self, camera_ids: Sequence[CameraId], shown: Sequence[Shown]) -> None:
        for start in range(0, len(camera_ids), IDS_PER_QUERY):
            some = consent_audience.c.camera_id.in_(camera_ids[start : start + IDS_PER_QUERY])
            self._connection.execute(delete(consent_audience).where(some))
        if shown:
            self._connection.execute(insert(consent_audience), [_shown_row(s) for s in shown])
        epochs.bump(self._tx, epochs.CAMERAS, camera_ids)


class SqlOwnerKeys:
    """Implements `ports.OwnerKeys`."""

    def __init__(self, tx: Transaction) -> None:
        self._connection = tx.connection

    def of_party(self, party_id: PartyId) -> Sequence[OwnerKey]:
        query = select(consent_owner_key).where(consent_owner_key.c.party_id == party_id)
        rows = self._connection.execute(query.order_by(consent_owner_key.c.pinned_at)).mappings()
        return [OwnerKey(**row) for row in rows]

    def current(self, party_id: PartyId) -> OwnerKey | None:
        held = [key for key in self.of_party(party_id) if key.retired_at is None]
        return held[-1] if held else None

    def party_of(self, key: bytes) -> PartyId | None:
        query = select(consent_owner_key.c.party_id).where(
            consent_owner_key.c.key == key.hex(), consent_owner_key.c.retired_at.is_(None)
        )
        found = self._connection.scalar(query)
        return None if found is None else PartyId(found)

    def pin(self, key: OwnerKey) -> None:
        self._connection.execute(insert(consent_owner_key).values(asdict(key)))

    def retire(self, party_id: PartyId, key: str, at: datetime) -> None:
        held = (consent_owner_key.c.party_id == party_id) & (consent_owner_key.c.key == key)
        first = consent_owner_key.c.retired_at.is_(None)
        self._connection.execute(update(consent_owner_key).where(held, first).values(retired_at=at))


def _shown_row(shown: Shown) -> dict[str, object]:
    return {
        "camera_id": shown.camera_id,
        "party_id": shown.party_id,
        "level": shown.level,
        "starts_at": shown.span.start,
        "ends_at": shown.span.end,
    }


def shown_from(row: RowMapping) -> Shown:
    return Shown(
        camera_id=row["camera_id"],
        party_id=row["party_id"],
        level=row["level"],
        span=Span(start=row["starts_at"], end=row["ends_at"]),
    )
