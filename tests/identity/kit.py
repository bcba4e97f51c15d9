"""A hub of identity alone: real routes, real SQL, a virtual clock, cheap hashes."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from pyotp.totp import TOTP

from consentry.audit import SYSTEM, Entry, Journal
from consentry.identity import (
    Identity,
    Means,
    Member,
    NewPerson,
    Party,
    PartyKind,
    Site,
)
from consentry.identity.authenticator import Authenticator
from consentry.identity.hasher import Hasher
from consentry.identity.routes import router
from consentry.identity.store import sql_stores
from consentry.infra.db import Database, Transaction, Work
from consentry.infra.web.problems import install
from consentry.kernel import canonical
from consentry.kernel.access import Role
from consentry.kernel.ids import PartyId
from tests.kit.chance import CountingBytes, CountingIds, VirtualClock
from tests.kit.journal import MemoryEntries

ORIGIN: Final = "https://hub.test"
PASSWORD: Final = "a long enough secret"
CHEAP: Final = Hasher(memory_kib=8, passes=1)
HASH: Final = CHEAP.hash_now(PASSWORD)
SECRET: Final = bytes(range(32))
TICKET_KEY: Final = b"t" * 32
FINGERPRINT: Final = "ab" * 32


class KnownKeys:
    """Implements `ports.OwnerKeys`."""

    def __init__(self) -> None:
        self.known: dict[bytes, PartyId] = {}

    def party_of(self, key: bytes) -> PartyId | None:
        return self.known.get(key)


@dataclass
class Hub:
    """Everything a test of the routes holds."""

    database: Database
    clock: VirtualClock
    means: Means
    entries: MemoryEntries
    keys: KnownKeys
    work: Work[Identity]
    app: FastAPI = field(default_factory=FastAPI)

    @property
    def acts(self) -> list[str]:
        return self.entries.acts

    @property
    def newest(self) -> Entry:
        return self.entries.held[-1]

    def party(self, kind: PartyKind = PartyKind.AGENCY, name: str = "Harbour Police") -> Party:
        return self.work.write_now(lambda s: s.people.create_party(SYSTEM, kind, name))

    def person(
        self, party: Party, login: str, *roles: Role, expires: datetime | None = None
    ) -> Member:
        new = NewPerson(login=login, name=login.title(), password_hash=HASH)
        return self.work.write_now(
            lambda s: s.people.create_person(SYSTEM, party.id, new, frozenset(roles), expires)
        )

    @asynccontextmanager
    async def client(
        self, *, browser: str = "Test/1", address: str = "192.0.2.10", page: bool = False
    ) -> AsyncIterator[httpx.AsyncClient]:
        """`page`: a browser on our own page. Otherwise a program."""
        headers = {"user-agent": browser} | ({"origin": ORIGIN} if page else {})
        transport = httpx.ASGITransport(self.app, client=(address, 4000))
        async with httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, headers=headers
        ) as client:
            yield client


def a_hub(
    database: Database, clock: VirtualClock, *, second_factor: bool = False, origin: str = ORIGIN
) -> Hub:
    means = Means(
        clock=clock,
        ids=CountingIds(),
        randomness=CountingBytes(),
        site=Site(origin),
        secret=SECRET,
        ticket_key=TICKET_KEY,
        ca_fingerprint=FINGERPRINT,
        staff_second_factor=second_factor,
    )
    entries, keys = MemoryEntries(), KnownKeys()
    journal = Journal(entries, clock, CountingIds(10_000), CountingBytes())

    def make(tx: Transaction) -> Identity:
        return Identity(sql_stores(tx), journal, means, keys)

    work = Work(database, make)
    hub = Hub(database, clock, means, entries, keys, work)
    install(hub.app)
    hub.app.include_router(router(work, CHEAP, means))
    hub.app.state.gate = SimpleNamespace(
        authenticate=Authenticator(work, means.site), database=database, clock=clock
    )
    return hub


async def sign_in(client: httpx.AsyncClient, login: str, **more: Any) -> dict[str, Any]:
    """Sign in and stay so: a program's client gets its bearer token, a page its cookie."""
    body = {"login": login, "password": PASSWORD} | more
    answer = await client.post("/api/sign-in", json=body)
    assert answer.status_code == 201, answer.text
    said: dict[str, Any] = answer.json()
    if said["token"]:
        client.headers["authorization"] = f"Bearer {said['token']}"
    return said


def totp_code(secret: str, clock: VirtualClock) -> str:
    return TOTP(secret).at(clock.now())


@dataclass
class KeyHolder:
    """An owner or an edge with a key of its own."""

    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public(self) -> bytes:
        return self.private.public_key().public_bytes_raw()

    @property
    def text(self) -> str:
        return base64.b64encode(self.public).decode()

    def sign(self, domain: bytes, said: dict[str, str]) -> str:
        return base64.b64encode(self.private.sign(domain + canonical.encode(said))).decode()


def problem_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and the last word of the stable type."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, answer.json()["type"].removeprefix("urn:consentry:problem:")
