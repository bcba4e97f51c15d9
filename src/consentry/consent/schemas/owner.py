"""The owner's side on the wire: seals, the state of a camera, keys, accesses, answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints

from consentry.consent.model import WORDS, Grant, Kind, Purpose, Reason, Use
from consentry.consent.reading import Fields
from consentry.consent.receipts import limits, state_of
from consentry.consent.records import Access, AskLine, AskRecord, Held, OwnerKey
from consentry.consent.service import Accepted
from consentry.consent.state import CameraState, facts
from consentry.consent.statements import (
    STATEMENT_BYTES_MAX,
    Envelope,
    read_envelope,
    write_envelope,
)
from consentry.infra.web import Wire
from consentry.kernel.canonical import Json

from .asks import WindowOut, window_out
from .parts import HASH_PATTERN, Hash, Id

BASE64_MAX: Final = STATEMENT_BYTES_MAX * 4 // 3 + 4
Hex64 = Annotated[str, StringConstraints(pattern=HASH_PATTERN)]
Signature = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]
SENT: Final = "Sent to the hub, not yet confirmed by the camera's edge."


class EnvelopeIn(Wire):
    """A statement as the owner sealed it: canonical bytes in base64, key and seal in hex."""

    bytes: str = Field(min_length=1, max_length=BASE64_MAX)
    key: Hex64
    alg: Annotated[str, StringConstraints(max_length=16)]
    sig: Signature

    def to_envelope(self) -> Envelope:
        parts: Mapping[str, Json] = self.model_dump()
        return read_envelope(Fields(parts))


class StatementOut(Wire):
    n: int
    seq: int
    hash: Hash
    type: str
    received_at: datetime
    entry_id: Id
    envelope: dict[str, Any]

    @classmethod
    def of(cls, held: Held) -> "StatementOut":
        return cls(
            n=held.n,
            seq=held.seq,
            hash=held.hash,
            type=held.type,
            received_at=held.received_at,
            entry_id=held.entry_id,
            envelope=dict(write_envelope(held.envelope)),
        )


class AcceptedOut(Wire):
    hash: Hash
    seq: int
    type: str
    entry_id: Id
    effective_at: datetime | None = Field(description="Later than now while it cools.")
    cooling: bool
    words: str

    @classmethod
    def of(cls, accepted: Accepted) -> "AcceptedOut":
        held, at = accepted.held, accepted.fold.effective_at
        cooling = at is not None and at > held.received_at
        later = f"It widens what is shared, so it waits until {at}." if cooling else "It counts."
        return cls(
            hash=held.hash,
            seq=held.seq,
            type=held.type,
            entry_id=held.entry_id,
            effective_at=at,
            cooling=cooling,
            words=f"{later} {SENT}",
        )


class GrantOut(Wire):
    id: Id
    version: int
    state: str = Field(
        description="pending, cooling, active, suspended, superseded, expired or revoked."
    )
    kind: Kind
    agencies: list[Id]
    uses: list[Use]
    purposes: list[Purpose]
    limits: dict[str, Any]
    hash: Hash
    effective_at: datetime

    @classmethod
    def of(cls, grant: Grant, state: str) -> "GrantOut":
        return cls(
            id=grant.id,
            version=grant.version,
            state=state,
            kind=grant.kind,
            agencies=sorted(grant.agencies),
            uses=sorted(grant.uses),
            purposes=sorted(grant.purposes),
            limits=dict(limits(grant)),
            hash=grant.hash,
            effective_at=grant.effective_at,
        )


class CameraConsentOut(Wire):
    """Where a camera stands: what the owner's next statement must follow on, and what holds."""

    camera_id: Id
    hub: str
    seq: int
    head: Hash
    owner_key: str
    paused: bool
    closed_by: list[Hash] = Field(
        description="Two statements that claim one place: settle them with a `resume`."
    )
    grants: list[GrantOut]

    @classmethod
    def of(cls, state: CameraState, now: datetime) -> "CameraConsentOut":
        held = facts(state, now)
        pauses = held.pauses
        return cls(
            camera_id=state.camera_id,
            hub=state.hub,
            seq=state.seq,
            head=state.head,
            owner_key=state.owner_key,
            paused=any(p.start <= now and (p.end is None or now < p.end) for p in pauses),
            closed_by=list(state.rivals),
            grants=[GrantOut.of(g, state_of(g, pauses, now)) for g in held.grants],
        )


class StopReceiptOut(Wire):
    entry_id: Id
    words: str = SENT


class KeyIn(Wire):
    key: Hex64 = Field(description="Ed25519, 32 bytes in hex.")
    proof: Signature = Field(
        description="Over `consentry/owner-key/v1\\n` and the canonical claim {hub, key, party}."
    )


class KeyOut(Wire):
    key: Hex64
    pinned_at: datetime
    retired_at: datetime | None

    @classmethod
    def of(cls, key: OwnerKey) -> "KeyOut":
        return cls(key=key.key, pinned_at=key.pinned_at, retired_at=key.retired_at)


class KeysOut(Wire):
    items: list[KeyOut]


class AccessOut(Wire):
    """Who looked, or asked to: when, why, and what was answered."""

    entry_id: Id
    camera_id: Id
    at: datetime
    decision: str
    reason: Reason | None
    words: str
    until: datetime | None
    hidden_until: datetime | None = Field(
        description="Who and why follow then; that there was an access shows at once."
    )
    agency_id: Id | None = None
    agency: str = ""
    person: str = ""
    use: Use | None = None
    purpose: Purpose | None = None
    why: str = ""
    reference: str = ""
    window: WindowOut | None = None

    @classmethod
    def of(cls, access: Access, agencies: Mapping[str, str]) -> "AccessOut":
        bare = cls(
            entry_id=access.entry_id,
            camera_id=access.camera_id,
            at=access.at,
            decision=access.decision,
            reason=access.reason,
            words="" if access.reason is None else WORDS[access.reason],
            until=access.until,
            hidden_until=access.hidden_until,
        )
        if access.hidden_until is not None:
            return bare
        ask = access.ask
        return bare.model_copy(
            update={
                "agency_id": ask.party_id,
                "agency": agencies.get(ask.party_id, ""),
                "person": ask.person_name,
                "use": ask.use,
                "purpose": ask.purpose,
                "why": ask.reason,
                "reference": ask.incident_id or ask.case_reference,
                "window": window_out(ask.window),
            }
        )


class WaitingOut(Wire):
    """An ask that waits for the owner: a yes is a sealed `answer`, a no one click."""

    ask_id: Id
    camera_id: Id
    agency_id: Id
    use: Use
    purpose: Purpose
    why: str
    window: WindowOut | None
    asked_at: datetime
    lapses_at: datetime

    @classmethod
    def of(cls, pair: tuple[AskRecord, AskLine]) -> "WaitingOut":
        ask, line = pair
        return cls(
            ask_id=ask.id,
            camera_id=line.camera_id,
            agency_id=ask.party_id,
            use=ask.use,
            purpose=ask.purpose,
            why=ask.reason,
            window=window_out(ask.window),
            asked_at=ask.asked_at,
            lapses_at=ask.lapses_at,
        )


class DeclinedOut(Wire):
    ask_id: Id
    camera_id: Id
    answer: str = "no"


class ReceiptOut(Wire):
    """A receipt to keep: `consentry owner verify` checks it without the hub."""

    receipt: dict[str, Any]


class TrustOut(Wire):
    """What an owner and an edge pin: compare the six words, not these."""

    origin: str
    name: str
    ticket_key: Hex64
    log_key: str = Field(description="As a verifier key of a signed note: name+id+key.")
