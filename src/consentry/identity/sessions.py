"""What a signed-in person does with their own account and their own sessions."""

from collections.abc import Sequence
from dataclasses import replace

from consentry.audit import Actor, Journal, LoggedAct
from consentry.kernel.access import Principal
from consentry.kernel.errors import NotFoundError, UnauthenticatedError
from consentry.kernel.ids import PersonId, SessionId

from .guesses import Slowing, key_of
from .model import Member, Party, Person, Refused, Session, SignedIn
from .people import subject_of
from .ports import Means, Stores
from .rules import ACCOUNT, ADDRESS
from .sign_in import TOTP_WRONG, WRONG_KEY, SignIn

WRONG_PASSWORD = Refused(code="wrong_credentials", detail="The password is wrong.")


class OwnAccount:
    """Every method takes the principal of a session; nobody reaches another's account here."""

    def __init__(self, stores: Stores, journal: Journal, means: Means, sign_in: SignIn) -> None:
        self._stores = stores
        self._journal = journal
        self._clock = means.clock
        self._sign_in = sign_in
        self._slowing = Slowing(stores.guesses, means.clock)

    def current(self, by: Principal) -> SignedIn:
        person = self.person(by)
        session = next((s for s in self.sessions(by) if s.id == by.session_id), None)
        party = self._party(by)
        if session is None or party is None:
            raise UnauthenticatedError("This session has ended.")
        membership = self._stores.memberships.get(person.id, party.id)
        return SignedIn(session=session, person=person, party=party, membership=membership)

    def person(self, by: Principal) -> Person:
        person = self._stores.persons.get(_person_id(by))
        if person is None:
            raise UnauthenticatedError("This account is gone.")
        return person

    def memberships(self, by: Principal) -> Sequence[tuple[Party, Member]]:
        person = self.person(by)
        held = self._stores.memberships.of_person(person.id)
        found = ((self._stores.parties.get(m.party_id), m) for m in held)
        return [(party, Member(person=person, membership=m)) for party, m in found if party]

    def rename(self, by: Principal, name: str) -> Person:
        person = replace(self.person(by), name=name)
        self._stores.persons.change(person)
        self._journal.record(
            LoggedAct.PERSON_CHANGED, Actor.of(by), subject_of(person), reason="name"
        )
        return person

    def sessions(self, by: Principal) -> Sequence[Session]:
        now = self._clock.now()
        held = self._stores.sessions.of_person(_person_id(by))
        return [s for s in held if now < s.ends_at and now - s.seen_at < s.idle]

    def end(self, by: Principal, session_id: SessionId) -> None:
        """Raises NotFoundError for the session of anybody else."""
        if all(session.id != session_id for session in self.sessions(by)):
            raise NotFoundError
        self._stores.sessions.end(session_id)
        own = session_id == by.session_id
        self._journal.record(
            LoggedAct.LOGGED_OUT,
            Actor.of(by),
            subject_of(self.person(by)),
            reason="signed out" if own else "ended from another session",
        )

    def count_try(self, by: Principal, address: str) -> Person:
        """Before a password is checked again, for whatever reason."""
        person = self.person(by)
        self._slowing.take(key_of("address", address), ADDRESS)
        self._slowing.take(key_of("account", person.login), ACCOUNT)
        return person

    def step_up_by_password(self, by: Principal, address: str, *, matches: bool) -> Refused | None:
        if not matches:
            return self._failed(by, WRONG_PASSWORD)
        self._passed(by, address)
        self._stepped_up(by, "password")
        return None

    def step_up_by_totp(self, by: Principal, code: str) -> Refused | None:
        person = self.person(by)
        if not (person.totp_confirmed and self._sign_in.check_totp(person, code)):
            return self._failed(by, TOTP_WRONG)
        self._stepped_up(by, "one-time code")
        return None

    def step_up_by_key(self, by: Principal, challenge_id: str, signature: bytes) -> Refused | None:
        party_id = self._sign_in.party_by_key(challenge_id, signature)
        if party_id is None or party_id != by.party_id:
            return self._failed(by, WRONG_KEY)
        self._stepped_up(by, "owner's key")
        return None

    def change_password(
        self, by: Principal, held: Person, password_hash: str, address: str, *, matches: bool
    ) -> Refused | None:
        """All other sessions end, since one of them may be why it is changed."""
        person = self.person(by)
        if not matches or person.password_hash != held.password_hash:
            return self._failed(by, WRONG_PASSWORD)
        self._passed(by, address)
        self._stores.persons.change(replace(person, password_hash=password_hash))
        self._stores.sessions.end_of(person.id, but=by.session_id)
        self._journal.record(
            LoggedAct.KEY_CHANGED, Actor.of(by), subject_of(person), reason="password changed"
        )
        return None

    def _party(self, by: Principal) -> Party | None:
        return self._stores.parties.get(by.party)

    def _passed(self, by: Principal, address: str) -> None:
        self._slowing.give_back(key_of("address", address))
        self._slowing.forgive(key_of("account", self.person(by).login))

    def _stepped_up(self, by: Principal, how: str) -> None:
        assert by.session_id is not None  # noqa: S101 acts on oneself need a session
        self._stores.sessions.step_up(by.session_id, self._clock.now())
        self._journal.record(
            LoggedAct.STEPPED_UP, Actor.of(by), subject_of(self.person(by)), reason=how
        )

    def _failed(self, by: Principal, refused: Refused) -> Refused:
        self._journal.record(
            LoggedAct.LOGIN_FAILED,
            Actor.of(by),
            subject_of(self.person(by)),
            decision="refused",
            reason=refused.code,
        )
        return refused


def _person_id(by: Principal) -> PersonId:
    if by.person_id is None:
        raise UnauthenticatedError("This needs a person who is signed in.")
    return by.person_id
