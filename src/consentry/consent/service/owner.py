"""The owner's side: take in what they sealed, stop at one click, show who looked.

The hub checks and keeps seals; it can make none. What it refuses it writes down too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from consentry.audit import Actor, Journal, LoggedAct, Subject
from consentry.consent.bodies import AnswerTerms, Rotation
from consentry.consent.fold import accept
from consentry.consent.model import CameraFacts, Reason
from consentry.consent.ports import Outside, Stores
from consentry.consent.records import Chain, Held, Lock, OwnerKey, Stop
from consentry.consent.state import CameraState, Outcome as Fold, Rejection, Seen, stop
from consentry.consent.statements import FIRST, Envelope, Statement
from consentry.kernel.access import Principal
from consentry.kernel.clock import Clock
from consentry.kernel.errors import DeniedError, InvalidError, NotFoundError
from consentry.kernel.ids import CameraId, EntryId, PartyId

from .checks import Checks
from .facts import Facts
from .promise import Origin, empty, load, shown

REASON_MAX: Final = 400

NO_KEY: Final = Rejection(
    reason=Reason.BAD_SEAL,
    field="key",
    detail="is not pinned: register your first key before you seal anything",
)
FORMER: Final = Rejection(
    reason=Reason.BAD_SEAL,
    field="camera",
    detail="holds the statements of a former owner: register it anew",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A statement that counts, from `fold.effective_at` on; until then it cools."""

    held: Held
    fold: Fold
    state: CameraState


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedStatement:
    """A value, so that the entry about it is committed before it is told."""

    rejection: Rejection
    entry_id: EntryId


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """One statement of many, for whoever brings in a whole city."""

    camera_id: CameraId
    party_id: PartyId
    envelope: Envelope
    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """What owners do with their cameras."""

    stores: Stores
    outside: Outside
    facts: Facts
    checks: Checks
    journal: Journal
    clock: Clock

    def put(
        self, who: Principal, camera_id: CameraId, envelope: Envelope
    ) -> Accepted | RefusedStatement:
        """Take in one statement, or say why not; both leave an entry."""
        self.camera(who, camera_id)
        chain = self.stores.statements.chain(camera_id, Lock.CHANGE)
        if chain is not None and chain.party_id != who.party:
            return self._refused(Actor.of(who), who.party, camera_id, envelope, FORMER)
        begun = chain or self._begin(who.party, camera_id, envelope)
        if begun is None:
            return self._refused(Actor.of(who), who.party, camera_id, envelope, NO_KEY)
        state = self._state(begun) if chain else empty(self._origin(begun))
        fold = accept(state, envelope, Seen(now=self.clock.now(), cooling=self._cooling))
        rejection = fold.rejection or self._wrong(who.party, fold.statement)
        if rejection is not None:
            told = replace(fold, rejection=_named_once(rejection))
            return self._rejected(who, begun, state, told, envelope)
        held = self._held(Actor.of(who), begun, fold, envelope)
        if chain is None:
            self.stores.statements.start([begun])
        self._keep(begun, fold.state, [held])
        self._effects(begun, fold)
        self._show([fold.state])
        return Accepted(held=held, fold=fold, state=fold.state)

    def load(self, sealed: Sequence[Sealed]) -> int:
        """Take in many statements at once, in their order; one that is refused refuses all."""
        chains: dict[CameraId, Chain] = {}
        states: dict[CameraId, CameraState] = {}
        held: list[Held] = []
        begun: set[CameraId] = set()
        for one in sealed:
            if one.camera_id not in chains:
                chain, states[one.camera_id] = self._opened(one)
                chains[one.camera_id] = chain
                if not chain.count:
                    begun.add(one.camera_id)
            chain, state = chains[one.camera_id], states[one.camera_id]
            fold = accept(state, one.envelope, Seen(now=self.clock.now(), cooling=self._cooling))
            if fold.rejection is not None:
                why = fold.rejection
                raise InvalidError.of(f"{one.camera_id}.{why.field}", why.detail)
            held.append(self._held(one.actor, chain, fold, one.envelope))
            chains[one.camera_id] = _after(chain, fold.state)
            states[one.camera_id] = fold.state
        self.stores.statements.start([chains[each] for each in sorted(begun)])
        for camera_id in sorted(chains.keys() - begun):
            self.stores.statements.keep(chains[camera_id])
        self.stores.statements.add(held)
        self._show(list(states.values()))
        return len(held)

    def _opened(self, one: Sealed) -> tuple[Chain, CameraState]:
        chain = self.stores.statements.chain(one.camera_id, Lock.CHANGE)
        if chain is not None:
            return chain, self._state(chain)
        chain = self._begin(one.party_id, one.camera_id, one.envelope)
        if chain is None:
            raise InvalidError.of(f"{one.camera_id}.key", NO_KEY.detail)
        return chain, empty(self._origin(chain))

    def stop(self, who: Principal, camera_id: CameraId) -> EntryId:
        """Pause sharing now. One click and no key, since narrowing needs none."""
        self.camera(who, camera_id)
        chain = self.stores.statements.chain(camera_id, Lock.CHANGE)
        entry_id = self.journal.record(
            LoggedAct.STOP_REQUESTED,
            Actor.of(who),
            Subject(kind="camera", id=camera_id, party=who.party),
            decision="sent",
        )
        if chain is None or chain.party_id != who.party:
            return entry_id  # nothing is shared that could be stopped
        if who.person_id is None:
            raise DeniedError("Only a person can do this.")
        stopped = Stop(
            camera_id=camera_id,
            n=chain.count + 1,
            at=self.clock.now(),
            person_id=who.person_id,
            entry_id=entry_id,
        )
        state = stop(self._state(chain), stopped.at)
        self.stores.statements.add_stop(stopped)
        self.stores.statements.keep(replace(chain, count=chain.count + 1))
        self._show([state])
        return entry_id

    def camera(self, who: Principal, camera_id: CameraId) -> CameraFacts:
        camera = self.outside.cameras.for_camera(camera_id)
        if camera is None or camera.owner_id != who.party:
            raise NotFoundError
        return camera

    def state(self, who: Principal, camera_id: CameraId) -> CameraState | None:
        """What this owner promised for one of their cameras; None while they promised nothing."""
        self.camera(who, camera_id)
        chain = self.stores.statements.chain(camera_id)
        return self._state(chain) if chain and chain.party_id == who.party else None

    def state_or_empty(self, who: Principal, camera_id: CameraId) -> CameraState:
        """As `state`; before the first statement, what that must follow on."""
        state = self.state(who, camera_id)
        if state is not None:
            return state
        key = self.stores.keys.current(who.party)
        return empty(self.facts.origin(camera_id, key.key if key else ""))

    def statements(
        self, who: Principal, camera_id: CameraId, after: int, limit: int
    ) -> Sequence[Held]:
        self.camera(who, camera_id)
        return self.stores.statements.page(camera_id, after, limit)

    @property
    def _cooling(self) -> timedelta:
        return self.outside.hub.cooling

    def _begin(self, party_id: PartyId, camera_id: CameraId, envelope: Envelope) -> Chain | None:
        """The first statement must bear a pinned key: the one it names, if that is pinned."""
        pinned = [k for k in self.stores.keys.of_party(party_id) if k.retired_at is None]
        if not pinned:
            return None
        named = next((k.key for k in pinned if k.key == envelope.key), pinned[-1].key)
        return Chain(
            camera_id=camera_id,
            party_id=party_id,
            first_key=named,
            owner_key=named,
            count=0,
            seq=0,
            head=FIRST,
        )

    def _origin(self, chain: Chain) -> Origin:
        return self.facts.origin(chain.camera_id, chain.first_key)

    def _state(self, chain: Chain) -> CameraState:
        return load(self.stores.statements, chain, self._origin(chain))

    def _wrong(self, party_id: PartyId, statement: Statement | None) -> Rejection | None:
        return None if statement is None else self.checks.wrong(party_id, statement)

    def _held(self, actor: Actor, chain: Chain, fold: Fold, envelope: Envelope) -> Held:
        statement = fold.statement
        if statement is None:
            raise ValueError("a statement that was not read cannot be kept")
        entry_id = self.journal.record(
            LoggedAct.STATEMENT_REFUSED if fold.rejection else LoggedAct.STATEMENT_ACCEPTED,
            actor,
            Subject(kind="camera", id=chain.camera_id, party=chain.party_id),
            decision=statement.type.value,
            reason="" if fold.rejection is None else fold.rejection.detail,
            changes={"statement": envelope.hash},
        )
        return Held(
            camera_id=chain.camera_id,
            n=chain.count + 1,
            seq=statement.seq,
            hash=envelope.hash,
            type=statement.type.value,
            received_at=self.clock.now(),
            bytes=envelope.bytes,
            key=envelope.key,
            alg=envelope.alg,
            sig=envelope.sig,
            entry_id=entry_id,
        )

    def _keep(self, chain: Chain, state: CameraState, held: Sequence[Held]) -> None:
        self.stores.statements.add(held)
        self.stores.statements.keep(_after(chain, state))

    def _show(self, states: Sequence[CameraState]) -> None:
        """The last act of the transaction: maps learn which cameras to read anew."""
        now = self.clock.now()
        rows = [row for state in states for row in shown(state, now)]
        self.stores.statements.show([state.camera_id for state in states], rows)

    def _effects(self, chain: Chain, fold: Fold) -> None:
        """What a statement changes beside the camera's own state."""
        if fold.statement is None:
            return
        body = fold.statement.body
        if isinstance(body, AnswerTerms):
            word = self.checks.answer_word(body)
            self.stores.asks.answer(body.ask_id, chain.camera_id, word)
        if isinstance(body, Rotation):
            self._rotate(chain, body.key)

    def _rotate(self, chain: Chain, key: str) -> None:
        """Pin the new key; the old one goes once no camera of the party names it any more."""
        now = self.clock.now()
        known = {each.key for each in self.stores.keys.of_party(chain.party_id)}
        if key not in known:
            self.stores.keys.pin(OwnerKey(party_id=chain.party_id, key=key, pinned_at=now))
        if not self.stores.statements.uses_key(chain.party_id, chain.owner_key):
            self.stores.keys.retire(chain.party_id, chain.owner_key, now)

    def _rejected(
        self, who: Principal, chain: Chain, state: CameraState, fold: Fold, envelope: Envelope
    ) -> RefusedStatement:
        rejection = fold.rejection
        assert rejection is not None  # noqa: S101 the caller just looked
        if fold.state.rivals == state.rivals or chain.count == 0:
            return self._refused(Actor.of(who), who.party, chain.camera_id, envelope, rejection)
        # A second statement for one place closes the camera: it is kept as the proof of that.
        held = self._held(Actor.of(who), chain, fold, envelope)
        self._keep(chain, fold.state, [held])
        self._show([fold.state])
        return RefusedStatement(rejection=rejection, entry_id=held.entry_id)

    def _refused(
        self,
        actor: Actor,
        party_id: PartyId,
        camera_id: CameraId,
        envelope: Envelope,
        rejection: Rejection,
    ) -> RefusedStatement:
        entry_id = self.journal.record(
            LoggedAct.STATEMENT_REFUSED,
            actor,
            Subject(kind="camera", id=camera_id, party=party_id),
            decision=rejection.reason.value,
            reason=f"{rejection.field} {rejection.detail}"[:REASON_MAX],
            changes={"statement": envelope.hash},
        )
        return RefusedStatement(rejection=rejection, entry_id=entry_id)


def _named_once(rejection: Rejection) -> Rejection:
    """What a reader of sealed bytes says begins with the field, which stands apart here."""
    detail = rejection.detail.removeprefix(f"{rejection.field}: ")
    return replace(rejection, detail=detail)


def _after(chain: Chain, state: CameraState) -> Chain:
    return replace(
        chain,
        count=chain.count + 1,
        seq=state.seq,
        head=state.head,
        owner_key=state.next_key or state.owner_key,
    )
