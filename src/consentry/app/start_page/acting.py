"""The demo's people at work: each act is a call of the hub's own services, none is pretended.

An owner is played by the demo itself, which holds the demo owners' keys as a real owner would.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from consentry.app.staging import Cast, sign_in
from consentry.app.wiring import Hub
from consentry.consent import FIRST, AskRecord, Body, Outcome, Resumption
from consentry.consent.service import RefusedStatement
from consentry.identity import Identity
from consentry.kernel.access import Principal, PrincipalKind
from consentry.kernel.errors import ConflictError, UnavailableError
from consentry.kernel.ids import AskId, CameraId, EntryId, PartyId, PersonId
from consentry.simulation import City
from consentry.simulation.answers import answer_for
from consentry.simulation.founding import roles_of
from consentry.simulation.keys import OWNERS, KeyFolder
from consentry.simulation.sealing import Pen

FRESH: Final = timedelta(minutes=4)
"""An approval wants a proof of the person that is at most five minutes old."""
ON_SHIFT: Final = timedelta(hours=7)
"""A live view, at most eight hours."""
SUPERVISOR: Final = "sena"


@dataclass
class Players:
    hub: Hub
    city: City
    cast: Cast
    data: Path
    _signed_in: dict[str, Principal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pen = Pen(self.hub.name, KeyFolder(self.data / OWNERS), self.hub.chance.clock)
        self._key_of = {camera_id: key for key, camera_id in self.cast.cameras.items()}
        self._owner_of = {camera.key: camera.owner for camera in self.city.cameras}

    async def staff(self, login: str, life: timedelta = ON_SHIFT) -> Principal:
        """Signed in for real; anew once the last proof is older than that."""
        now = self.hub.chance.clock.now()
        held = self._signed_in.get(login)
        if held is not None and held.stepped_up_at and now - held.stepped_up_at < life:
            return held

        def begin(identity: Identity) -> Principal | None:
            return sign_in(identity, login, True)  # noqa: FBT003 the password is right

        principal = await self.hub.services.identity.write(begin)
        if principal is None:
            raise UnavailableError(f"The demo's own account {login} cannot sign in any more.")
        self._signed_in[login] = principal
        return principal

    def owner(self, camera_id: CameraId) -> Principal:
        owner = self._owner_of[self._key_of[camera_id]]
        return Principal(
            kind=PrincipalKind.PERSON,
            party_id=PartyId(self.cast.parties[owner]),
            person_id=PersonId(self.cast.signers[owner]),
            name=self.city.owner_of[owner].name,
            roles=roles_of(self.city.owner_of[owner]),
            stepped_up_at=self.hub.chance.clock.now(),
        )

    async def stop(self, camera_id: CameraId) -> EntryId:
        """One click, no key."""
        who = self.owner(camera_id)
        return await self.hub.services.consent.write(lambda c: c.owner.stop(who, camera_id))

    async def share_again(self, camera_id: CameraId) -> EntryId:
        return await self._seal(camera_id, Resumption())

    async def say_yes(self, record: AskRecord, camera_id: CameraId) -> EntryId:
        return await self._seal(camera_id, answer_for(record, self.hub.chance.clock.now()))

    async def approve(self, record: AskRecord) -> None:
        who = await self.staff(SUPERVISOR, FRESH)
        words = "Read the call; camera and purpose fit"
        await self.hub.services.consent.write(
            lambda c: c.oversight.approve(who, record.id, record.hash, words)
        )

    async def renew(self, login: str, ask_id: AskId) -> Outcome:
        who = await self.staff(login)
        return await self.hub.services.consent.write(lambda c: c.asks.renew(who, ask_id))

    async def _seal(self, camera_id: CameraId, body: Body) -> EntryId:
        """Seal with the owner's own key, which the hub does not hold, and hand it in."""
        who, owner = self.owner(camera_id), self._owner_of[self._key_of[camera_id]]
        consent = self.hub.services.consent
        # A seal is dated to the whole second: one that undoes something of this very second
        # would seem to come before it.
        await asyncio.sleep(1 - self.hub.chance.clock.now().microsecond / 1_000_000)
        state = await consent.read(lambda c: c.owner.state(who, camera_id))
        seq, prev = (0, FIRST) if state is None else (state.seq, state.head)
        envelope = self._pen.seal(owner, camera_id, body, seq + 1, prev)
        taken = await consent.write(lambda c: c.owner.put(who, camera_id, envelope))
        if isinstance(taken, RefusedStatement):
            raise ConflictError(f"The hub refused the statement: {taken.rejection.detail}.")
        return taken.held.entry_id
