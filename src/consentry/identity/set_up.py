"""First run: the one-time code that `serve` prints makes the first admin, once."""

from dataclasses import dataclass, field

from consentry.audit import SYSTEM, Actor, Journal, LoggedAct, Subject
from consentry.kernel.access import ANYONE, Role
from consentry.kernel.errors import ConflictError

from .codes import OneTimeCodes
from .model import CodeKind, Member, OneTimeCode, Party, PartyKind, Refused
from .people import NewPerson, People
from .ports import Means, Stores
from .rules import SET_UP_CODE_LIFE
from .sign_in import Enrolment, SignIn

WRONG_CODE = Refused(
    code="wrong_code",
    detail="This is not the set-up code, or it has expired or been tried too often. "
    "The program prints a new one when it is started again.",
)
FIRST_ROLES = frozenset({Role.HUB_ADMIN, Role.AGENCY_ADMIN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """`enrolment` is shown this once; None where the demonstration goes without."""

    party: Party
    member: Member
    enrolment: Enrolment | None = field(repr=False)


class SetUp:
    def __init__(
        self, stores: Stores, journal: Journal, means: Means, people: People, sign_in: SignIn
    ) -> None:
        self._stores = stores
        self._journal = journal
        self._means = means
        self._people = people
        self._sign_in = sign_in
        self._codes = OneTimeCodes(stores, means)

    def new_code(self) -> str | None:
        """A fresh code to print, in place of any before it; None once the hub is set up."""
        if self._stores.parties.any():
            return None
        while (old := self._stores.codes.newest(CodeKind.SET_UP)) is not None:
            self._codes.take(old)
        now = self._means.clock.now()
        blank = OneTimeCode(
            handle="",
            kind=CodeKind.SET_UP,
            secret_hash="",
            created_at=now,
            expires_at=now + SET_UP_CODE_LIFE,
        )
        return self._codes.make(blank)

    def check(self, typed: str, address: str) -> OneTimeCode | Refused:
        """Before anything costly is done for a stranger. Raises ConflictError once set up."""
        if self._stores.parties.any():
            raise ConflictError("This hub is set up already.", slug="already_set_up")
        code = self._codes.check(CodeKind.SET_UP, typed, address)
        if code is not None:
            return code
        self._journal.record(
            LoggedAct.LOGIN_FAILED,
            Actor.of(ANYONE),
            Subject(kind="hub", id="set_up"),
            decision="refused",
            reason=WRONG_CODE.code,
        )
        return WRONG_CODE

    def found(self, code: OneTimeCode, agency: str, first: NewPerson) -> Founded:
        if self._stores.parties.any() or not self._codes.take(code):
            raise ConflictError("This hub is set up already.", slug="already_set_up")
        party = self._people.create_party(SYSTEM, PartyKind.AGENCY, agency)
        member = self._people.create_person(SYSTEM, party.id, first, FIRST_ROLES)
        wanted = self._means.staff_second_factor
        enrolment = self._sign_in.new_totp(member.person) if wanted else None
        return Founded(party=party, member=member, enrolment=enrolment)
