"""Edges on the wire."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field, StringConstraints

from consentry.infra.web import Wire

from .model import Edge, Health
from .schemas import ChallengeId, Code, Id, Key, Name, Signature

BASE64_NONCE: Final = r"^[A-Za-z0-9+/=]{22,88}$"
SEALED_INSTANT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"


class EdgeCodeBody(Wire):
    name: Name


class EdgeCodeOut(Wire):
    code: str = Field(description="Typed at the edge within ten minutes. Told this once.")
    expires_at: datetime
    origin: str
    ca_fingerprint: str = Field(description="SHA-256 of the hub's authority; empty: a public one.")


class EnrolEdgeBody(Wire):
    code: Code
    key: Key


class EnrolledOut(Wire):
    edge_id: str
    party_id: str
    origin: str
    ca_fingerprint: str
    ticket_key: str


class EdgeChallengeBody(Wire):
    edge_id: Id


class ConnectBody(Wire):
    challenge_id: ChallengeId
    edge_nonce: Annotated[str, Field(pattern=BASE64_NONCE)]
    time: Annotated[str, Field(pattern=SEALED_INSTANT, description="By the edge's own clock.")]
    signature: Signature


class ConnectedOut(Wire):
    token: str = Field(description="Bearer token of this connection.")
    expires_at: datetime
    edge_id: str
    party_id: str
    ticket_key: str
    hub_time: datetime


class EdgeOut(Wire):
    id: str
    name: str
    key: str
    enrolled_at: datetime
    revoked_at: datetime | None
    connected_at: datetime | None
    reported_at: datetime | None
    version: str
    health: Health | None
    health_note: str

    @classmethod
    def of(cls, edge: Edge, key: str) -> "EdgeOut":
        return cls(
            id=edge.id,
            name=edge.name,
            key=key,
            enrolled_at=edge.enrolled_at,
            revoked_at=edge.revoked_at,
            connected_at=edge.connected_at,
            reported_at=edge.reported_at,
            version=edge.version,
            health=edge.health,
            health_note=edge.health_note,
        )


class ReportBody(Wire):
    version: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    health: Health
    note: Annotated[str, StringConstraints(max_length=200)] = ""
