"""A whole hub with two agencies in it, and everyone who could knock at its door.

Who stands behind a request is told by a header here, so that each role can be tried on each
route; everything behind that is the hub as it is served.
"""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi import Request

from consentry.app.wiring import Hub
from consentry.audit import SYSTEM
from consentry.identity import NewPerson, PartyKind
from consentry.identity.model import Edge, Method, SecondFactor, Session, Surface
from consentry.identity.store import SqlEdges, SqlSessions
from consentry.infra.db import Database
from consentry.kernel.access import (
    ANYONE,
    TOKEN_SCOPES,
    Principal,
    PrincipalKind,
    Role,
)
from consentry.kernel.clock import Clock
from consentry.kernel.ids import EdgeId, PartyId, PersonId, SessionId
from consentry.settings import (
    Audit as AuditSettings,
    Consent as ConsentSettings,
    Hub as HubSettings,
    Identity as IdentitySettings,
    Settings,
)
from tests.identity.kit import HASH, KeyHolder

ORIGIN: Final = "http://127.0.0.1:8420"
HEADER: Final = "x-test-principal"
OURS, THEIRS = "ours", "theirs"
PLACE: Final = {"lat": 54.1, "lon": 12.1}
PUBLIC, EDGE, BARE_TOKEN, EVERYONE = "public", "edge", "token", "everyone"


@dataclass(frozen=True)
class Gate:
    """Implements `guard.Gate` in front of the real hub."""

    principals: dict[str, Principal]
    database: Database
    clock: Clock

    async def authenticate(self, request: Request) -> Principal:
        return self.principals.get(request.headers.get(HEADER, PUBLIC), ANYONE)


@dataclass
class World:
    hub: Hub
    client: httpx.AsyncClient
    principals: dict[str, Principal] = field(default_factory=dict)
    parties: dict[str, PartyId] = field(default_factory=dict)
    keys: dict[str, KeyHolder] = field(default_factory=dict)
    made: dict[str, set[str]] = field(default_factory=lambda: {OURS: set(), THEIRS: set()})
    """Ids on each side: none of theirs may ever show on ours."""
    numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def now(self) -> datetime:
        return self.hub.chance.clock.now()

    async def call(
        self, who: str, method: str, path: str, body: Any = None, **more: Any
    ) -> httpx.Response:
        """`who` is a principal of ours, or `theirs:` and one of theirs."""
        headers = {HEADER: who} | more.pop("headers", {})
        return await self.client.request(method, path, json=body, headers=headers, **more)

    async def made_by(self, who: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """What a request that must succeed answers; its id is noted as that side's."""
        answer = await self.call(who, method, path, body)
        assert answer.status_code < 300, f"{who} {method} {path}: {answer.text}"
        made: dict[str, Any] = answer.json() if answer.content else {}
        if "id" in made:
            self.made[THEIRS if who.startswith(THEIRS) else OURS].add(made["id"])
        return made

    def name(self, side: str, who: str) -> str:
        return who if side == OURS else f"{THEIRS}:{who}"

    def populate(self) -> None:
        for side in (OURS, THEIRS):
            self.add_party(side)
            for role in Role:
                self.add_person(side, role.value, frozenset({role}))
            self.add_person(side, EVERYONE, frozenset(Role))
            self.add_edge(side)
            self.add_tokens(side)
        self.principals[PUBLIC] = ANYONE

    def add_party(self, side: str) -> None:
        party = self.hub.services.identity.write_now(
            lambda s: s.people.create_party(SYSTEM, PartyKind.AGENCY, f"The {side}")
        )
        self.parties[side] = party.id
        self.made[side].add(party.id)

    def add_person(self, side: str, who: str, roles: frozenset[Role]) -> PersonId:
        party_id = self.parties[side]
        login = f"{side}.{who}.{next(self.numbers)}"
        new = NewPerson(login=login, name=f"A {who} of {side}", password_hash=HASH)
        member = self.hub.services.identity.write_now(
            lambda s: s.people.create_person(SYSTEM, party_id, new, roles, None)
        )
        self.made[side].add(member.person.id)
        self.principals[self.name(side, who)] = Principal(
            kind=PrincipalKind.PERSON,
            party_id=party_id,
            person_id=member.person.id,
            name=new.name,
            roles=roles,
            stepped_up_at=self.now,
        )
        return member.person.id

    def add_edge(self, side: str, who: str = EDGE) -> str:
        """An edge with a key that the tests hold, and the principal that it is once connected."""
        key = KeyHolder()
        edge_id = EdgeId(self.hub.chance.ids())
        edge = Edge(
            id=edge_id,
            party_id=self.parties[side],
            name=f"Box of {side}",
            key=key.public,
            enrolled_at=self.now,
        )
        self.hub.database.write_now(lambda tx: SqlEdges(tx).add(edge))
        self.keys[edge_id] = key
        self.made[side].add(edge_id)
        self.principals[self.name(side, who)] = Principal(
            kind=PrincipalKind.EDGE, party_id=edge.party_id, edge_id=edge_id, name=edge.name
        )
        return edge_id

    def add_tokens(self, side: str) -> None:
        bare = Principal(
            kind=PrincipalKind.TOKEN,
            party_id=self.parties[side],
            token_id=self.hub.chance.ids(),
            name="A program",
        )
        self.principals[self.name(side, BARE_TOKEN)] = bare
        for scope in TOKEN_SCOPES:
            named = self.name(side, f"{BARE_TOKEN}:{scope.value}")
            self.principals[named] = replace(bare, scopes=frozenset({scope}))

    def begin_session(self, who: str) -> str:
        """A fresh session for a person, as signing in would begin it."""
        held = self.principals[who]
        assert held.person_id is not None
        session = Session(
            id=SessionId(self.hub.chance.ids()),
            token_hash=f"{next(self.numbers):064x}",
            person_id=held.person_id,
            party_id=held.party,
            surface=Surface.CONSOLE,
            method=Method.PASSWORD,
            second_factor=SecondFactor.SKIPPED,
            created_at=self.now,
            seen_at=self.now,
            ends_at=self.now + timedelta(hours=1),
            idle_s=900,
            stepped_up_at=self.now,
            network="127.0.0.0/24",
            browser="test",
        )
        self.hub.database.write_now(lambda tx: SqlSessions(tx).add(session))
        self.principals[who] = replace(held, session_id=session.id, stepped_up_at=self.now)
        return session.id


def a_hub(folder: Path) -> Hub:
    settings = Settings(
        hub=HubSettings(data=folder, name="hub.test"),
        identity=IdentitySettings(staff_second_factor=False),
        audit=AuditSettings(public_delay=timedelta(0)),
        consent=ConsentSettings(cooling=timedelta(0)),
    )
    return Hub(settings, ORIGIN)


def keep_gate(hub: Hub, principals: dict[str, Principal]) -> None:
    hub.app.state.gate = Gate(principals, hub.database, hub.chance.clock)


@asynccontextmanager
async def a_world(folder: Path) -> AsyncIterator[World]:
    hub = a_hub(folder)
    transport = httpx.ASGITransport(hub.app, raise_app_exceptions=False)
    async with (
        hub.app.router.lifespan_context(hub.app),
        httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client,
    ):
        world = World(hub, client)
        world.populate()
        keep_gate(hub, world.principals)
        yield world
