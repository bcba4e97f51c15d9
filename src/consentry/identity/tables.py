"""Tables that identity alone writes."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    TypeDecorator,
)

from consentry.infra.db import Instant, metadata
from consentry.kernel.access import Act, Role

from .model import CodeKind, Health, Method, PartyKind, SecondFactor, Surface


class OneOf(TypeDecorator[Any]):
    """A word of one closed list."""

    impl = String(20)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else value.value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.kind(value)


class SetOf(TypeDecorator[Any]):
    """Several words of one closed list, sorted, with commas between."""

    impl = String(400)
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Iterable[StrEnum] | None, dialect: Dialect) -> str | None:
        return None if value is None else ",".join(sorted(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> frozenset[StrEnum]:
        return frozenset(self.kind(word) for word in (value or "").split(",") if word)


party = Table(
    "party",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", OneOf(PartyKind), nullable=False),
    Column("name", String(120), nullable=False),
    Column("created_at", Instant, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("home_id", ForeignKey("party.id"), nullable=False),
    Column("login", String(64), nullable=False, unique=True),
    Column("name", String(120), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("password_hash", String(200)),
    Column("totp", LargeBinary),
    Column("totp_confirmed", Boolean, nullable=False),
    Column("totp_step", BigInteger, nullable=False),
)

membership = Table(
    "membership",
    metadata,
    Column("party_id", ForeignKey("party.id"), primary_key=True),
    Column("person_id", ForeignKey("person.id"), primary_key=True, index=True),
    Column("roles", SetOf(Role), nullable=False),
    Column("since", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("suspended_at", Instant),
)

session = Table(
    "person_session",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("person_id", ForeignKey("person.id"), nullable=False, index=True),
    Column("party_id", ForeignKey("party.id"), nullable=False),
    Column("surface", OneOf(Surface), nullable=False),
    Column("method", OneOf(Method), nullable=False),
    Column("second_factor", OneOf(SecondFactor), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False, index=True),
    Column("idle_s", Integer, nullable=False),
    Column("stepped_up_at", Instant, nullable=False),
    Column("network", String(64), nullable=False),
    Column("browser", String(64), nullable=False),
)

guess = Table(
    "guess",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
)

spent_challenge = Table(
    "spent_challenge",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("until", Instant, nullable=False, index=True),
)

one_time_code = Table(
    "one_time_code",
    metadata,
    Column("handle", String(4), primary_key=True),
    Column("kind", OneOf(CodeKind), nullable=False),
    Column("secret_hash", String(64), nullable=False),
    Column("party_id", ForeignKey("party.id")),
    Column("name", String(120), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
    Column("tries", Integer, nullable=False),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("party_id", ForeignKey("party.id"), nullable=False),
    Column("name", String(120), nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("scopes", SetOf(Act), nullable=False),
    Column("made_by", ForeignKey("person.id"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    Index("ix_api_token_party", "party_id", "id"),
)

edge = Table(
    "edge",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("party_id", ForeignKey("party.id"), nullable=False),
    Column("name", String(120), nullable=False),
    Column("key", LargeBinary, nullable=False, unique=True),
    Column("enrolled_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Column("connected_at", Instant),
    Column("reported_at", Instant),
    Column("version", String(40), nullable=False),
    Column("health", OneOf(Health)),
    Column("health_note", String(200), nullable=False),
    Index("ix_edge_party", "party_id", "id"),
)

edge_session = Table(
    "edge_session",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("edge_id", ForeignKey("edge.id"), nullable=False, index=True),
    Column("expires_at", Instant, nullable=False, index=True),
)
