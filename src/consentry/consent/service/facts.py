"""Read everything that a decision rests on, in its own transaction and under its locks."""

from dataclasses import dataclass
from datetime import datetime

from consentry.consent.model import (
    OPENED_SPAN,
    Approval,
    Ask,
    CameraFacts,
    Context,
    Grant,
    IncidentFacts,
    Opening,
    PolicyPack,
    Purpose,
    Use,
    Zone,
)
from consentry.consent.ports import Outside, Stores
from consentry.consent.records import LoadedPolicy, Lock
from consentry.consent.state import CameraState, facts
from consentry.consent.zones import zone
from consentry.kernel.access import Principal
from consentry.kernel.clock import Clock
from consentry.kernel.errors import InvalidError, NotFoundError
from consentry.kernel.ids import CameraId, EdgeId, IncidentId, PartyId

from .promise import Origin, load


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What was read for one camera of an ask."""

    grants: tuple[Grant, ...]
    context: Context
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    stores: Stores
    outside: Outside
    clock: Clock

    def hold_agency(self, party_id: PartyId) -> None:
        """A stop of all viewing waits for the asks that are being decided, and they for it."""
        self.stores.stops.find(party_id, Lock.SHARE)

    def owner_of(self, camera_id: CameraId) -> PartyId:
        camera = self.outside.cameras.for_camera(camera_id)
        if camera is None:
            raise InvalidError.of("camera_ids", f"{camera_id} is no camera of this hub")
        return camera.owner_id

    def incident(self, incident_id: IncidentId, party_id: PartyId) -> IncidentFacts:
        found = self.outside.incidents.for_incident(incident_id, party_id)
        if found is None:
            raise NotFoundError
        return found

    def state(self, camera_id: CameraId, lock: Lock = Lock.NONE) -> CameraState | None:
        chain = self.stores.statements.chain(camera_id, lock)
        if chain is None:
            return None
        return load(self.stores.statements, chain, self.origin(camera_id, chain.first_key))

    def origin(self, camera_id: CameraId, first_key: str) -> Origin:
        hub = self.outside.hub
        return Origin(hub=hub.origin, camera_id=camera_id, first_key=first_key, cooling=hub.cooling)

    def know(
        self,
        ask: Ask,
        who: Principal,
        opened_at: datetime | None,
        approvals: tuple[Approval, ...],
    ) -> Known:
        """The rows of one camera, held against every change of its owner's mind until the end."""
        now = self.clock.now()
        state = self.state(ask.camera_id, Lock.SHARE)
        camera = self._camera(ask.camera_id)
        if camera is not None and not self._is_of_owner(camera):
            state = None
        promised = None if state is None else facts(state, now)
        grants = () if promised is None else promised.grants
        context = Context(
            now=now,
            clock_trusted=True,  # the hub's word; each edge compares with a clock of its own
            stopped=self._stopped(ask.agency_id),
            actor_suspended=self.outside.people.standing(ask.person_id, ask.agency_id).suspended,
            stepped_up_at=who.stepped_up_at,
            camera=camera,
            incident=self._incident(ask),
            lawful_purposes=self.stores.bases.purposes(ask.agency_id, ask.camera_id),
            pauses=() if promised is None else promised.pauses,
            shares=() if promised is None else promised.shares,
            answers=() if promised is None else promised.answers,
            previews=() if promised is None else promised.previews,
            approvals=approvals,
            openings=self._openings(ask, opened_at or now),
            opened_at=opened_at,
            zones=_zones(grants, now),
            masks="" if promised is None else promised.masks,
            masks_since=None if promised is None else promised.masks_since,
            policy=pack_of(self.stores.policies.current(ask.agency_id)),
        )
        return Known(grants=grants, context=context, seq=0 if state is None else state.seq)

    def edge_of(self, camera_id: CameraId) -> EdgeId | None:
        """The edge that will be asked for the frames; the hub's own where no other is known."""
        edge = self.outside.cameras.edge_of(camera_id)
        return self.outside.hub.built_in_edge if edge is None else edge.id

    def _camera(self, camera_id: CameraId) -> CameraFacts | None:
        camera = self.outside.cameras.for_camera(camera_id)
        if camera is None:
            return None
        found = tuple(self.stores.places.at(camera.place))
        return CameraFacts(
            id=camera.id,
            owner_id=camera.owner_id,
            place=camera.place,
            private=camera.private,
            home_interior=camera.home_interior,
            protections=camera.protections + found,
        )

    def _is_of_owner(self, camera: CameraFacts) -> bool:
        """Promises of a former owner bind nobody."""
        chain = self.stores.statements.chain(camera.id)
        return chain is not None and chain.party_id == camera.owner_id

    def _stopped(self, party_id: PartyId) -> bool:
        stop = self.stores.stops.find(party_id)
        return stop is not None and stop.stopped

    def _incident(self, ask: Ask) -> IncidentFacts | None:
        if ask.incident_id is None:
            return None
        return self.outside.incidents.for_incident(ask.incident_id, ask.agency_id)

    def _openings(self, ask: Ask, at: datetime) -> tuple[Opening, ...]:
        if ask.incident_id is None:
            return ()
        return tuple(self.stores.openings.since(ask.incident_id, at - OPENED_SPAN))


def pack_of(policy: LoadedPolicy | None) -> PolicyPack | None:
    if policy is None:
        return None
    body = policy.body
    most = body.get("session_s_max")
    return PolicyPack(
        version=policy.version,
        uses_forbidden=frozenset(Use(str(word)) for word in _words(body.get("uses_forbidden"))),
        purposes_forbidden=frozenset(
            Purpose(str(word)) for word in _words(body.get("purposes_forbidden"))
        ),
        second_person_uses=frozenset(
            Use(str(word)) for word in _words(body.get("second_person_uses"))
        ),
        session_s_max=most if isinstance(most, int) else None,
    )


def _words(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _zones(grants: tuple[Grant, ...], now: datetime) -> dict[str, Zone]:
    found = {grant.tz: zone(grant.tz, now) for grant in grants if grant.tz}
    return {name: each for name, each in found.items() if each is not None}
