"""Incidents of the past week, and what was asked, answered, approved and closed in them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import hypot
from typing import Final

import numpy as np

from consentry.consent import (
    AskDraft,
    AskState,
    IncidentType,
    Outcome as Answered,
    Purpose,
    Span,
    Use,
)
from consentry.incidents import Incident, NewIncident, Outcome, Priority, Source
from consentry.kernel.access import Act, Principal, PrincipalKind
from consentry.kernel.geo import Circle
from consentry.kernel.ids import AskId, CameraId, IncidentId

from .agenda import Agenda
from .answers import answer_for
from .model import AGENCIES, Sharing
from .stage import Hands, Stage
from .terrain import to_point

DISPATCH: Final = "dispatch"
AREA_M: Final = 420.0
LOOK_M: Final = 460.0
CAMERAS_BROAD: Final = 14

Story = tuple[IncidentType, Priority, str, Purpose, float]
STORIES: Final[tuple[Story, ...]] = (
    (IncidentType.BURGLARY_IN_PROGRESS, Priority.IMMEDIATE, "Burglary in progress",
     Purpose.CRIME_IN_PROGRESS, 0.16),
    (IncidentType.FIRE, Priority.URGENT, "Smoke reported", Purpose.FIRE_RESCUE, 0.15),
    (IncidentType.MEDICAL, Priority.IMMEDIATE, "Person collapsed", Purpose.MEDICAL, 0.17),
    (IncidentType.TRAFFIC_COLLISION, Priority.URGENT, "Collision, two vehicles",
     Purpose.TRAFFIC_SAFETY, 0.14),
    (IncidentType.MISSING_PERSON, Priority.ROUTINE, "Missing person", Purpose.MISSING_PERSON, 0.13),
    (IncidentType.VIOLENT_CRIME, Priority.IMMEDIATE, "Assault reported",
     Purpose.CRIME_IN_PROGRESS, 0.10),
    (IncidentType.THEFT, Priority.ROUTINE, "Theft from a vehicle", Purpose.INVESTIGATION, 0.15),
)  # fmt: skip
REASONS: Final = {
    IncidentType.BURGLARY_IN_PROGRESS: "Two people inside, looking for who leaves and which way",
    IncidentType.FIRE: "Find the seat of the smoke and whether the street is clear",
    IncidentType.MEDICAL: "Guide the ambulance to the patient",
    IncidentType.TRAFFIC_COLLISION: "See how many vehicles and whether lanes are blocked",
    IncidentType.MISSING_PERSON: "Look for the direction in which they walked",
    IncidentType.VIOLENT_CRIME: "See whether the attacker is still there",
    IncidentType.THEFT: "Caller saw it happen, check the last minutes",
}
OUTCOMES: Final = (
    (Outcome.HELPED, 0.46),
    (Outcome.NO_VALUE, 0.24),
    (Outcome.NOT_USED, 0.12),
    (Outcome.UNFOUNDED, 0.12),
    (Outcome.MISLED, 0.06),
)
NOTES: Final = (
    "Caller on the line, no weapon seen.",
    "Unit on scene.",
    "Street clear to the corner, nobody leaving.",
    "Crew reports all persons accounted for.",
    "Camera view helped to find the entrance.",
)


@dataclass
class Calls:
    """The dispatcher's side of the week, on the agenda that it fills."""

    agenda: Agenda
    token_id: str
    number: int
    last_at: datetime
    """After this no call comes in, so that none of the week is still open at its end."""

    @property
    def stage(self) -> Stage:
        return self.agenda.stage

    def dispatcher(self) -> Principal:
        """The dispatch system: a token that may tell of incidents and nothing else."""
        return Principal(
            kind=PrincipalKind.TOKEN,
            party_id=self.stage.founded.parties["police"],
            token_id=self.token_id,
            name="Dispatch",
            scopes=frozenset({Act.DISPATCH_INCIDENT}),
        )

    def call(self, hands: Hands) -> None:
        """A call comes in somewhere, and the room looks after it."""
        if self.stage.now > self.last_at:
            return
        story = self._story()
        houses, streets = self.stage.city.buildings, self.stage.city.streets
        far = np.hypot(houses.centre[:, 0], houses.centre[:, 1])
        near = np.flatnonzero(far < float(self.stage.chance.uniform(500, 2600)))
        house = int(self.stage.chance.choice(near))
        name = streets.name_of_line[(True, int(houses.line[house]))]
        x, y = houses.door[house].tolist()
        self.open(hands, story, f"{name} {houses.number[house]}", (x, y))

    def open(
        self,
        hands: Hands,
        story: Story,
        address: str,
        at: tuple[float, float],
        *,
        stays: bool = False,
    ) -> Incident:
        kind, priority, title, _, _ = story
        place = to_point(*at)
        new = NewIncident(
            type=kind,
            place=place,
            title=title,
            address=address,
            priority=priority,
            area=Circle(place, AREA_M),
        )
        self.number += 1
        source = Source(name=DISPATCH, reference=f"PH-{self.number:04}")
        incident, _ = hands.desk.dispatch(self.dispatcher(), new, source)
        if not stays:
            self._work_on(incident, story, at)
        return incident

    def _work_on(self, incident: Incident, story: Story, at: tuple[float, float]) -> None:
        who = self._operator()
        agenda = self.agenda
        agenda.between(20, 70, lambda hands: self.look(hands, incident.id, story, at, who))
        agenda.between(60, 200, lambda hands: self._assign(hands, incident.id))
        for _ in range(int(self.stage.chance.integers(0, 3))):
            agenda.between(150, 900, lambda hands: self._note(hands, incident.id, who))
        if self.stage.chance.random() < 0.45:
            agenda.between(240, 700, lambda hands: self.look(hands, incident.id, story, at, who))
        agenda.between(1100, 4200, lambda hands: self._close(hands, incident.id))

    def _operator(self) -> str:
        return "jonas"

    def _assign(self, hands: Hands, incident_id: IncidentId) -> None:
        responder = self.stage.founded.staff["amara"].person_id
        hands.desk.assign(self.stage.on_duty[self._operator()], incident_id, responder)

    def _note(self, hands: Hands, incident_id: IncidentId, who: str) -> None:
        text = NOTES[int(self.stage.chance.integers(len(NOTES)))]
        hands.desk.note(self.stage.on_duty[who], incident_id, text)

    def _close(self, hands: Hands, incident_id: IncidentId) -> None:
        supervisor = self.stage.on_duty["sena"]
        held = hands.desk.get(supervisor, incident_id)
        shares = np.array([share for _, share in OUTCOMES])
        outcome = OUTCOMES[int(self.stage.chance.choice(len(OUTCOMES), p=shares))][0]
        hands.desk.close(supervisor, incident_id, held.version, outcome)

    def look(
        self,
        hands: Hands,
        incident_id: IncidentId,
        story: Story,
        at: tuple[float, float],
        who: str,
    ) -> None:
        """Ask for a few cameras near the place; what then waits goes on the agenda."""
        cameras = self._near(at, int(self.stage.chance.integers(2, 7)))
        if not cameras:
            return
        draft = AskDraft(
            camera_ids=cameras,
            use=Use.LIVE,
            purpose=story[3],
            reason=REASONS[story[0]],
            incident_id=incident_id,
        )
        self.follow(hands.consent.asks.ask(self.stage.on_duty[who], draft), who)

    def recorded(self, hands: Hands) -> None:
        """The investigator asks for an hour of yesterday, for a case."""
        cameras = self._near(tuple(self.stage.chance.uniform(-900, 900, 2).tolist()), 4)
        end = self.stage.now - timedelta(hours=float(self.stage.chance.uniform(1, 30)))
        end = end.replace(microsecond=0)
        if not cameras:
            return
        draft = AskDraft(
            camera_ids=cameras,
            use=Use.PLAYBACK,
            purpose=Purpose.INVESTIGATION,
            reason="Follow the vehicle that left the scene",
            case_reference=f"C-2026-{int(self.stage.chance.integers(100, 140))}",
            window=Span(start=end - timedelta(hours=1), end=end),
        )
        self.follow(hands.consent.asks.ask(self.stage.on_duty["ivo"], draft), "ivo")

    def broad(self, hands: Hands) -> None:
        """A missing child: more cameras than one person may open alone."""
        if self.stage.now > self.last_at:
            return
        story = next(story for story in STORIES if story[0] is IncidentType.MISSING_PERSON)
        x, y = self.stage.chance.uniform(-500, 500, 2).tolist()
        crossing = self.stage.city.streets.nearest(x, y)
        corner = self.stage.city.streets.corner_name(crossing)
        incident = self.open(hands, story, corner, (x, y))
        draft = AskDraft(
            camera_ids=self._private_near((x, y), CAMERAS_BROAD),
            use=Use.LIVE,
            purpose=story[3],
            reason="Child of six, red coat, last seen at the corner",
            incident_id=incident.id,
        )
        self.follow(hands.consent.asks.ask(self.stage.on_duty["jonas"], draft), "jonas")

    def by_hand(self, hands: Hands) -> None:
        """Opened by the operator, who then cannot open private cameras alone."""
        if self.stage.now > self.last_at:
            return
        jonas = self.stage.on_duty["jonas"]
        x, y = self.stage.chance.uniform(-700, 700, 2).tolist()
        crossing = self.stage.city.streets.nearest(x, y)
        new = NewIncident(
            type=IncidentType.VIOLENT_CRIME,
            place=to_point(x, y),
            title="Shouting heard on a call that broke off",
            address=self.stage.city.streets.corner_name(crossing),
            priority=Priority.IMMEDIATE,
        )
        incident = hands.desk.open(jonas, new)
        draft = AskDraft(
            camera_ids=self._private_near((x, y), 4),
            use=Use.LIVE,
            purpose=Purpose.CRIME_IN_PROGRESS,
            reason="Look for the caller, the line went dead",
            incident_id=incident.id,
        )
        self.follow(hands.consent.asks.ask(jonas, draft), "jonas", glass=True)
        self.agenda.between(1500, 3000, lambda later: self._close(later, incident.id))

    def follow(self, outcome: Answered, who: str, *, glass: bool = False) -> None:
        """Some owners answer, some supervisors approve, some glass is broken; the rest lapses."""
        record = outcome.ask
        chance = self.stage.chance
        for line in record.lines:
            if line.state is AskState.NEEDS_OWNER and chance.random() < 0.62:
                answer = partial(self._answer, ask_id=record.id, camera_id=line.camera_id, who=who)
                self.agenda.between(60, 900, answer)
        if AskState.NEEDS_SECOND_PERSON in {line.state for line in record.lines}:
            if glass:
                self.agenda.between(30, 60, lambda hands: self._break_glass(hands, record.id, who))
            else:
                self.agenda.between(60, 300, lambda hands: self._approve(hands, record.id, who))

    def _answer(self, hands: Hands, ask_id: AskId, camera_id: CameraId, who: str) -> None:
        record = hands.consent.asks.find(self.stage.on_duty[who], ask_id)
        if self.stage.chance.random() < 0.2:
            owner = self.stage.signer(self.stage.camera(camera_id).owner)
            hands.consent.accounts.decline(owner, ask_id, camera_id)
            return
        self.stage.seal(hands, camera_id, answer_for(record, self.stage.now))
        self.agenda.between(5, 40, lambda later: self._renew(later, ask_id, who))

    def _approve(self, hands: Hands, ask_id: AskId, who: str) -> None:
        record = hands.consent.asks.find(self.stage.on_duty[who], ask_id)
        supervisor = self.stage.fresh(hands, "sena")
        words = "Read the call, cameras and purpose fit"
        hands.consent.oversight.approve(supervisor, ask_id, record.hash, words)
        self.agenda.between(5, 40, lambda later: self._renew(later, ask_id, who))

    def _break_glass(self, hands: Hands, ask_id: AskId, who: str) -> None:
        record = hands.consent.asks.find(self.stage.on_duty[who], ask_id)
        operator = self.stage.fresh(hands, who)
        words = "Life at risk, no supervisor answers"
        hands.consent.oversight.break_glass(operator, ask_id, record.hash, words)
        self.agenda.between(2, 10, lambda later: self._renew(later, ask_id, who))
        self.agenda.between(3600, 50_000, lambda later: self._review(later, ask_id))

    def _renew(self, hands: Hands, ask_id: AskId, who: str) -> None:
        hands.consent.asks.renew(self.stage.on_duty[who], ask_id)

    def _review(self, hands: Hands, ask_id: AskId) -> None:
        record = hands.consent.asks.find(self.stage.on_duty["petra"], ask_id)
        if record.state in (AskState.PERMITTED, AskState.REFUSED):
            words = "Justified: the caller was in danger"
            hands.consent.oversight.review(self.stage.on_duty["petra"], ask_id, words)

    def _near(self, at: tuple[float, float], count: int) -> list[CameraId]:
        """The nearest few with a wish or two too many, as it happens."""
        city, chance = self.stage.city, self.stage.chance
        reach = LOOK_M * float(chance.uniform(0.6, 1.5))
        near = [c for c in city.cameras if hypot(c.x - at[0], c.y - at[1]) < reach]
        picked = chance.permutation(len(near))[:count].tolist()
        return [self.stage.founded.cameras[near[n].key] for n in picked]

    def _private_near(self, at: tuple[float, float], count: int) -> list[CameraId]:
        """The nearest that answer to incidents and are no agency's."""
        city = self.stage.city
        willing = (Sharing.INCIDENT, Sharing.ALWAYS)
        found = [c for c in city.cameras if c.owner not in AGENCIES and c.sharing in willing]
        found.sort(key=lambda camera: hypot(camera.x - at[0], camera.y - at[1]))
        return [self.stage.founded.cameras[camera.key] for camera in found[:count]]

    def _story(self) -> Story:
        shares = np.array([story[4] for story in STORIES])
        return STORIES[int(self.stage.chance.choice(len(STORIES), p=shares / shares.sum()))]
