"""One hub in one process: its parts made once, started in order, and stopped in reverse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import urlsplit

import structlog
from fastapi import APIRouter, FastAPI
from sqlalchemy import select

from consentry.audit import Retention
from consentry.audit.jobs import gather_for_ever
from consentry.audit.log import Log
from consentry.audit.mirror import Mirror
from consentry.audit.notes import VerifierKey
from consentry.audit.routes import router as audit_router
from consentry.audit.store import SqlLedger
from consentry.audit.trust import Vault
from consentry.cameras import CameraIndex, IndexRefresher
from consentry.cameras.jobs import ImportJobs
from consentry.cameras.routes import router as cameras_router
from consentry.cameras.routes_imports import imports_router
from consentry.cameras.search_routes import search_router
from consentry.cameras.spool import Spool
from consentry.cameras.store import SqlColumns, SqlImports
from consentry.consent import Hub as ConsentHub
from consentry.consent.routes import Desk, Pinned, router as consent_router
from consentry.identity import Means, Site
from consentry.identity.authenticator import Authenticator
from consentry.identity.hasher import Hasher
from consentry.identity.routes import router as identity_router
from consentry.incidents.routes import router as incidents_router
from consentry.infra.db import Database
from consentry.infra.db.epochs import CAMERAS, prune
from consentry.infra.db.once import KEPT_HOURS, forget_before
from consentry.infra.db.schema import upgrade
from consentry.infra.jobs import SqlJobs, Worker
from consentry.infra.keyring import Keyring
from consentry.infra.telemetry import Metrics
from consentry.kernel.clock import EPOCH, Clock
from consentry.kernel.errors import ConsentryError
from consentry.kernel.ids import EdgeId, new_id
from consentry.settings import Settings

from .http import health_router, make_app
from .proofs import LogProofs
from .services import Chance, Services, Wiring, nobody_to_tell

SWEEP_EVERY_S: Final = 60.0
MIRROR_EVERY_S: Final = 1.0
JOBS_KEPT: Final = timedelta(days=30)

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Gate:
    """Implements `infra.web.guard.Gate`."""

    authenticate: Authenticator
    database: Database
    clock: Clock


class Hub:
    """Everything that one process holds. `app` starts and stops the rest with its lifespan."""

    def __init__(
        self,
        settings: Settings,
        origin: str,
        *,
        ca_fingerprint: str = "",
        chance: Chance | None = None,
    ) -> None:
        self.settings = settings
        self.site = Site(origin)
        self.chance = chance or Chance()
        data = settings.hub.data
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.keys = Keyring(data / "keys", self.chance.randomness)
        self.ticket_key = self.keys.ed25519("ticket")
        self.vault = Vault.open(data, settings.hub.name or self._fresh_name())
        keys = tuple(map(VerifierKey.parse, settings.audit.witness_keys))
        self.vault.set_policy(keys, settings.audit.quorum)
        self.database = Database(settings.database_url)
        upgrade(self.database)
        self.metrics = Metrics()
        clock = self.chance.clock
        delay = settings.audit.public_delay
        self.log = Log(self.database, SqlLedger, self.vault, clock, delay=delay)
        self.mirror = Mirror(self.log, data / "log")
        self.proofs = LogProofs(self.log, self.database)
        self.index = CameraIndex(clock)
        self.refresher = IndexRefresher(self.index, self.database, SqlColumns, clock)
        self.means = self._means(ca_fingerprint)
        self.consent_hub = ConsentHub(
            origin=self.name,
            name=self.name,
            url=origin,
            built_in_edge=self._built_in_edge(),
            cooling=settings.consent.cooling,
        )
        self.wiring = self._wiring()
        self.services: Services = self.wiring.services()
        # One for all of the process: it lets two passwords be hashed at a time.
        self.hasher = Hasher()
        self.spool = Spool(data / "imports")
        self.worker = self._worker()
        self.app = self._make_app()

    def _means(self, ca_fingerprint: str) -> Means:
        return Means(
            clock=self.chance.clock,
            ids=self.chance.ids,
            randomness=self.chance.randomness,
            site=self.site,
            secret=self.keys.secret("identity"),
            ticket_key=self.ticket_key.public_key().public_bytes_raw(),
            ca_fingerprint=ca_fingerprint,
            staff_second_factor=self.settings.identity.staff_second_factor,
        )

    def _wiring(self) -> Wiring:
        years = self.settings.audit.retention_years
        return Wiring(
            self.database,
            self.chance,
            self.means,
            self.consent_hub,
            retention=Retention(span=timedelta(days=366 * years)),
            committed=self.log.wake,
        )

    def _worker(self) -> Worker:
        imports = ImportJobs(self.wiring.intake, self.spool)
        handlers, given_up = imports.handlers(), imports.given_up()
        return Worker(self.database, self.chance.clock, handlers, name="hub", given_up=given_up)

    @property
    def name(self) -> str:
        """The log's origin, and the hub's name in every seal."""
        return self.log.policy.log.name

    def _built_in_edge(self) -> EdgeId:
        """The edge inside this hub: the same for as long as the hub has its ticket key."""
        public = self.ticket_key.public_key().public_bytes_raw()
        return EdgeId(new_id(EPOCH, sha256(public).digest()))

    def _fresh_name(self) -> str:
        return f"{self.chance.randomness(6).hex()}.hub.consentry"

    def _make_app(self) -> FastAPI:
        app = make_app(routers(self), host_names(self.site), self.metrics, self._lifespan)
        app.state.gate = Gate(
            Authenticator(self.services.identity, self.site), self.database, self.chance.clock
        )
        return app

    async def waiting_for(self) -> list[str]:
        """What is not ready yet. Implements `http.WaitingFor`."""
        checks = {
            "database": await self._answers(),
            "log": not self.log.alarm,
            "index": self.refresher.loaded,
        }
        return [name for name, ready in checks.items() if not ready]

    async def _answers(self) -> bool:
        try:
            await self.database.read(lambda tx: tx.connection.scalar(select(1)))
        except ConsentryError as error:
            _log.warning("database_not_ready", reason=error.detail)
            return False
        return True

    @asynccontextmanager
    async def _lifespan(self, _: FastAPI) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        await self.log.start()
        await self.refresher.start()
        await asyncio.to_thread(self._open_spool)

        def tell() -> None:
            loop.call_soon_threadsafe(self.refresher.hint)

        self.wiring.on_cameras_changed = tell
        try:
            async with asyncio.TaskGroup() as tasks:
                working = [
                    self._keep_house(),
                    self._keep_mirror(),
                    self.worker.run(),
                    self._ask_witnesses(),
                ]
                running = [tasks.create_task(one) for one in working]
                yield
                for task in running:
                    task.cancel()
        finally:
            self.wiring.on_cameras_changed = nobody_to_tell
            await self.refresher.stop()
            await self.log.stop()
            self.hasher.close()
            await asyncio.to_thread(self.database.close)

    def _open_spool(self) -> None:
        self.spool.open(self.database.read_now(lambda tx: SqlImports(tx).open_ids()))

    async def _ask_witnesses(self) -> None:
        if self.settings.audit.witnesses:
            await gather_for_ever(self.log, self.settings.audit.witness_urls)

    async def _keep_mirror(self) -> None:
        while True:
            try:
                await asyncio.to_thread(self.mirror.keep_up)
            except (ConsentryError, OSError) as error:
                _log.warning("log_not_mirrored", reason=str(error))
            await asyncio.sleep(MIRROR_EVERY_S)

    async def _keep_house(self) -> None:
        """What nothing depends on at once: forget what has run out, let old asks lapse."""
        while True:
            try:
                await self._sweep()
            except ConsentryError as error:
                _log.warning("house_not_kept", reason=error.detail)
            self.metrics.log_size.set(self.log.size)
            await asyncio.sleep(SWEEP_EVERY_S)

    async def _sweep(self) -> None:
        await self.services.identity.write(lambda identity: identity.sweep())
        await self.services.consent.write(lambda consent: consent.asks.lapse_waiting())
        await self.database.write(lambda tx: prune(tx, CAMERAS))
        now = self.chance.clock.now()
        bound, finished = now - timedelta(hours=KEPT_HOURS), now - JOBS_KEPT
        await self.database.write(lambda tx: forget_before(tx.connection, bound))
        await self.database.write(lambda tx: SqlJobs(tx).forget_before(finished))


def routers(hub: Hub) -> list[APIRouter]:
    """Every router of the hub, in the order in which paths are matched."""
    services, clock, ids = hub.services, hub.chance.clock, hub.chance.ids
    desk = Desk(hub.proofs, hub.ticket_key)
    return [
        health_router(hub.waiting_for, hub.metrics),
        identity_router(services.identity, hub.hasher, hub.means),
        consent_router(services.consent, desk, _pinned(hub), clock),
        incidents_router(services.incidents),
        search_router(services.searches, hub.index, clock),
        imports_router(services.intake, hub.spool, ids, hub.worker.wake),
        cameras_router(services.registry),
        audit_router(services.auditing, hub.log),
    ]


def _pinned(hub: Hub) -> Pinned:
    return Pinned(
        hub=hub.consent_hub,
        ticket_key=hub.means.ticket_key.hex(),
        log_key=str(hub.log.policy.log),
    )


def host_names(site: Site) -> list[str]:
    """The names by which requests may call this hub."""
    return sorted({urlsplit(origin).hostname or "" for origin in site.origins})
