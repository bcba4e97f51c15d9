"""The demo's hub before it serves: filled through its own services, under a staged clock."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from consentry.cameras import Registry
from consentry.consent.service import Consent
from consentry.identity import Identity
from consentry.identity.hasher import Hasher
from consentry.identity.model import Caller, Refused
from consentry.identity.sign_in import Wish
from consentry.incidents import IncidentDesk
from consentry.infra.db import Transaction, Work
from consentry.infra.files import write_durably
from consentry.infra.system import randomness
from consentry.kernel.access import Principal
from consentry.settings import (
    Audit,
    Consent as ConsentSettings,
    Hub as HubSettings,
    Identity as IdentitySettings,
    Settings,
)
from consentry.simulation import City
from consentry.simulation.keys import EDGES, OWNERS, KeyFolder
from consentry.simulation.people import PASSWORD
from consentry.simulation.populate import Means, begins, populate
from consentry.simulation.staging import StagedClock, StagedIds

from .services import Chance, Wiring
from .wiring import Hub

CAST: Final = "demo-city.json"
BUILDING: Final = "demo-building"
NAME: Final = "port-halden.demo"
LOOPBACK: Final = Caller(address="127.0.0.1", network="127.0.0.1", browser="demo")
REMADE: Final = ("consentry.db", "consentry.db-wal", "consentry.db-shm", "trust.json", CAST)
REMADE_FOLDERS: Final = ("keys", "log", OWNERS, EDGES)

Say = Callable[[str], None]


class NotADemoError(Exception):
    """The folder holds something that the demo did not make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """What the hub called what the city knows by key; kept in `DIR/demo-city.json`."""

    seed: int
    digest: str
    """Of the city: another version of its generator would give other cameras the same keys."""
    built_at: str
    parties: dict[str, str]
    cameras: dict[str, str]
    signers: dict[str, str]
    incident: str

    @classmethod
    def read(cls, data: Path) -> "Cast":
        return cls(**json.loads((data / CAST).read_text()))

    def write(self, data: Path) -> None:
        text = json.dumps(asdict(self), indent=1, sort_keys=True)
        write_durably(data / CAST, text.encode(), 0o600)


@dataclass(frozen=True, slots=True)
class Together:
    """Every service over one transaction. Implements `simulation.stage.Hands`."""

    identity: Identity
    registry: Registry
    desk: IncidentDesk
    consent: Consent


class Staging(Wiring):
    def together(self, tx: Transaction) -> Together:
        return Together(
            self._identity(tx), self._registry(tx), self._incidents(tx), self._consent(tx)
        )


def demo_settings(data: Path) -> Settings:
    """The demo's own: nothing of a file or of the environment changes it."""
    return Settings(
        hub=HubSettings(data=data, name=NAME),
        identity=IdentitySettings(staff_second_factor=False),
        audit=Audit(public_delay=timedelta(0)),
        consent=ConsentSettings(cooling=timedelta(0)),
    )


def prepare(data: Path, say: Say, now: datetime) -> tuple[City, Cast]:
    """The city in its folder: as it was left, or built anew. Raises NotADemoError."""
    city = City.build()
    cast = _cast(city, data, say, now)
    if cast.digest != city.digest():
        raise NotADemoError(f"Another version built {data}. Remove it, or give another --data.")
    return city, cast


def _cast(city: City, data: Path, say: Say, now: datetime) -> Cast:
    if (data / BUILDING).exists():
        say("the last start was cut short: building anew")
        _clear(data)
    if (data / CAST).exists():
        return Cast.read(data)
    if (data / "consentry.db").exists():
        raise NotADemoError(f"{data} is the folder of a hub that is no demo. Give another --data.")
    say("building Port Halden, once")
    (data / BUILDING).touch()
    cast = _build(city, data, say, now)
    cast.write(data)
    (data / BUILDING).unlink()
    return cast


def _clear(data: Path) -> None:
    """Only what a build makes, by name."""
    for name in REMADE:
        (data / name).unlink(missing_ok=True)
    for folder in REMADE_FOLDERS:
        if (data / folder).is_dir():
            _remove(data / folder)


def _remove(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            _remove(path)
        else:
            path.unlink()
    folder.rmdir()


def _build(city: City, data: Path, say: Say, now: datetime) -> Cast:
    clock = StagedClock(begins(now))
    ids = StagedIds(clock, randomness)
    chance = Chance(clock=clock, ids=ids)
    hub = Hub(demo_settings(data), "http://127.0.0.1", chance=chance)
    try:
        staging = Staging(hub.database, chance, hub.means, hub.consent_hub)
        means = Means(
            hub=hub.name,
            owner_keys=KeyFolder(data / OWNERS),
            edge_keys=KeyFolder(data / EDGES),
            clock=clock,
            ids=ids,
            randomness=randomness,
            password_hash=Hasher().hash_now(PASSWORD),
            sign_in=sign_in,
            say=say,
        )
        told = populate(city, Work(hub.database, staging.together), means, now)
        say("writing the log")
        hub.log.open()
        while hub.log.advance():
            pass
        if hub.log.alarm:
            raise RuntimeError(hub.log.alarm)
    finally:
        hub.database.close()
    return Cast(
        seed=city.seed,
        digest=city.digest(),
        built_at=now.isoformat(),
        parties=_plain(told.parties),
        cameras=_plain(told.cameras),
        signers=_plain(told.signers),
        incident=told.incident,
    )


def _plain(ids: dict[str, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in ids.items()}


def sign_in(identity: Identity, login: str, right: bool) -> Principal | None:  # noqa: FBT001 the port's word
    """Begin a session as the sign-in page would, the demo's password being known."""
    begun = identity.sign_in.begin(login, LOOPBACK)
    outcome = identity.sign_in.finish(begun, Wish(caller=LOOPBACK), matches=right)
    return None if isinstance(outcome, Refused) else outcome.principal
