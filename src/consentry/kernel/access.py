"""Who may do what: one table of roles and acts, and the principal it is asked about.

Every route names one act. What the table does not allow is refused. Being allowed an act says
nothing about *which* things: every query still holds the principal's own party.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from .ids import EdgeId, PartyId, PersonId, SessionId


class Role(StrEnum):
    """What a person is to the party they act for. One person may hold several."""

    OPERATOR = "operator"
    RESPONDER = "responder"
    INVESTIGATOR = "investigator"
    SUPERVISOR = "supervisor"
    CUSTODIAN = "custodian"
    AUDITOR = "auditor"
    AGENCY_ADMIN = "agency_admin"
    HUB_ADMIN = "hub_admin"
    OWNER = "owner"


STAFF: Final = frozenset(Role) - {Role.OWNER}


class PrincipalKind(StrEnum):
    PUBLIC = "public"
    PERSON = "person"
    EDGE = "edge"
    TOKEN = "token"  # noqa: S105 a kind of principal, not a secret


class Act(StrEnum):
    """Everything that a route can be for."""

    READ_PUBLIC = "read_public"
    SIGN_IN = "sign_in"
    SET_UP = "set_up"
    READ_SELF = "read_self"
    CHANGE_SELF = "change_self"
    READ_METRICS = "read_metrics"

    MANAGE_AGENCIES = "manage_agencies"
    MANAGE_PEOPLE = "manage_people"
    MANAGE_TOKENS = "manage_tokens"
    MANAGE_EDGES = "manage_edges"
    ENROL_EDGE = "enrol_edge"
    REPORT_EDGE = "report_edge"

    READ_OWN_CAMERAS = "read_own_cameras"
    CHANGE_CAMERAS = "change_cameras"
    CONFIRM_CAMERAS = "confirm_cameras"
    IMPORT_CAMERAS = "import_cameras"
    EXPORT_CAMERAS = "export_cameras"
    SEARCH_CAMERAS = "search_cameras"

    OPEN_INCIDENT = "open_incident"
    DISPATCH_INCIDENT = "dispatch_incident"
    READ_INCIDENTS = "read_incidents"
    WORK_INCIDENT = "work_incident"
    ASSIGN_INCIDENT = "assign_incident"
    CLOSE_INCIDENT = "close_incident"

    ASK = "ask"
    READ_ASKS = "read_asks"
    APPROVE_ASK = "approve_ask"
    REVIEW_ASK = "review_ask"
    STOP_ALL = "stop_all"
    RECORD_LAWFUL_BASIS = "record_lawful_basis"
    MANAGE_POLICY = "manage_policy"
    READ_POLICY = "read_policy"

    SEAL_STATEMENTS = "seal_statements"
    READ_OWN_STATEMENTS = "read_own_statements"
    READ_OWN_ACCESSES = "read_own_accesses"
    PAUSE_CAMERA = "pause_camera"
    ANSWER_ASK = "answer_ask"

    READ_AUDIT = "read_audit"
    READ_NEWEST_CHECKPOINT = "read_newest_checkpoint"
    ERASE_ENTRY = "erase_entry"


_R = Role
_ASKERS = frozenset({_R.OPERATOR, _R.RESPONDER, _R.INVESTIGATOR})
_ROOM = _ASKERS | {_R.SUPERVISOR}
_SIGNED_IN = frozenset(Role)

ALLOWED: Final[Mapping[Act, frozenset[Role]]] = {
    Act.READ_PUBLIC: _SIGNED_IN,
    Act.SIGN_IN: _SIGNED_IN,
    Act.SET_UP: frozenset(),
    Act.READ_SELF: _SIGNED_IN,
    Act.CHANGE_SELF: _SIGNED_IN,
    Act.READ_METRICS: frozenset({_R.HUB_ADMIN}),
    Act.MANAGE_AGENCIES: frozenset({_R.HUB_ADMIN}),
    Act.MANAGE_PEOPLE: frozenset({_R.AGENCY_ADMIN}),
    Act.MANAGE_TOKENS: frozenset({_R.AGENCY_ADMIN}),
    Act.MANAGE_EDGES: frozenset({_R.AGENCY_ADMIN, _R.OWNER}),
    Act.ENROL_EDGE: frozenset(),
    Act.REPORT_EDGE: frozenset(),
    Act.READ_OWN_CAMERAS: _ROOM | {_R.AGENCY_ADMIN, _R.OWNER},
    Act.CHANGE_CAMERAS: frozenset({_R.AGENCY_ADMIN, _R.OWNER}),
    Act.CONFIRM_CAMERAS: frozenset({_R.AGENCY_ADMIN, _R.OWNER}),
    Act.IMPORT_CAMERAS: frozenset({_R.AGENCY_ADMIN, _R.OWNER}),
    Act.EXPORT_CAMERAS: frozenset({_R.AGENCY_ADMIN, _R.OWNER}),
    Act.SEARCH_CAMERAS: _ROOM,
    Act.OPEN_INCIDENT: frozenset({_R.OPERATOR, _R.SUPERVISOR}),
    Act.DISPATCH_INCIDENT: frozenset(),
    Act.READ_INCIDENTS: _ROOM,
    Act.WORK_INCIDENT: _ROOM,
    Act.ASSIGN_INCIDENT: frozenset({_R.OPERATOR, _R.SUPERVISOR}),
    Act.CLOSE_INCIDENT: frozenset({_R.SUPERVISOR}),
    Act.ASK: _ASKERS,
    Act.READ_ASKS: _ROOM,
    Act.APPROVE_ASK: frozenset({_R.SUPERVISOR}),
    Act.REVIEW_ASK: frozenset({_R.SUPERVISOR}),
    Act.STOP_ALL: frozenset({_R.SUPERVISOR}),
    Act.RECORD_LAWFUL_BASIS: frozenset({_R.AGENCY_ADMIN}),
    Act.MANAGE_POLICY: frozenset({_R.AGENCY_ADMIN}),
    Act.READ_POLICY: STAFF,
    Act.SEAL_STATEMENTS: frozenset({_R.OWNER, _R.AGENCY_ADMIN}),
    Act.READ_OWN_STATEMENTS: frozenset({_R.OWNER, _R.AGENCY_ADMIN}),
    Act.READ_OWN_ACCESSES: frozenset({_R.OWNER, _R.AGENCY_ADMIN}),
    Act.PAUSE_CAMERA: frozenset({_R.OWNER, _R.AGENCY_ADMIN}),
    Act.ANSWER_ASK: frozenset({_R.OWNER, _R.AGENCY_ADMIN}),
    Act.READ_AUDIT: frozenset({_R.AUDITOR}),
    Act.READ_NEWEST_CHECKPOINT: _SIGNED_IN,
    Act.ERASE_ENTRY: frozenset({_R.AUDITOR}),
}

PUBLIC: Final = frozenset({Act.READ_PUBLIC, Act.SIGN_IN, Act.SET_UP, Act.ENROL_EDGE})
EDGE: Final = frozenset({Act.READ_PUBLIC, Act.REPORT_EDGE, Act.READ_NEWEST_CHECKPOINT})
TOKEN_SCOPES: Final = frozenset(
    {
        Act.READ_METRICS,
        Act.READ_OWN_CAMERAS,
        Act.IMPORT_CAMERAS,
        Act.DISPATCH_INCIDENT,
        Act.READ_INCIDENTS,
        Act.READ_AUDIT,
        Act.READ_NEWEST_CHECKPOINT,
    }
)
"""All that an API token can be given. Asking is not among them: an ask has a person behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Whoever stands behind a request, as far as it was proved.

    `party_id` is the one agency, household or business they act for in this session.
    """

    kind: PrincipalKind
    party_id: PartyId | None = None
    person_id: PersonId | None = None
    edge_id: EdgeId | None = None
    token_id: str | None = None
    session_id: SessionId | None = None
    name: str = ""
    roles: frozenset[Role] = frozenset()
    scopes: frozenset[Act] = field(default_factory=frozenset)
    stepped_up_at: datetime | None = None

    @property
    def id(self) -> str:
        """The identity that log entries name; `public` for nobody in particular."""
        return self.person_id or self.edge_id or self.token_id or "public"

    @property
    def party(self) -> PartyId:
        """The party, for code that runs only behind acts which imply one."""
        if self.party_id is None:
            raise LookupError("this principal acts for no party")
        return self.party_id


ANYONE: Final = Principal(kind=PrincipalKind.PUBLIC)


def may(principal: Principal, act: Act) -> bool:
    """Total: an act without a row is refused to everyone."""
    match principal.kind:
        case PrincipalKind.PERSON:
            return act in PUBLIC or bool(ALLOWED.get(act, frozenset()) & principal.roles)
        case PrincipalKind.TOKEN:
            return act is Act.READ_PUBLIC or act in principal.scopes & TOKEN_SCOPES
        case PrincipalKind.EDGE:
            return act in EDGE
        case PrincipalKind.PUBLIC:
            return act in PUBLIC
