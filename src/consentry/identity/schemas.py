"""Identity on the wire."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from consentry.infra.web import Wire
from consentry.kernel.access import Act, Role
from consentry.kernel.ids import ID_PATTERN

from .model import (
    ApiToken,
    Member,
    NewSession,
    Party,
    PartyKind,
    SecondFactor,
    Session,
    SignedIn,
    Surface,
)
from .proofs import CHALLENGE_LENGTH_MAX
from .rules import (
    LOGIN_LENGTH_MAX,
    LOGIN_PATTERN,
    NAME_LENGTH_MAX,
    PASSWORD_LENGTH_MAX,
    PASSWORD_LENGTH_MIN,
    roles_in,
)
from .totp import CODE_PATTERN

SCOPES_MAX: Final = 16
ROLES_MAX: Final = 16
BASE64_KEY: Final = r"^[A-Za-z0-9+/]{43}=$"
BASE64_SIGNATURE: Final = r"^[A-Za-z0-9+/]{86}==$"

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Login = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        to_lower=True,
        min_length=1,
        max_length=LOGIN_LENGTH_MAX,
        pattern=LOGIN_PATTERN,
    ),
]
LoginTyped = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, to_lower=True, min_length=1, max_length=LOGIN_LENGTH_MAX
    ),
]
"""At sign-in any text is taken, so that a name of no possible form costs the same too."""
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=NAME_LENGTH_MAX)
]
_HIDDEN: Final = Field(repr=False)  # so that no trace of an error can show it
Password = Annotated[
    str,
    StringConstraints(min_length=PASSWORD_LENGTH_MIN, max_length=PASSWORD_LENGTH_MAX),
    _HIDDEN,
]
PasswordTyped = Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_LENGTH_MAX)]
Totp = Annotated[str, StringConstraints(pattern=CODE_PATTERN)]
Code = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40), _HIDDEN
]
Key = Annotated[str, Field(pattern=BASE64_KEY, description="Raw Ed25519 public key, base64.")]
Signature = Annotated[str, Field(pattern=BASE64_SIGNATURE, description="Ed25519, base64.")]
ChallengeId = Annotated[str, StringConstraints(min_length=1, max_length=CHALLENGE_LENGTH_MAX)]
Roles = Annotated[list[Role], Field(min_length=1, max_length=ROLES_MAX)]


class SignInBody(Wire):
    login: LoginTyped
    password: PasswordTyped = Field(repr=False)
    totp: Totp | None = Field(default=None, repr=False)
    party_id: Id | None = Field(default=None, description="For whom, where there are several.")
    surface: Surface | None = Field(default=None, description="None: as fits the roles.")


class ChallengeBody(Wire):
    key: Key


class ChallengeOut(Wire):
    challenge_id: str
    nonce: str
    origin: str
    expires_at: datetime


class KeySignInBody(Wire):
    challenge_id: ChallengeId
    signature: Signature


class SessionOut(Wire):
    """Who one is, and for how long. `token` is told to programs only; a page has its cookie."""

    session_id: str
    person_id: str
    party_id: str
    login: str
    name: str
    party_name: str
    party_kind: PartyKind
    roles: list[Role]
    surface: Surface
    second_factor: SecondFactor = Field(
        description="`skipped`: this is a demonstration, staff sign in without one."
    )
    expires_at: datetime
    idle_s: int = Field(description="The session ends when it is not used for so many seconds.")
    stepped_up_at: datetime
    token: str | None = None

    @classmethod
    def of(cls, found: SignedIn, token: str | None = None) -> "SessionOut":
        session, held = found.session, found.membership
        return cls(
            session_id=session.id,
            person_id=session.person_id,
            party_id=session.party_id,
            login=found.person.login,
            name=found.person.name,
            party_name=found.party.name,
            party_kind=found.party.kind,
            roles=sorted(roles_in(session, held)) if held else [],
            surface=session.surface,
            second_factor=session.second_factor,
            expires_at=session.ends_at,
            idle_s=session.idle_s,
            stepped_up_at=session.stepped_up_at,
            token=token,
        )

    @classmethod
    def of_new(cls, new: NewSession, *, show_token: bool) -> "SessionOut":
        session = new.session
        return cls(
            session_id=session.id,
            person_id=session.person_id,
            party_id=session.party_id,
            login=new.person.login,
            name=new.person.name,
            party_name=new.party.name,
            party_kind=new.party.kind,
            roles=sorted(new.principal.roles),
            surface=session.surface,
            second_factor=session.second_factor,
            expires_at=session.ends_at,
            idle_s=session.idle_s,
            stepped_up_at=session.stepped_up_at,
            token=new.token if show_token else None,
        )


class EnrolTotpBody(Wire):
    login: LoginTyped
    password: PasswordTyped = Field(repr=False)


class EnrolmentOut(Wire):
    secret: str = Field(description="Base32, to type into an authenticator app. Shown this once.")
    uri: str = Field(description="The same as a QR code would say it.")


class StepUpBody(Wire):
    """Exactly one proof: a password, a one-time code, or an answered challenge."""

    password: PasswordTyped | None = Field(default=None, repr=False)
    totp: Totp | None = Field(default=None, repr=False)
    challenge_id: ChallengeId | None = None
    signature: Signature | None = None

    @model_validator(mode="after")
    def _one_proof(self) -> "StepUpBody":
        if (self.challenge_id is None) != (self.signature is None):
            raise ValueError("challenge_id and signature come together")
        if [self.password, self.totp, self.challenge_id].count(None) != 2:
            raise ValueError("give exactly one of password, totp, or challenge_id and signature")
        return self


class OwnSessionOut(Wire):
    id: str
    party_id: str
    surface: Surface
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    network: str
    current: bool

    @classmethod
    def of(cls, session: Session, current: str | None) -> "OwnSessionOut":
        return cls(
            id=session.id,
            party_id=session.party_id,
            surface=session.surface,
            created_at=session.created_at,
            seen_at=session.seen_at,
            expires_at=session.ends_at,
            network=session.network,
            current=session.id == current,
        )


class RenameBody(Wire):
    name: Name


class PasswordBody(Wire):
    old: PasswordTyped = Field(repr=False)
    new: Password


class PartyOut(Wire):
    id: str
    kind: PartyKind
    name: str
    created_at: datetime

    @classmethod
    def of(cls, party: Party) -> "PartyOut":
        return cls(id=party.id, kind=party.kind, name=party.name, created_at=party.created_at)


class AccountBody(Wire):
    login: Login
    name: Name
    password: Password


class NewPartyBody(Wire):
    kind: PartyKind
    name: Name
    first_person: AccountBody


class PersonOut(Wire):
    id: str
    login: str
    name: str
    roles: list[Role]
    since: datetime
    expires_at: datetime | None
    suspended_at: datetime | None
    second_factor: bool

    @classmethod
    def of(cls, member: Member) -> "PersonOut":
        person, held = member.person, member.membership
        return cls(
            id=person.id,
            login=person.login,
            name=person.name,
            roles=sorted(held.roles),
            since=held.since,
            expires_at=held.expires_at,
            suspended_at=held.suspended_at,
            second_factor=person.totp_confirmed,
        )


class NewPartyOut(Wire):
    party: PartyOut
    first_person: PersonOut


class ProfileOut(Wire):
    id: str
    login: str
    name: str
    second_factor: bool
    parties: list["OwnPartyOut"]


class OwnPartyOut(Wire):
    party: PartyOut
    roles: list[Role]
    expires_at: datetime | None
    suspended: bool


class NewPersonBody(AccountBody):
    roles: Roles
    expires_at: AwareDatetime | None = None


class ChangePersonBody(Wire):
    """Only what is sent changes. `expires_at: null` takes an end away."""

    name: Name | None = None
    roles: Roles | None = None
    expires_at: AwareDatetime | None = None
    suspended: bool | None = None


class ResetBody(Wire):
    password: Password
    forget_second_factor: bool = False


class NewTokenBody(Wire):
    name: Name
    scopes: Annotated[list[Act], Field(min_length=1, max_length=SCOPES_MAX)]
    expires_at: AwareDatetime


class TokenOut(Wire):
    id: str
    name: str
    scopes: list[Act]
    made_by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None
    token: str | None = Field(default=None, description="Told once, as it is made.")

    @classmethod
    def of(cls, token: ApiToken, secret: str | None = None) -> "TokenOut":
        return cls(
            id=token.id,
            name=token.name,
            scopes=sorted(token.scopes),
            made_by=token.made_by,
            created_at=token.created_at,
            expires_at=token.expires_at,
            used_at=token.used_at,
            revoked_at=token.revoked_at,
            token=secret,
        )


class SetUpBody(Wire):
    code: Code
    agency: Name
    first_person: AccountBody


class SetUpOut(Wire):
    party: PartyOut
    first_person: PersonOut
    second_factor: EnrolmentOut | None = Field(
        description="Enrol it, then sign in with a code of it. None in a demonstration."
    )
