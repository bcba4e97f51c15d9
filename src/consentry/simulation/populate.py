"""Fill an empty hub with Port Halden: its people, cameras, promises, past week and present."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Final

from consentry.audit import Actor
from consentry.consent import (
    FIRST,
    PlaceDraft,
    ProtectedKind,
    Purpose,
    Sealed,
    key_claim,
)
from consentry.incidents import Incident
from consentry.infra.db import Work
from consentry.kernel.geo import Circle, Point
from consentry.kernel.ids import CameraId, IncidentId, PartyId, PersonId, Randomness

from .agenda import Agenda
from .calls import STORIES, Calls
from .city import City
from .founding import Founded, enrol_edges, found_parties, hang_cameras
from .keys import KeyFolder, public_hex
from .sealing import PUBLIC, Pen, terms_of
from .stage import Hands, SignIn, Stage
from .staging import StagedClock, StagedIds
from .week import CALLS_A_DAY, DAYS, Week, open_token, record_basis

SETTLED_DAYS: Final = 2
"""Parties, cameras and promises are there so much longer than the week that is told."""
LAST_NUMBER: Final = 412
"""The preset incident's."""
SPARE_NUMBERS: Final = 10
BASES_AT_ONCE: Final = 500
QUIET: Final = timedelta(minutes=50)
"""The open incidents of the present begin so long ago."""
LAST_CALL: Final = timedelta(minutes=135)
"""So long a call of the past may take until it is closed."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What the telling needs beside the services."""

    hub: str
    """The name that seals bind to."""
    owner_keys: KeyFolder
    edge_keys: KeyFolder
    clock: StagedClock
    ids: StagedIds
    randomness: Randomness
    password_hash: str
    sign_in: SignIn
    say: Progress


@dataclass(frozen=True, slots=True, kw_only=True)
class Populated:
    """What the hub called what the city knows by key."""

    parties: dict[str, PartyId]
    cameras: dict[str, CameraId]
    signers: dict[str, PersonId]
    incident: IncidentId
    """The preset one."""


def begins(now: datetime) -> datetime:
    """When the telling starts: midnight, some days before the week."""
    midnight = datetime.combine(now.astimezone(UTC), time(), UTC)
    return midnight - timedelta(days=DAYS + SETTLED_DAYS)


def populate(city: City, work: Work[Hands], means: Means, now: datetime) -> Populated:
    """Everything, from the first party to the incident that is open now."""
    say = means.say
    say(f"founding {len(city.owners)} parties")
    founded = work.write_now(lambda hands: _found(city, hands, means))
    stage = Stage(
        city=city,
        clock=means.clock,
        ids=means.ids,
        founded=founded,
        pen=Pen(means.hub, means.owner_keys, means.clock),
        sign_in=means.sign_in,
    )
    say(f"sealing {len(city.cameras)} promises with the owners' keys")
    work.write_now(lambda hands: _promise(stage, hands))
    work.write_now(lambda hands: _guard(stage, hands))
    agenda = Agenda(stage)
    token_id = work.write_now(lambda hands: open_token(stage, hands))
    first_number = LAST_NUMBER - (DAYS + 1) * CALLS_A_DAY - SPARE_NUMBERS
    calls = Calls(agenda, token_id, first_number, now - LAST_CALL)
    say(f"telling the past {DAYS} days")
    _tell(stage, work, Week(agenda, calls), now)
    preset = work.write_now(lambda hands: _present(stage, hands, calls, now))
    return Populated(
        parties=founded.parties,
        cameras=founded.cameras,
        signers={key: someone.person_id for key, someone in founded.signers.items()},
        incident=preset.id,
    )


