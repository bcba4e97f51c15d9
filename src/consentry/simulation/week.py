"""The past week of Port Halden, told through the services as it would have happened."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from consentry.consent import (
    BasisDraft,
    PauseNow,
    Purpose,
    Resumption,
    Revocation,
    Sharing as ShareNow,
)
from consentry.kernel.access import Act

from .agenda import Agenda
from .calls import Calls
from .model import AGENCIES, CityCamera, Sharing
from .sealing import terms_of
from .stage import Hands, Stage

DAYS: Final = 7
CALLS_A_DAY: Final = 9
SHIFTS_H: Final = (6.0, 13.0, 20.0)
"""A sign-in is good for eight hours of live views, so that a shift is shorter."""
ON_SHIFT: Final = ("jonas", "amara", "sena", "petra", "ivo")
TOKEN_LIFE: Final = timedelta(days=180)
PAUSES_A_DAY: Final = 6
NIGHT_H: Final = 24.0


@dataclass
class Week:
    """Fills the agenda of each day, then lives it."""

    agenda: Agenda
    calls: Calls

    @property
    def stage(self) -> Stage:
        return self.agenda.stage

    def plan_day(self, day: int, midnight: datetime) -> None:
        chance, agenda = self.stage.chance, self.agenda

        def at(hour: float) -> datetime:
            return midnight + timedelta(hours=hour)

        for hour in SHIFTS_H:
            agenda.at(at(hour), self._begin_shift)
        for hour in chance.uniform(SHIFTS_H[0] + 0.2, NIGHT_H - 0.2, CALLS_A_DAY).tolist():
            agenda.at(at(hour), self.calls.call)
        agenda.at(at(float(chance.uniform(9, 12))), self.calls.recorded)
        agenda.at(at(float(chance.uniform(8, 17))), self._audit)
        agenda.at(at(float(chance.uniform(8, 22))), self._wrong_password)
        for hour in chance.uniform(7, 22, PAUSES_A_DAY).tolist():
            agenda.at(at(hour), self._pause_somebody)
        for special, doing in self._specials(day):
            agenda.at(at(special), doing)

    def _specials(self, day: int) -> Iterator[tuple[float, Callable[[Hands], None]]]:
        """What happens once or twice in a week."""
        if day == 1:
            yield 10.5, self._withdraw_training
        if day in (1, 4):
            yield 19.0, self._revoke_somebody
        if day in (2, 5):
            yield 21.5, self._own_emergency
        if day in (1, 3, 6):
            yield 16.4, self.calls.broad
        if day in (0, 2, 5):
            yield 18.3, self.calls.by_hand
        if day == 3:
            yield 15.2, self._stop_all
            yield 15.6, self._resume_all
        if day in (0, 3):
            yield 11.0, self._enrol_edge
        yield NIGHT_H - 0.1, self._lapse

    # Staff

    def _begin_shift(self, hands: Hands) -> None:
        for login in ON_SHIFT:
            self.stage.begin_shift(hands, login)

    def _audit(self, hands: Hands) -> None:
        self.stage.begin_shift(hands, "mo")

    def _wrong_password(self, hands: Hands) -> None:
        staff = sorted(self.stage.founded.staff)
        login = staff[int(self.stage.chance.integers(len(staff)))]
        self.stage.sign_in(hands.identity, login, False)  # noqa: FBT003 the password is wrong

    def _stop_all(self, hands: Hands) -> None:
        words = "A terminal was left open in the lobby, stopping until it is found"
        hands.consent.safeguards.stop_all(self.stage.on_duty["sena"], words)
        self.agenda.between(60, 400, self.calls.recorded)

    def _resume_all(self, hands: Hands) -> None:
        petra = self.stage.fresh(hands, "petra")
        hands.consent.safeguards.resume_all(petra, "Terminal found and locked")

    def _withdraw_training(self, hands: Hands) -> None:
        """Training needs no plate readers: the administrator takes that basis back."""
        self.stage.begin_shift(hands, "ruth")
        readers = [c for c in self.stage.city.cameras if c.device.value == "plate_reader"]
        record_basis(
            self.stage, hands, "ruth", readers, frozenset({Purpose.TRAINING}), withdrawn=True
        )

    def _enrol_edge(self, hands: Hands) -> None:
        self.stage.begin_shift(hands, "ruth")
        hands.identity.edges.new_code(self.stage.fresh(hands, "ruth"), "Control room rack")

    def _lapse(self, hands: Hands) -> None:
        hands.consent.asks.lapse_waiting()

    # Owners

    def _pause_somebody(self, hands: Hands) -> None:
        camera = self._private(lambda c: c.sharing is not Sharing.REGISTRY)
        self.stage.seal(hands, self.stage.founded.cameras[camera.key], PauseNow())
        self.agenda.between(1200, 20_000, lambda later: self._resume(later, camera))

    def _resume(self, hands: Hands, camera: CityCamera) -> None:
        self.stage.seal(hands, self.stage.founded.cameras[camera.key], Resumption())

    def _revoke_somebody(self, hands: Hands) -> None:
        """Somebody withdraws it all, and next day promises less."""
        camera = self._private(lambda c: c.sharing is Sharing.ALWAYS)
        self.stage.seal(hands, self.stage.founded.cameras[camera.key], Revocation())
        self.agenda.between(60_000, 90_000, lambda later: self._promise_again(later, camera))

    def _promise_again(self, hands: Hands, camera: CityCamera) -> None:
        stage = self.stage
        owner = stage.city.owner_of[camera.owner]
        terms = terms_of(camera, owner, stage.founded.parties, stage.ids, stage.now)
        stage.seal(hands, stage.founded.cameras[camera.key], terms)

    def _own_emergency(self, hands: Hands) -> None:
        """A door forced, a fall on the stairs: an owner shares for half an hour."""
        camera = self._private(lambda c: c.sharing is Sharing.OWNER_EMERGENCY and not c.in_home)
        until = self.stage.now.replace(microsecond=0) + timedelta(minutes=30)
        self.stage.seal(hands, self.stage.founded.cameras[camera.key], ShareNow(until=until))

    def _private(self, fits: Callable[[CityCamera], bool]) -> CityCamera:
        """One camera that is not an agency's and plays no part in the preset incident."""
        found = [
            camera
            for camera in self.stage.city.cameras
            if camera.owner not in AGENCIES and not camera.preset and fits(camera)
        ]
        return found[int(self.stage.chance.integers(len(found)))]


def record_basis(
    stage: Stage,
    hands: Hands,
    login: str,
    cameras: list[CityCamera],
    purposes: frozenset[Purpose],
    *,
    withdrawn: bool = False,
) -> None:
    """Why the agency may look, for these cameras and purposes."""
    draft = BasisDraft(
        camera_ids=[stage.founded.cameras[camera.key] for camera in cameras],
        purposes=purposes,
        basis="Police Act s. 14, duty to protect" if not withdrawn else "No longer necessary",
        necessity="Only while an incident or a case is open, and no milder means is as quick",
        withdrawn=withdrawn,
    )
    hands.consent.safeguards.record_basis(stage.on_duty[login], draft)


def open_token(stage: Stage, hands: Hands) -> str:
    """The key with which the dispatch system tells of incidents."""
    stage.begin_shift(hands, "ruth")
    token, _ = hands.identity.tokens.make(
        stage.fresh(hands, "ruth"),
        "Dispatch system",
        frozenset({Act.DISPATCH_INCIDENT, Act.READ_INCIDENTS}),
        stage.now + TOKEN_LIFE,
    )
    return token.id
