"""The ticket: a permit as its log entry holds it, with the proof that the log holds the entry.

The permit exists once, in the entry; the ticket adds proof. Every form is strict.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consentry.kernel.access import Role
from consentry.kernel.canonical import INTEGER_SIZE_MAX, Json, decode_object, encode
from consentry.kernel.clock import from_text, to_text
from consentry.kernel.errors import InvalidError
from consentry.kernel.geo import Point, from_e7, to_e7
from consentry.kernel.ids import (
    AskId,
    CameraId,
    EdgeId,
    GrantId,
    IncidentId,
    PartyId,
    PersonId,
    TicketId,
)

from .model import (
    Approval,
    ApprovalKind,
    Ask,
    Context,
    GrantRef,
    IncidentFacts,
    IncidentType,
    Obligation,
    Permit,
    Purpose,
    Span,
    Use,
)
from .reading import Fields
from .statements import SEQ_MAX, Envelope, read_envelope, verifies, write_envelope

PREFIX: Final = b"consentry/ticket/v1\n"
AGENCY_PREFIX: Final = b"consentry/agency-entry/v1\n"
VERSION: Final = 1
LEASE_S_MAX: Final = 10
TICKET_BYTES_MAX: Final = 512 * 1024
STATEMENTS_MAX: Final = 256
APPROVALS_MAX: Final = 8
PROOF_MAX: Final = 64
TEXT_MAX: Final = 500
NOTE_MAX: Final = 16 * 1024
_E7_LAT: Final = 900_000_000
_E7_LON: Final = 1_800_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What an entry says of one access: all that the edge needs to decide again."""

    ticket_id: TicketId
    edge_id: EdgeId
    stream: str
    seq: int
    """The camera's newest statement that the hub knew."""
    tzdata: str
    issued_at: datetime
    opened_at: datetime
    until: datetime
    obligations: frozenset[Obligation]
    ask: Ask
    incident: IncidentFacts | None = None
    approvals: tuple[Approval, ...] = ()
    grant: GrantRef | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a permit is carried to, and what its hub knew."""

    ticket_id: TicketId
    edge_id: EdgeId
    stream: str
    seq: int
    tzdata: str


def access_of(permit: Permit, context: Context, route: Route) -> Access:
    """The permit as its entry will hold it. Whole seconds: `until` is cut, never stretched."""
    incident = context.incident
    shaped_by = incident.shaped_by & {permit.ask.person_id} if incident else frozenset()
    return Access(
        ticket_id=route.ticket_id,
        edge_id=route.edge_id,
        stream=route.stream,
        seq=route.seq,
        tzdata=route.tzdata,
        issued_at=_second(context.now),
        opened_at=_second(context.opened_at or context.now),
        until=_second(permit.until),
        obligations=permit.obligations,
        ask=permit.ask,
        incident=incident
        and replace(incident, shaped_by=shaped_by, assigned=frozenset({permit.ask.person_id})),
        approvals=tuple(a for a in context.approvals if a.ask_hash == permit.ask.hash),
        grant=permit.grant,
    )


def _second(instant: datetime) -> datetime:
    return from_text(to_text(instant))


def write_access(access: Access) -> dict[str, Json]:
    """The object that stands as `ticket` in the log's entry."""
    ask = access.ask
    parts: dict[str, Json] = {
        "id": access.ticket_id,
        "edge": access.edge_id,
        "camera": ask.camera_id,
        "use": ask.use.value,
        "stream": access.stream,
        "agency": ask.agency_id,
        "actor": ask.person_id,
        "role": ask.role.value,
        "purpose": ask.purpose.value,
        "reference": _write_reference(ask),
        "approvals": [_write_approval(each) for each in access.approvals],
        "seq": access.seq,
        "tzdata": access.tzdata,
        "issued_at": to_text(access.issued_at),
        "opened_at": to_text(access.opened_at),
        "until": to_text(access.until),
        "obligations": sorted(each.value for each in access.obligations),
    }
    if ask.window is not None:
        parts["window"] = {"from": to_text(ask.window.start), "until": to_text(ask.window.end)}
    if access.incident is not None:
        parts["incident"] = _write_incident(access.incident)
    if access.grant is not None:
        grant = access.grant
        parts["grant"] = {"id": grant.id, "version": grant.version, "hash": grant.hash}
    return parts