def _found(city: City, hands: Hands, means: Means) -> Founded:
    founded = found_parties(city, hands.identity, means.password_hash)
    means.clock.advance(3600)
    enrol_edges(city, hands.identity, founded, _edge_keys(means), means.clock.now())
    hang_cameras(city, hands.registry, founded, means.clock.now())
    means.clock.advance(3600)
    for owner in city.owners:
        signer = founded.signers[owner.key].principal(means.clock.now())
        key = means.owner_keys.make(owner.key, means.randomness)
        claim = key_claim(means.hub, signer.party, public_hex(key))
        hands.consent.accounts.register_key(signer, public_hex(key), key.sign(claim).hex())
    return founded


def _edge_keys(means: Means) -> Callable[[str], bytes]:
    def public(owner: str) -> bytes:
        made = means.edge_keys.make(owner, means.randomness)
        return made.public_key().public_bytes_raw()

    return public


def _promise(stage: Stage, hands: Hands) -> None:
    """The first grant of every camera, sealed by its owner."""
    sealed = []
    for camera in stage.city.cameras:
        camera_id, owner = stage.founded.cameras[camera.key], stage.city.owner_of[camera.owner]
        terms = terms_of(camera, owner, stage.founded.parties, stage.ids, stage.now)
        signer = stage.signer(camera.owner)
        sealed.append(
            Sealed(
                camera_id=camera_id,
                party_id=signer.party,
                envelope=stage.pen.seal(camera.owner, camera_id, terms, 1, FIRST),
                actor=Actor.of(signer),
            )
        )
    hands.consent.owner.load(sealed)
    stage.clock.advance(3600)


def _guard(stage: Stage, hands: Hands) -> None:
    """Why the police may look at all, and the places where a second person is due."""
    stage.begin_shift(hands, "ruth")
    cameras = list(stage.city.cameras)
    for first in range(0, len(cameras), BASES_AT_ONCE):
        some = cameras[first : first + BASES_AT_ONCE]
        record_basis(stage, hands, "ruth", some, PUBLIC | {Purpose.INVESTIGATION})
    for spot in stage.city.protected:
        draft = PlaceDraft(
            kind=ProtectedKind(spot.kind),
            name=spot.name,
            area=Circle(Point(spot.lat, spot.lon), spot.radius_m),
        )
        hands.consent.safeguards.add_place(stage.on_duty["ruth"], draft)
    stage.clock.advance(3600)


def _tell(stage: Stage, work: Work[Hands], week: Week, now: datetime) -> None:
    first = begins(now) + timedelta(days=SETTLED_DAYS)
    for day in range(DAYS + 1):
        midnight = first + timedelta(days=day)
        until = min(midnight + timedelta(days=1), now - QUIET)
        if until <= stage.now:
            return
        week.plan_day(day, midnight)
        work.write_now(partial(week.agenda.live, until=until))


def _present(stage: Stage, hands: Hands, calls: Calls, now: datetime) -> Incident:
    """Four incidents are open; the last is the preset one."""
    kinds = {story[0].value: story for story in STORIES}
    others = (
        ("traffic_collision", 48, 8),
        ("missing_person", 31, -9),
        ("fire", 7, 15),
    )
    calls.number = LAST_NUMBER - len(others) - 1
    for login in ("jonas", "amara", "sena", "petra", "ivo"):
        stage.begin_shift(hands, login)
    crossings = stage.city.streets
    for kind, minutes, away in others:
        stage.clock.move_to(max(stage.now, now - timedelta(minutes=minutes)))
        number = crossings.number_of[(away, abs(away))]
        at = float(crossings.x[number]), float(crossings.y[number])
        calls.open(hands, kinds[kind], crossings.corner_name(number), at, stays=True)
    stage.clock.move_to(max(stage.now, now - timedelta(minutes=2)))
    number = stage.city.preset_crossing
    at = float(crossings.x[number]), float(crossings.y[number])
    corner = crossings.corner_name(number)
    preset = calls.open(hands, kinds["burglary_in_progress"], corner, at, stays=True)
    hands.desk.assign(stage.on_duty["jonas"], preset.id, stage.founded.staff["amara"].person_id)
    return hands.desk.get(stage.on_duty["jonas"], preset.id)
