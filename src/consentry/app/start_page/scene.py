"""The start page as it stands at this moment: the city's state turned into what the page says."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from math import hypot
from typing import Final

from consentry.audit.notes import Checkpoint, Note
from consentry.consent import Purpose
from consentry.consent.state import facts
from consentry.incidents import Filter, Incident
from consentry.kernel.geo import Circle
from consentry.kernel.ids import CameraId
from consentry.simulation import City, World
from consentry.simulation.model import CityCamera, Sharing
from consentry.simulation.people import accounts
from consentry.simulation.picture import place
from consentry.simulation.terrain import to_metres
from consentry.simulation.world import STEP_S_MAX

from .acting import Players
from .marks import (
    PRIORITIES,
    CameraMark,
    IncidentMark,
    View,
    label_marks,
    mark,
    state_of,
    street_marks,
    unit_marks,
    views,
)
from .page import AccountCard, Choice, IncidentCard, LogCard, StartPage, WalkCard
from .walk import ASKER

INCIDENTS_MAX: Final = 12
CATCH_UP_S_MAX: Final = 900.0
WARM_S: Final = 1800.0
"""The world has run so long before anybody looks, so that units are under way."""
EXAMPLES: Final = 900.0
PURPOSES: Final = (
    (Purpose.CRIME_IN_PROGRESS, "Crime in progress"),
    (Purpose.LIFE_SAFETY, "Life safety"),
    (Purpose.MEDICAL, "Medical"),
    (Purpose.TRAINING, "Training"),
)


@dataclass
class Scene:
    players: Players
    plan: str
    data: str
    _looked_s: float = 0.0
    _paused: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._world = World(self.city)
        self._world.step(WARM_S)
        self._looked_s = self.players.hub.chance.clock.monotonic()

    @property
    def city(self) -> City:
        return self.players.city

    async def load(self) -> None:
        """Which owners have paused, as their statements say."""
        for camera in self.city.cameras:
            await self._look_at(camera)

    async def refresh(self, camera: CityCamera) -> None:
        await self._look_at(camera)

    async def _look_at(self, camera: CityCamera) -> None:
        camera_id = CameraId(self.players.cast.cameras[camera.key])
        who, now = self.players.owner(camera_id), self.players.hub.chance.clock.now()
        read = self.players.hub.services.consent.read
        state = await read(lambda c: c.owner.state(who, camera_id))
        promised = None if state is None else facts(state, now)
        stopped = promised is None or any(pause.end is None for pause in promised.pauses)
        withdrawn = promised is None or all(
            grant.revoked_at is not None or grant.superseded_at is not None
            for grant in promised.grants
        )
        (self._paused.add if stopped or withdrawn else self._paused.discard)(camera.key)

    async def page(
        self,
        view_name: str,
        chosen: str,
        person: str,
        walk: WalkCard | None = None,
        fault: str = "",
    ) -> StartPage:
        now = self.players.hub.chance.clock.now()
        shown = views(self.city)
        view = next((one for one in shown if one.name == view_name), shown[0])
        incidents = await self._incidents()
        self._let_time_pass()
        return StartPage(
            now=now,
            view=view,
            views=shown,
            cameras=self._cameras(view, incidents),
            units=unit_marks(self.city, self._world.units),
            incident_marks=[_incident_mark(one) for one in incidents],
            streets=street_marks(self.city, view) if view.near else (),
            labels=label_marks(self.city, view),
            incidents=[_incident_card(one, now) for one in incidents],
            accounts=self._accounts(person),
            log=self._log(),
            choices=self._choices,
            purposes=[(purpose.value, words) for purpose, words in PURPOSES],
            asker="Jonas Mercer, operator",
            plan=self.plan,
            chosen=chosen or self._first_choice,
            walk=walk,
            fault=fault,
        )

    async def _incidents(self) -> list[Incident]:
        """As the operator sees them, the preset one first."""
        who = await self.players.staff(ASKER)
        wanted = Filter(open=True)
        found = await self.players.hub.services.incidents.read(
            lambda desk: desk.page(who, wanted, None, INCIDENTS_MAX)
        )
        preset = self.players.cast.incident
        return sorted(found, key=lambda one: (one.id != preset, PRIORITIES[one.priority.value]))

    def _let_time_pass(self) -> None:
        now_s = self.players.hub.chance.clock.monotonic()
        self._world.step(min(now_s - self._looked_s, CATCH_UP_S_MAX, STEP_S_MAX))
        self._looked_s = now_s

    def _cameras(self, view: View, incidents: list[Incident]) -> list[CameraMark]:
        areas = [one.area for one in incidents if isinstance(one.area, Circle)]
        centres = [(*to_metres(area.centre), area.radius_m) for area in areas]
        marks = []
        for camera in self.city.cameras:
            inside = any(hypot(camera.x - x, camera.y - y) < r for x, y, r in centres)
            paused = camera.key in self._paused
            state = state_of(camera, online=camera.online, paused=paused, in_area=inside)
            owner = self.city.owner_of[camera.owner].name
            marks.append(mark(camera, owner, state, reach=view.near))
        return marks

    def _accounts(self, person: str) -> list[AccountCard]:
        return [
            AccountCard(
                login=one.login,
                name=one.name,
                role=one.words,
                party=self.city.owner_of[one.owner].name.removeprefix("Port Halden "),
                signed_in=one.name == person,
            )
            for one in accounts(self.city)
        ]

    def _log(self) -> LogCard:
        log = self.players.hub.log
        checkpoint = Checkpoint.parse(Note.parse(log.newest()).text)
        root = checkpoint.root.hex()
        return LogCard(
            size=checkpoint.size,
            root=f"{root[:20]}…{root[-12:]}",
            origin=checkpoint.origin,
            alarm=log.alarm,
            command=f".venv/bin/consentry audit verify --data {self.data}",
        )

    @cached_property
    def _choices(self) -> list[tuple[str, list[Choice]]]:
        preset = [Choice(key=c.key, words=self._words(c)) for c in self.city.preset]
        others = [Choice(key=c.key, words=self._words(c)) for c in self._examples()]
        return [("In the incident's area, likely yes", preset), ("Elsewhere, see why not", others)]

    @cached_property
    def _first_choice(self) -> str:
        """A shop's camera: its owner is nobody's colleague."""
        return next(c.key for c in self.city.preset if c.owner.startswith("shop"))

    def _examples(self) -> list[CityCamera]:
        """One camera for each way to be refused, the nearest of its kind."""
        crossing, streets = self.city.preset_crossing, self.city.streets
        x, y = float(streets.x[crossing]), float(streets.y[crossing])
        near = sorted(self.city.cameras, key=lambda c: hypot(c.x - x, c.y - y))
        private = [c for c in near if c.owner not in ("police", "fire", "council") and not c.preset]
        found = [
            next(c for c in private if c.sharing is kind and not c.in_home)
            for kind in (Sharing.ASK, Sharing.OWNER_EMERGENCY, Sharing.SCHEDULE, Sharing.REGISTRY)
        ]
        found.append(next(c for c in private if c.in_home))
        found.append(next(c for c in private if c.owner.startswith("school")))
        far = [c for c in private if hypot(c.x - x, c.y - y) > EXAMPLES]
        found.append(next(c for c in far if c.sharing is Sharing.INCIDENT))
        return list({camera.key: camera for camera in found}.values())

    def _words(self, camera: CityCamera) -> str:
        kind = camera.sharing.value.replace("_", " ")
        return f"{camera.name} ({'home, ' if camera.in_home else ''}{kind})"


def _incident_mark(one: Incident) -> IncidentMark:
    x, y = place(*to_metres(one.place))
    radius = round(one.area.radius_m) if isinstance(one.area, Circle) else 0
    words = f"{one.title}, {one.address}"
    return IncidentMark(PRIORITIES[one.priority.value], words, round(x), round(y), radius)


def _incident_card(one: Incident, now: datetime) -> IncidentCard:
    return IncidentCard(
        title=one.title,
        address=one.address,
        reference=one.source.reference if one.source else "opened by hand",
        priority=PRIORITIES[one.priority.value],
        age=_age(one.opened_at, now),
    )


def _age(since: datetime, now: datetime) -> str:
    seconds = max(0, int((now - since).total_seconds()))
    if seconds < 3600:
        return f"{seconds // 60:02}:{seconds % 60:02}"
    return f"{seconds // 3600} h" if seconds < 86_400 else f"{seconds // 86_400} d"
