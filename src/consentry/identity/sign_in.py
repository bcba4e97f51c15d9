"""Beginning a session: by password and second factor, or by an owner's key.

A failure is a value here, not an exception: the count and the entry about it must be committed.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from consentry.audit import Actor, Journal, LoggedAct, Subject
from consentry.kernel.access import ANYONE
from consentry.kernel.ids import PartyId, PersonId, SessionId

from . import proofs, totp
from .guesses import Slowing, key_of
from .model import (
    Caller,
    Membership,
    Method,
    NewSession,
    Person,
    Refused,
    SecondFactor,
    Session,
    Surface,
)
from .people import subject_of
from .ports import Means, OwnerKeys, Stores
from .rules import (
    ACCOUNT,
    ADDRESS,
    CHALLENGE_LIFE,
    KEY_ROLES,
    SECOND_FACTOR,
    SESSIONS_MAX,
    is_staff,
    principal_of,
    session_spans,
)

WRONG = Refused(code="wrong_credentials", detail="The login name or the password is wrong.")
NOT_A_MEMBER = Refused(code="not_a_member", detail="This account has no active role there.")
WRONG_KEY = Refused(
    code="wrong_key", detail="The challenge was not answered by a key that is known here."
)
TOTP_REQUIRED = Refused(
    code="totp_required", detail="Give the six digits of your authenticator app as `totp` too."
)
TOTP_WRONG = Refused(
    code="wrong_totp", detail="The six digits are wrong or were used before. Wait for the next."
)
TOTP_MISSING = Refused(
    code="totp_enrolment_required",
    detail="Staff need an authenticator app. Enrol with POST /api/sign-in/totp, then sign in.",
)
OWNER_CHALLENGE = "owner"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a caller wants to become. `replaces` is the session they come with, and leave."""

    caller: Caller
    totp: str | None = field(default=None, repr=False)
    party_id: PartyId | None = None
    surface: Surface | None = None
    replaces: SessionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A counted try. Both ids are None for a login name that nobody has."""

    login: str
    person_id: PersonId | None
    password_hash: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """A second factor to be: it counts from its first right code on."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