def _write_reference(ask: Ask) -> dict[str, Json]:
    parts: dict[str, Json] = {"ask": ask.id, "ask_hash": ask.hash}
    texts = {"case": ask.case_reference, "reason": ask.reason, "incident": ask.incident_id}
    return parts | {name: text for name, text in texts.items() if text}


def _write_incident(incident: IncidentFacts) -> dict[str, Json]:
    parts: dict[str, Json] = {
        "id": incident.id,
        "type": incident.type.value,
        "lat": to_e7(incident.place.lat),
        "lon": to_e7(incident.place.lon),
        "opened_at": to_text(incident.opened_at),
        "shaped_at": to_text(incident.shaped_at),
        "by_actor": bool(incident.shaped_by),
    }
    if incident.closed_at is not None:
        parts["closed_at"] = to_text(incident.closed_at)
    return parts


def _write_approval(approval: Approval) -> dict[str, Json]:
    parts: dict[str, Json] = {
        "kind": approval.kind.value,
        "person": approval.person_id,
        "at": to_text(approval.at),
        "ends_at": to_text(approval.ends_at),
        "stepped_up": approval.stepped_up,
    }
    return parts | ({"reason": approval.reason} if approval.reason else {})


def read_access(fields: Fields) -> Access:
    """Raises InvalidError naming the field and its limit."""
    ask, incident = _read_ask(fields)
    access = Access(
        ticket_id=TicketId(fields.id("id")),
        edge_id=EdgeId(fields.id("edge")),
        stream=fields.text("stream", 40),
        seq=fields.integer("seq", 0, SEQ_MAX),
        tzdata=fields.text("tzdata", 20),
        issued_at=fields.time("issued_at"),
        opened_at=fields.time("opened_at"),
        until=fields.time("until"),
        obligations=fields.words("obligations", Obligation),
        ask=ask,
        incident=incident,
        approvals=tuple(
            _read_approval(each, ask.hash) for each in fields.objects("approvals", APPROVALS_MAX)
        ),
        grant=_read_grant(fields.object("grant")) if fields.has("grant") else None,
    )
    fields.end()
    return access


def _read_ask(fields: Fields) -> tuple[Ask, IncidentFacts | None]:
    reference = fields.object("reference")
    person_id = PersonId(fields.id("actor"))
    named = IncidentId(reference.id("incident")) if reference.has("incident") else None
    ask = Ask(
        id=AskId(reference.id("ask")),
        camera_id=CameraId(fields.id("camera")),
        agency_id=PartyId(fields.id("agency")),
        person_id=person_id,
        role=fields.word("role", Role),
        use=fields.word("use", Use),
        purpose=fields.word("purpose", Purpose),
        hash=reference.hash("ask_hash"),
        incident_id=named,
        case_reference=reference.text("case", TEXT_MAX) if reference.has("case") else "",
        reason=reference.text("reason", TEXT_MAX) if reference.has("reason") else "",
        window=_read_window(fields.object("window")) if fields.has("window") else None,
    )
    reference.end()
    has_incident = fields.has("incident")
    return ask, _read_incident(fields.object("incident"), person_id) if has_incident else None


def _read_window(fields: Fields) -> Span:
    window = Span(start=fields.time("from"), end=fields.time("until"))
    fields.end()
    return window


def _read_incident(fields: Fields, person_id: PersonId) -> IncidentFacts:
    lat, lon = fields.integer("lat", -_E7_LAT, _E7_LAT), fields.integer("lon", -_E7_LON, _E7_LON)
    incident = IncidentFacts(
        id=IncidentId(fields.id("id")),
        type=fields.word("type", IncidentType),
        place=Point(from_e7(lat), from_e7(lon)),
        opened_at=fields.time("opened_at"),
        shaped_at=fields.time("shaped_at"),
        closed_at=fields.time("closed_at") if fields.has("closed_at") else None,
        shaped_by=frozenset({person_id}) if fields.flag("by_actor") else frozenset(),
        assigned=frozenset({person_id}),
    )
    fields.end()
    return incident


