"""A hub with its imports, a worker that runs when told, and somebody who sends files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from sqlalchemy import insert

from consentry.cameras.jobs import ImportJobs
from consentry.cameras.model import Filter, State
from consentry.cameras.routes import router
from consentry.cameras.routes_imports import imports_router
from consentry.cameras.spool import Spool
from consentry.cameras.store import SqlCameras
from consentry.identity import PartyKind
from consentry.identity.tables import party
from consentry.infra.db import Database, Transaction, Work
from consentry.infra.jobs import Worker
from consentry.kernel.access import Principal
from consentry.kernel.ids import PartyId
from tests.kit import NOON
from tests.kit.chance import VirtualClock

from .a_camera import AGENCY, SHOP, STRANGER
from .hub import ADMIN, Hub, as_

HEAD: Final = "reference,name,lat,lon\n"
THREE: Final = HEAD + "1,One,53.55,9.99\n2,Two,53.56,9.98\n3,Three,53.57,9.97\n"
OWNED: Final = "reference,name,lat,lon,owner\n"
BYTES_MAX: Final = 2_000_000


@dataclass
class Desk:
    """A hub with its imports, a worker that runs when told, and somebody who sends files."""

    hub: Hub
    client: httpx.AsyncClient
    worker: Worker
    folder: Path

    async def send(
        self, content: bytes | str, who: Principal = ADMIN, **options: Any
    ) -> httpx.Response:
        params = {"format": "csv"} | options
        return await self.client.post(
            "/api/cameras/imports", params=params, content=content, headers=as_(who)
        )

    async def done(
        self, content: bytes | str, who: Principal = ADMIN, **options: Any
    ) -> dict[str, Any]:
        answer = await self.send(content, who, **options)
        assert answer.status_code == 202, answer.text
        await self.worker.drain()
        return await self.told(answer.json()["id"], who)

    async def told(self, import_id: str, who: Principal = ADMIN) -> dict[str, Any]:
        answer = await self.client.get(f"/api/cameras/imports/{import_id}", headers=as_(who))
        told: dict[str, Any] = answer.json()
        return told

    async def post(self, import_id: str, what: str, who: Principal = ADMIN) -> httpx.Response:
        return await self.client.post(f"/api/cameras/imports/{import_id}/{what}", headers=as_(who))

    async def faults(self, import_id: str) -> list[tuple[int, str, str]]:
        answer = await self.client.get(
            f"/api/cameras/imports/{import_id}/errors?limit=200", headers=as_(ADMIN)
        )
        return [(one["row"], one["field"], one["message"]) for one in answer.json()["items"]]

    def names(self, party_id: PartyId = AGENCY, state: State = State.CONFIRMED) -> list[str]:
        wanted = Filter(states=frozenset({state}))
        held = self.hub.database.read_now(
            lambda tx: SqlCameras(tx).list_of(party_id, wanted, None, 9999)
        )
        return [one.name for one in held]

    def spooled(self) -> list[str]:
        return [path.name for path in self.folder.iterdir()]


class a_desk:  # noqa: N801 reads as a statement
    def __init__(self, database: Database, clock: VirtualClock, folder: Path) -> None:
        self._hub = Hub(database, clock)
        self._folder = folder / "uploads"
        self._spool = Spool(self._folder, bytes_max=BYTES_MAX, total_max=2 * BYTES_MAX)

    async def __aenter__(self) -> Desk:
        hub = self._hub
        self._spool.open()
        hub.database.write_now(enrol)
        jobs = ImportJobs(hub.make_intake, self._spool)
        worker = Worker(
            hub.database,
            hub.clock,
            jobs.handlers(),
            name="me",
            given_up=jobs.given_up(),
            told_by=lambda tx: None,
        )
        intake = Work(hub.database, hub.make_intake)
        imports = imports_router(intake, self._spool, hub.ids, worker.wake)
        self._client = hub.client([imports, router(hub.registry)])
        return Desk(hub, await self._client.__aenter__(), worker, self._folder)

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()


def enrol(tx: Transaction) -> None:
    names = {AGENCY: "Harbour Watch", SHOP: "Bakery", STRANGER: "Home"}
    rows = [
        {"id": key, "kind": PartyKind.BUSINESS, "name": name, "created_at": NOON}
        for key, name in names.items()
    ]
    tx.connection.execute(insert(party), rows)