class SignIn:
    def __init__(
        self, stores: Stores, journal: Journal, means: Means, owner_keys: OwnerKeys
    ) -> None:
        self._stores = stores
        self._journal = journal
        self._means = means
        self._owner_keys = owner_keys
        self._slowing = Slowing(stores.guesses, means.clock)
        self._box = totp.Box(proofs.derived(means.secret, "totp"))

    def begin(self, login: str, caller: Caller) -> Begun:
        """Count one try, by name and by address. Raises ExhaustedError to make one wait."""
        self._slowing.take(key_of("address", caller.address), ADDRESS)
        self._slowing.take(key_of("account", login), ACCOUNT)
        person = self._stores.persons.by_login(login)
        return Begun(
            login=login,
            person_id=None if person is None else person.id,
            password_hash=None if person is None else person.password_hash,
        )

    def finish(self, begun: Begun, wish: Wish, *, matches: bool) -> NewSession | Refused:
        person = self._proved(begun, matches=matches)
        if person is None:
            return self._refuse(begun.person_id, WRONG)
        self._slowing.give_back(key_of("address", wish.caller.address))
        self._slowing.give_back(key_of("account", begun.login))
        membership = self._membership(person, wish.party_id)
        if isinstance(membership, Refused):
            return self._refuse(person.id, membership)
        factor = self._second_factor(person, membership, wish.totp)
        if isinstance(factor, Refused):
            return self._refuse(person.id, factor)
        self._slowing.forgive(key_of("account", begun.login))
        return self._open(membership, wish, Method.PASSWORD, factor)

    def enrol(self, begun: Begun, caller: Caller, *, matches: bool) -> Enrolment | Refused:
        """A new TOTP secret for who has none that was ever confirmed."""
        person = self._proved(begun, matches=matches)
        if person is None:
            return self._refuse(begun.person_id, WRONG)
        self._slowing.give_back(key_of("address", caller.address))
        self._slowing.give_back(key_of("account", begun.login))
        if person.totp_confirmed:
            return Refused(
                code="totp_enrolled", detail="There is one already. An admin can reset it."
            )
        return self.new_totp(person)

    def new_totp(self, person: Person) -> Enrolment:
        secret = self._means.randomness(totp.SECRET_BYTES)
        sealed = self._box.seal(secret, person.id, self._means.randomness(12))
        self._stores.persons.change(replace(person, totp=sealed, totp_confirmed=False))
        return Enrolment(
            secret=totp.secret_text(secret), uri=totp.enrolment_uri(secret, person.login)
        )

    def challenge(self, key: bytes) -> proofs.Challenge:
        """The same for every key, known or not: nothing is looked up."""
        return proofs.make_challenge(
            self._means.secret,
            OWNER_CHALLENGE,
            key,
            noise=self._means.randomness(proofs.NONCE_BYTES),
            expires_at=self._means.clock.now() + CHALLENGE_LIFE,
        )

    def by_key(self, challenge_id: str, signature: bytes, wish: Wish) -> NewSession | Refused:
        address = key_of("address", wish.caller.address)
        self._slowing.take(address, ADDRESS)
        party_id = self.party_by_key(challenge_id, signature)
        membership = None if party_id is None else self._owner_of(party_id)
        if membership is None:
            return self._refuse(None, WRONG_KEY)
        self._slowing.give_back(address)
        return self._open(membership, wish, Method.KEY, SecondFactor.KEY)

    def party_by_key(self, challenge_id: str, signature: bytes) -> PartyId | None:
        """The party whose key answered this challenge, which cannot be answered again."""
        means = self._means
        now = means.clock.now()
        challenge = proofs.open_challenge(means.secret, OWNER_CHALLENGE, challenge_id, now)
        if challenge is None:
            return None
        said = {"challenge_id": challenge_id, "nonce": challenge.nonce, "origin": means.site.origin}
        if not proofs.verifies(challenge.subject, signature, proofs.OWNER_AUTH, said):
            return None
        spent = proofs.token_hash(challenge.id)
        if not self._stores.spent.spend(spent, challenge.expires_at):
            return None
        return self._owner_keys.party_of(challenge.subject)

    def check_totp(self, person: Person, code: str) -> bool:
        """Whether this is a code of theirs, not used before. Counts wrong ones."""
        if person.totp is None:
            return False
        slow = key_of("totp", person.id)
        self._slowing.take(slow, SECOND_FACTOR)
        secret = self._box.open(person.totp, person.id)
        now = self._means.clock.now()
        step = totp.matching_step(secret, code, now, after=person.totp_step)
        if step is None or not self._stores.persons.use_step(person.id, step):
            return False
        self._slowing.forgive(slow)
        if not person.totp_confirmed:
            self._confirm(replace(person, totp_step=step))
        return True

    def _confirm(self, person: Person) -> None:
        self._stores.persons.change(replace(person, totp_confirmed=True))
        actor = Actor(kind="person", id=person.id)
        self._journal.record(
            LoggedAct.KEY_CHANGED, actor, subject_of(person), reason="second factor enrolled"
        )

    def _proved(self, begun: Begun, *, matches: bool) -> Person | None:
        if begun.person_id is None or not matches:
            return None
        person = self._stores.persons.get(begun.person_id)
        # The password may have been changed while it was being hashed.
        unchanged = person is not None and person.password_hash == begun.password_hash
        return person if unchanged else None

    def _membership(self, person: Person, party_id: PartyId | None) -> Membership | Refused:
        now = self._means.clock.now()
        held = [m for m in self._stores.memberships.of_person(person.id) if m.holds_at(now)]
        if party_id is not None:
            held = [m for m in held if m.party_id == party_id]
        if len(held) > 1:
            return self._ask_which(held)
        return held[0] if held else NOT_A_MEMBER

    def _ask_which(self, held: Sequence[Membership]) -> Refused:
        names = self._stores.parties.names([m.party_id for m in held])
        listed = "; ".join(f"{m.party_id} {names[m.party_id]}" for m in held)
        return Refused(code="party_needed", detail=f"choose for whom you act: {listed}")

    def _second_factor(
        self, person: Person, membership: Membership, code: str | None
    ) -> SecondFactor | Refused:
        staff = is_staff(membership.roles)
        needed = person.totp_confirmed or (staff and self._means.staff_second_factor)
        enrolling = person.totp is not None and code is not None
        if not needed and not enrolling:
            return SecondFactor.SKIPPED if staff else SecondFactor.NOT_NEEDED
        if person.totp is None:
            return TOTP_MISSING
        if code is None:
            return TOTP_REQUIRED if person.totp_confirmed else TOTP_MISSING
        return SecondFactor.TOTP if self.check_totp(person, code) else TOTP_WRONG

    def _owner_of(self, party_id: PartyId) -> Membership | None:
        """A key belongs to a party; its first owner, or admin, is who signs in by it."""
        now = self._means.clock.now()
        members = self._stores.memberships.page(party_id, "", SESSIONS_MAX * 10)
        able = (m.membership for m in members if m.membership.roles & KEY_ROLES)
        return next((m for m in able if m.holds_at(now)), None)

    def _open(
        self, membership: Membership, wish: Wish, method: Method, factor: SecondFactor
    ) -> NewSession:
        means, sessions = self._means, self._stores.sessions
        now = means.clock.now()
        idle, whole = session_spans(membership.roles)
        staff = is_staff(membership.roles) and method is Method.PASSWORD
        token = proofs.new_token(proofs.SESSION_PREFIX, means.randomness(proofs.TOKEN_BYTES))
        session = Session(
            id=SessionId(means.ids()),
            token_hash=proofs.token_hash(token),
            person_id=membership.person_id,
            party_id=membership.party_id,
            surface=wish.surface or (Surface.CONSOLE if staff else Surface.OWNER),
            method=method,
            second_factor=factor,
            created_at=now,
            seen_at=now,
            ends_at=now + whole,
            idle_s=int(idle.total_seconds()),
            stepped_up_at=now,
            network=wish.caller.network,
            browser=wish.caller.browser,
        )
        if wish.replaces is not None:
            sessions.end(wish.replaces)
        for old in sessions.of_person(membership.person_id)[: -SESSIONS_MAX + 1]:
            sessions.end(old.id)
        sessions.add(session)
        return self._log_open(token, session)

    def _log_open(self, token: str, session: Session) -> NewSession:
        found = self._stores.sessions.by_token(session.token_hash)
        assert found is not None  # noqa: S101 added a moment ago in this very transaction
        principal = principal_of(found)
        self._journal.record(
            LoggedAct.LOGGED_IN,
            Actor.of(principal),
            subject_of(found.person),
            reason=f"{session.method.value}, second factor {session.second_factor.value}",
        )
        return NewSession(
            token=token,
            session=session,
            person=found.person,
            party=found.party,
            principal=principal,
        )

    def _refuse(self, person_id: PersonId | None, refused: Refused) -> Refused:
        if refused.code == "party_needed":
            return refused  # a question back, not a failure
        # Looked up for an unknown name as well, so that both cost the same.
        person = self._stores.persons.get(person_id or PersonId(""))
        # A login name that nobody has is not written down: people type passwords there.
        subject = Subject(kind="person", id="unknown") if person is None else subject_of(person)
        self._journal.record(
            LoggedAct.LOGIN_FAILED,
            Actor.of(ANYONE),
            subject,
            decision="refused",
            reason=refused.code,
        )
        return refused
