"""What the city's story is told with: the services of one transaction, and who is who."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import numpy as np

from consentry.cameras import Registry
from consentry.consent import FIRST, Body, Consent
from consentry.identity import Identity
from consentry.incidents import IncidentDesk
from consentry.kernel.access import Principal
from consentry.kernel.ids import CameraId

from .chance import stream
from .city import City
from .founding import Founded
from .model import CityCamera
from .sealing import Pen
from .staging import StagedClock, StagedIds


class Hands(Protocol):
    """Every service over one open transaction: what a story does, it does in few commits."""

    @property
    def identity(self) -> Identity: ...

    @property
    def registry(self) -> Registry: ...

    @property
    def desk(self) -> IncidentDesk: ...

    @property
    def consent(self) -> Consent: ...


SignIn = Callable[[Identity, str, bool], Principal | None]
"""Sign somebody in by login name, the password being right or wrong. None where refused."""


@dataclass
class Stage:
    city: City
    clock: StagedClock
    ids: StagedIds
    founded: Founded
    pen: Pen
    sign_in: SignIn
    on_duty: dict[str, Principal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chance: np.random.Generator = stream(self.city.seed, "history")
        self._key_of = {camera_id: key for key, camera_id in self.founded.cameras.items()}
        self._camera_of = {camera.key: camera for camera in self.city.cameras}

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def camera(self, camera_id: CameraId) -> CityCamera:
        return self._camera_of[self._key_of[camera_id]]

    def begin_shift(self, hands: Hands, login: str) -> None:
        signed_in = self.sign_in(hands.identity, login, True)  # noqa: FBT003 the port's third word
        if signed_in is not None:
            self.on_duty[login] = signed_in

    def fresh(self, hands: Hands, login: str) -> Principal:
        """The person, having proved a moment ago that it is still them."""
        who = self.on_duty[login]
        hands.identity.account.count_try(who, "127.0.0.1")
        hands.identity.account.step_up_by_password(who, "127.0.0.1", matches=True)
        self.on_duty[login] = replace(who, stepped_up_at=self.now)
        return self.on_duty[login]

    def signer(self, owner: str) -> Principal:
        return self.founded.signers[owner].principal(self.now)

    def seal(self, hands: Hands, camera_id: CameraId, body: Body) -> None:
        """The next statement of a camera, sealed by its owner and taken by the hub."""
        owner = self.camera(camera_id).owner
        who = self.signer(owner)
        state = hands.consent.owner.state(who, camera_id)
        seq, prev = (0, FIRST) if state is None else (state.seq, state.head)
        envelope = self.pen.seal(owner, camera_id, body, seq + 1, prev)
        hands.consent.owner.put(who, camera_id, envelope)
