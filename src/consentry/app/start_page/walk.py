"""One ask, watched from the question to the proof, and on to the owner's stop and back."""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from consentry.audit import Receipt
from consentry.audit.merkle import leaf_hash
from consentry.audit.receipts import check
from consentry.consent import (
    WORDS as REASONS,
    AskDraft,
    AskRecord,
    AskState,
    Outcome,
    Purpose,
    Reason,
    Use,
)
from consentry.consent.service import Decided
from consentry.kernel.errors import NotFoundError
from consentry.kernel.ids import CameraId, EntryId, IncidentId
from consentry.simulation.model import CityCamera, Sharing
from consentry.simulation.sealing import purposes_of

from .acting import Players
from .page import NextStep, Step, WalkCard

ASKER: Final = "jonas"
WALKS_MAX: Final = 200
STEPS_MAX: Final = 24
PROMISES: Final = {
    Sharing.ALWAYS: "Shares at any time",
    Sharing.SCHEDULE: "Shares in its hours, when nobody is in",
    Sharing.INCIDENT: "Shares in a serious incident within 450 m",
    Sharing.ASK: "Wants to be asked each time",
    Sharing.OWNER_EMERGENCY: "Shares in its owner's own emergency alone",
    Sharing.REGISTRY: "Stands in the registry; nobody may watch",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    entry_id: EntryId
    position: int
    words: str
    holds: bool = False
    act: str = ""
    size: int = 0
    leaf: str = ""
    root: str = ""


@dataclass
class Walk:
    camera: CityCamera
    camera_id: CameraId
    record: AskRecord
    first: Decided
    decided: Decided
    proof: Proof
    at: datetime
    after: list[Step] = field(default_factory=list)

    @property
    def state(self) -> AskState:
        return self.decided.line.state


class Walks:
    """The newest walks, in memory: the hub keeps the asks themselves."""

    def __init__(self, players: Players) -> None:
        self._players = players
        self._held: OrderedDict[str, Walk] = OrderedDict()
        self._turn = asyncio.Lock()

    async def ask(self, camera: CityCamera, purpose: Purpose, reason: str) -> str:
        players = self._players
        camera_id = CameraId(players.cast.cameras[camera.key])
        draft = AskDraft(
            camera_ids=[camera_id],
            use=Use.LIVE,
            purpose=purpose,
            reason=reason,
            incident_id=IncidentId(players.cast.incident),
        )
        who = await players.staff(ASKER)
        outcome = await players.hub.services.consent.write(lambda c: c.asks.ask(who, draft))
        decided = outcome.decided[0]
        walk = Walk(
            camera=camera,
            camera_id=camera_id,
            record=outcome.ask,
            first=decided,
            decided=decided,
            proof=await self._prove(camera_id, decided.entry_id),
            at=players.hub.chance.clock.now(),
        )
        self._held[outcome.ask.id] = walk
        while len(self._held) > WALKS_MAX:
            self._held.popitem(last=False)
        return outcome.ask.id

    async def stop(self, ask_id: str) -> None:
        async with self._turn:
            walk = self._walk(ask_id)
            entry_id = await self._players.stop(walk.camera_id)
            proof = await self._prove(walk.camera_id, entry_id)
            words = (
                f"One click, no key: less always acts at once. Entry {proof.position:,} says so."
            )
            walk.after.append(Step(kind="done", title="The owner stopped sharing", words=words))
            await self._again(walk)

    async def share(self, ask_id: str) -> None:
        async with self._turn:
            walk = self._walk(ask_id)
            entry_id = await self._players.share_again(walk.camera_id)
            proof = await self._prove(walk.camera_id, entry_id)
            words = (
                "More needs the owner's key: a sealed statement, which the hub could not have "
                f"made. Entry {proof.position:,} holds its hash."
            )
            walk.after.append(Step(kind="done", title="The owner shares again", words=words))
            await self._again(walk)

    async def answer(self, ask_id: str) -> None:
        async with self._turn:
            walk = self._walk(ask_id)
            entry_id = await self._players.say_yes(walk.record, walk.camera_id)
            proof = await self._prove(walk.camera_id, entry_id)
            words = f"Sealed for this ask and half an hour alone. Entry {proof.position:,}."
            walk.after.append(Step(kind="done", title="The owner says yes", words=words))
            await self._again(walk)

    async def approve(self, ask_id: str) -> None:
        async with self._turn:
            walk = self._walk(ask_id)
            await self._players.approve(walk.record)
            words = "Sena Demir, supervisor, proved who she is and approved the ask's hash."
            walk.after.append(Step(kind="done", title="A second person approves", words=words))
            await self._again(walk)

    async def receipt(self, entry_id: str) -> str:
        """The receipt as its owner would load it down. Raises NotFoundError."""
        walk = next((w for w in self._held.values() if w.proof.entry_id == entry_id), None)
        if walk is None:
            raise NotFoundError
        return (await self._receipt(walk.camera_id, EntryId(entry_id))).to_json()

    def card(self, ask_id: str) -> WalkCard:
        """Raises NotFoundError for one that is no longer held."""
        walk = self._walk(ask_id)
        owner = self._players.city.owner_of[walk.camera.owner]
        purposes = sorted(p.value.replace("_", " ") for p in purposes_of(walk.camera, owner))
        first = walk.first
        return WalkCard(
            id=ask_id,
            camera=walk.camera.name,
            owner=owner.name,
            promise=f"{PROMISES[walk.camera.sharing]}, for: {', '.join(purposes)}.",
            asker="Jonas Mercer",
            asked=f"at {walk.at:%H:%M:%S} UTC",
            permitted=first.line.state is AskState.PERMITTED,
            verdict=verdict_of(first),
            words=words_of(first),
            entry_id=walk.proof.entry_id,
            act=walk.proof.act,
            position=walk.proof.position,
            size=walk.proof.size,
            proved=walk.proof.holds,
            proof=walk.proof.words,
            leaf=walk.proof.leaf,
            root=walk.proof.root,
            after=tuple(walk.after),
            next=next_of(walk),
        )

    def camera(self, ask_id: str) -> CityCamera:
        return self._walk(ask_id).camera

    def _walk(self, ask_id: str) -> Walk:
        walk = self._held.get(ask_id)
        if walk is None or len(walk.after) >= STEPS_MAX:
            raise NotFoundError("This page no longer holds that ask. Begin another one.")
        return walk

    async def _again(self, walk: Walk) -> None:
        """The very same ask, decided anew."""
        outcome: Outcome = await self._players.renew(ASKER, walk.record.id)
        walk.record = outcome.ask
        if outcome.decided:
            walk.decided = outcome.decided[0]
        yes = walk.state is AskState.PERMITTED
        walk.after.append(
            Step(
                kind="done" if yes else "no",
                title="The same ask again",
                verdict=verdict_of(walk.decided),
                words=words_of(walk.decided),
            )
        )

    async def _prove(self, camera_id: CameraId, entry_id: EntryId | None) -> Proof:
        """Wait for the entry's place, then check its receipt as anybody could, offline."""
        if entry_id is None:
            raise NotFoundError("This ask left no entry.")
        receipt = await self._receipt(camera_id, entry_id)
        try:
            checked = check(receipt, self._players.hub.log.policy)
        except ValueError as error:  # said, not hidden: this page is here to show it
            return Proof(entry_id=entry_id, position=receipt.position, words=f"No: {error}.")
        words = (
            f"{len(receipt.inclusion)} hashes lead from this entry's leaf to the root that the log "
            "signed: checked just now with nothing but the receipt and the log's public key."
        )
        return Proof(
            entry_id=entry_id,
            position=receipt.position,
            words=words,
            holds=True,
            act=checked.entry.act.value,
            size=checked.checkpoint.size,
            leaf=_short(leaf_hash(receipt.leaf)),
            root=_short(checked.checkpoint.root),
        )

    async def _receipt(self, camera_id: CameraId, entry_id: EntryId) -> Receipt:
        who = self._players.owner(camera_id)
        proofs = self._players.hub.proofs
        proven = await proofs.wait(entry_id)
        body, salt = await proofs.sealed(entry_id, who.party)
        return Receipt(
            body=body,
            salt=salt,
            position=proven.position,
            inclusion=proven.inclusion,
            checkpoint=proven.checkpoint,
        )


def verdict_of(decided: Decided) -> str:
    line = decided.line
    if line.state is AskState.PERMITTED and line.until is not None:
        return f"Permitted until {line.until:%H:%M:%S} UTC"
    if line.state is AskState.NEEDS_OWNER:
        return "Waits for the owner"
    if line.state is AskState.NEEDS_SECOND_PERSON:
        return "Waits for a second person"
    return f"Refused: {(line.reason or Reason.UNKNOWN_FIELD).value.replace('_', ' ')}"


def words_of(decided: Decided) -> str:
    if decided.line.reason is not None:
        return REASONS[decided.line.reason]
    duties = sorted(duty.value.replace("_", " ") for duty in decided.obligations)
    owed = ", ".join(duties)
    return f"A sealed grant covers who asks, what for, when and where. Owed in return: {owed}."


def next_of(walk: Walk) -> NextStep | None:
    """What may happen now; none where only a new promise could open the camera."""
    if walk.state is AskState.PERMITTED:
        return NextStep(
            title="Now be the owner",
            words="One click stops it, whoever is watching and whatever was permitted.",
            action="/start/stop",
            button="Stop sharing, then ask again",
            style="stop",
        )
    if walk.state is AskState.NEEDS_OWNER:
        return NextStep(
            title="Now be the owner",
            words="A yes is sealed for this ask alone. Silence is a no.",
            action="/start/answer",
            button="Say yes, sealed by the owner",
            style="",
        )
    if walk.state is AskState.NEEDS_SECOND_PERSON:
        return NextStep(
            title="Now be the supervisor",
            words="Too many cameras, a protected place, or an incident of one's own making.",
            action="/start/approve",
            button="Approve as Sena Demir",
            style="",
        )
    if walk.decided.line.reason is Reason.PAUSED:
        return NextStep(
            title="Share again",
            words="The owner's own key seals the resume; the hub does not hold it.",
            action="/start/share",
            button="Share again, sealed by the owner",
            style="",
        )
    return None


def _short(value: bytes) -> str:
    text = value.hex()
    return f"{text[:16]}…{text[-16:]}"
