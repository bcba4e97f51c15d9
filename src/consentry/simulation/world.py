"""The city in motion: calls come in, units drive to them, cameras fail and come back.

Time moves in whole ticks inside, so that how a span is cut into steps changes nothing.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from math import atan2, degrees, hypot
from typing import Final

import numpy as np

from .chance import stream
from .city import City
from .streets import SPEEDS_MPS, Streets

TICK_S: Final = 1.0
STEP_S_MAX: Final = 86_400.0
CALLS_PER_HOUR: Final = 14.0
CAMERA_DAYS_BETWEEN_FAILURES: Final = 9.0
REPAIR_S: Final = (240.0, 7200.0)
ON_SCENE_S: Final = (300.0, 1500.0)
URGENT_SPEED: Final = 1.5

CALLS: Final = (
    # incident type, priority, words, chance
    ("burglary_in_progress", 1, "Burglary in progress", 0.08),
    ("fire", 2, "Smoke reported", 0.10),
    ("medical", 1, "Person collapsed", 0.24),
    ("traffic_collision", 2, "Collision, two vehicles", 0.18),
    ("missing_person", 3, "Missing person", 0.05),
    ("disorder", 3, "Disturbance in the street", 0.19),
    ("theft", 3, "Theft from a vehicle", 0.16),
)
FLEET: Final = (("A", "police", 14), ("B", "police", 6), ("E", "fire", 5), ("M", "medical", 7))


class UnitState(StrEnum):
    PATROL = "patrol"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """Somebody asked for help. The first of a world has number 1."""

    number: int
    at_s: float
    type: str
    priority: int
    words: str
    address: str
    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthChanged:
    at_s: float
    camera: str
    online: bool


Happening = Call | HealthChanged


@dataclass(slots=True)
class Unit:
    """A vehicle on the street from crossing `here` to crossing `there`, `done_m` along it."""

    sign: str
    service: str
    here: int
    there: int
    done_m: float = 0.0
    state: UnitState = UnitState.PATROL
    call: int | None = None
    free_at_s: float = 0.0
    way: list[int] = field(default_factory=list)
    """Crossings still ahead after `there`."""

    def place(self, streets: Streets) -> tuple[float, float]:
        x0, y0 = float(streets.x[self.here]), float(streets.y[self.here])
        x1, y1 = float(streets.x[self.there]), float(streets.y[self.there])
        share = self.done_m / max(hypot(x1 - x0, y1 - y0), 1.0)
        return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share

    def heading_deg(self, streets: Streets) -> float:
        east = float(streets.x[self.there] - streets.x[self.here])
        north = float(streets.y[self.there] - streets.y[self.here])
        return degrees(atan2(east, north)) % 360


class World:
    """One run of the city. The same seed and the same span give the same happenings."""

    def __init__(self, city: City, seed: int | None = None) -> None:
        seed = city.seed if seed is None else seed
        self._city = city
        self._calls = stream(seed, "calls")
        self._drive = stream(seed, "driving")
        self._health = stream(seed, "health")
        self._ticks = 0
        self._owed_s = 0.0
        self._count = 0
        self.online = {camera.key: camera.online for camera in city.cameras}
        self._repairs: dict[str, float] = {}
        self._edge_of = {
            (a, b): edge for a, ways in enumerate(city.streets.ways) for b, edge in ways
        }
        self.units = self._fleet()

    @property
    def now_s(self) -> float:
        """Seconds since the world began."""
        return self._ticks * TICK_S

    def step(self, dt: float) -> list[Happening]:
        """Let `dt` seconds pass and tell what happened, in order."""
        if not 0 <= dt <= STEP_S_MAX:
            raise ValueError(f"a step is from 0 to {STEP_S_MAX:.0f} seconds")
        self._owed_s += dt
        happened: list[Happening] = []
        while self._owed_s >= TICK_S:
            self._owed_s -= TICK_S
            self._ticks += 1
            happened += self._receive_calls()
            happened += self._change_health()
            for unit in self.units:
                self._move(unit)
        return happened

    def _fleet(self) -> list[Unit]:
        units = []
        for letter, service, count in FLEET:
            for n in range(1, count + 1):
                here = int(self._drive.integers(len(self._city.streets.x)))
                there = self._city.streets.ways[here][0][0]
                units.append(Unit(f"{letter}{n:02}", service, here, there))
        return units

    def _receive_calls(self) -> list[Happening]:
        calls: list[Happening] = []
        for _ in range(int(self._calls.poisson(CALLS_PER_HOUR * TICK_S / 3600))):
            call = self._receive()
            self._send_nearest(call)
            calls.append(call)
        return calls

    def _receive(self) -> Call:
        chances = np.array([kind[3] for kind in CALLS])
        kind = CALLS[int(self._calls.choice(len(CALLS), p=chances / chances.sum()))]
        houses, streets = self._city.buildings, self._city.streets
        house = int(self._calls.integers(len(houses)))
        street = streets.name_of_line[(True, int(houses.line[house]))]
        x, y = houses.door[house].tolist()
        self._count += 1
        return Call(
            number=self._count,
            at_s=self.now_s,
            type=kind[0],
            priority=kind[1],
            words=kind[2],
            address=f"{street} {houses.number[house]}",
            x=x,
            y=y,
        )

    def _send_nearest(self, call: Call) -> None:
        streets = self._city.streets
        service = {"fire": "fire", "medical": "medical"}.get(call.type, "police")
        free = [u for u in self.units if u.state is UnitState.PATROL and u.service == service]
        if not free:
            return
        unit = min(free, key=lambda u: hypot(*np.subtract(u.place(streets), (call.x, call.y))))
        way, _ = streets.route(unit.there, streets.nearest(call.x, call.y))
        unit.way, unit.state, unit.call = way[1:], UnitState.EN_ROUTE, call.number

    def _move(self, unit: Unit) -> None:
        if unit.state is UnitState.ON_SCENE:
            if self.now_s < unit.free_at_s:
                return
            unit.state, unit.call = UnitState.PATROL, None
        left = self._speed(unit) * TICK_S
        while left > 0:
            length = float(self._city.streets.length_m[self._edge_of[unit.here, unit.there]])
            if unit.done_m + left < length:
                unit.done_m += left
                return
            left -= length - unit.done_m
            if not self._turn(unit):
                unit.done_m = length
                return

    def _speed(self, unit: Unit) -> float:
        rank = int(self._city.streets.edge_rank[self._edge_of[unit.here, unit.there]])
        factor = URGENT_SPEED if unit.state is UnitState.EN_ROUTE else 0.8
        return SPEEDS_MPS[rank] * factor

    def _turn(self, unit: Unit) -> bool:
        """Go into the next street; False on arrival at a call."""
        if unit.state is UnitState.EN_ROUTE and not unit.way:
            unit.state = UnitState.ON_SCENE
            unit.free_at_s = self.now_s + float(self._drive.uniform(*ON_SCENE_S))
            return False
        unit.here, before = unit.there, unit.here
        if unit.way:
            unit.there = unit.way.pop(0)
        else:
            ways = [n for n, _ in self._city.streets.ways[unit.here] if n != before] or [before]
            unit.there = ways[int(self._drive.integers(len(ways)))]
        unit.done_m = 0.0
        return True

    def _change_health(self) -> list[Happening]:
        changed: list[Happening] = []
        for key in [key for key, at in self._repairs.items() if at <= self.now_s]:
            del self._repairs[key]
            changed.append(self._set_online(key, online=True))
        rate = len(self.online) * TICK_S / (CAMERA_DAYS_BETWEEN_FAILURES * 86_400)
        for _ in range(int(self._health.poisson(rate))):
            camera = self._city.cameras[int(self._health.integers(len(self._city.cameras)))]
            if self.online[camera.key]:
                self._repairs[camera.key] = self.now_s + float(self._health.uniform(*REPAIR_S))
                changed.append(self._set_online(camera.key, online=False))
        return changed

    def _set_online(self, camera: str, *, online: bool) -> HealthChanged:
        self.online[camera] = online
        return HealthChanged(at_s=self.now_s, camera=camera, online=online)