def _read_approval(fields: Fields, ask_hash: str) -> Approval:
    approval = Approval(
        kind=fields.word("kind", ApprovalKind),
        person_id=PersonId(fields.id("person")),
        ask_hash=ask_hash,
        at=fields.time("at"),
        ends_at=fields.time("ends_at"),
        stepped_up=fields.flag("stepped_up"),
        reason=fields.text("reason", TEXT_MAX) if fields.has("reason") else "",
    )
    fields.end()
    return approval


def _read_grant(fields: Fields) -> GrantRef:
    grant = GrantRef(
        id=GrantId(fields.id("id")),
        version=fields.integer("version", 1, SEQ_MAX),
        hash=fields.hash("hash"),
    )
    fields.end()
    return grant


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """`entry` is the whole entry of the log, as JSON; its `ticket` is read by `read_access`."""

    salt: bytes
    lease_s: int
    entry: Mapping[str, Json]
    position: int
    size: int
    inclusion: tuple[bytes, ...]
    checkpoint: str
    consistency: tuple[bytes, ...]
    statements: tuple[Envelope, ...] = ()
    agency_sig: str = ""
    sig: str = ""

    def rest(self) -> dict[str, Json]:
        """All that `sig` stands over."""
        parts: dict[str, Json] = {
            "v": VERSION,
            "salt": self.salt.hex(),
            "lease_s": self.lease_s,
            "entry": self.entry,
            "position": self.position,
            "size": self.size,
            "inclusion": [each.hex() for each in self.inclusion],
            "checkpoint": self.checkpoint,
            "consistency": [each.hex() for each in self.consistency],
            "statements": [write_envelope(each) for each in self.statements],
        }
        return parts | ({"agency_sig": self.agency_sig} if self.agency_sig else {})


def sign_ticket(ticket: Ticket, key: Ed25519PrivateKey) -> Ticket:
    return replace(ticket, sig=key.sign(PREFIX + encode(ticket.rest())).hex())


def sign_entry(entry: Mapping[str, Json], key: Ed25519PrivateKey) -> str:
    """The agency's own word, where a grant names its key."""
    return key.sign(AGENCY_PREFIX + encode(entry)).hex()


def is_signed(ticket: Ticket, ticket_key: str) -> bool:
    return verifies(ticket_key, ticket.sig, PREFIX + encode(ticket.rest()))


def is_agency_signed(ticket: Ticket, agency_key: str) -> bool:
    return verifies(agency_key, ticket.agency_sig, AGENCY_PREFIX + encode(ticket.entry))


def encode_ticket(ticket: Ticket) -> bytes:
    return encode({**ticket.rest(), "sig": ticket.sig})


def parse_ticket(data: bytes) -> Ticket:
    """Exact, with no other field. Raises InvalidError; nothing is verified yet."""
    if len(data) > TICKET_BYTES_MAX:
        raise InvalidError.of("ticket", "is too large", f"{TICKET_BYTES_MAX} bytes")
    try:
        fields = Fields(decode_object(data))
    except ValueError as error:
        raise InvalidError.of("ticket", str(error), slug="not_canonical") from error
    fields.integer("v", VERSION, VERSION)
    entry = fields.raw("entry")
    if not isinstance(entry, Mapping):
        fields.refuse("entry", "must be an object")
    statements = fields.objects("statements", STATEMENTS_MAX)
    ticket = Ticket(
        salt=bytes.fromhex(fields.hash("salt")),
        lease_s=fields.integer("lease_s", 1, LEASE_S_MAX),
        entry=entry,
        position=fields.integer("position", 0, INTEGER_SIZE_MAX),
        size=fields.integer("size", 1, INTEGER_SIZE_MAX),
        inclusion=_proof(fields, "inclusion"),
        checkpoint=fields.text("checkpoint", NOTE_MAX),
        consistency=_proof(fields, "consistency"),
        statements=tuple(read_envelope(each) for each in statements),
        agency_sig=fields.signature("agency_sig") if fields.has("agency_sig") else "",
        sig=fields.signature("sig"),
    )
    fields.end()
    return ticket


def _proof(fields: Fields, name: str) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(each) for each in fields.hashes(name, PROOF_MAX))
