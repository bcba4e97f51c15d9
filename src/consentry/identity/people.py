"""Parties, the people in them, and what those may do there."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from consentry.audit import Actor, Journal, LoggedAct, Subject
from consentry.kernel import canonical
from consentry.kernel.access import Principal, Role
from consentry.kernel.clock import to_text
from consentry.kernel.errors import DeniedError, InvalidError, NotFoundError
from consentry.kernel.ids import PartyId, PersonId

from .model import Member, Membership, Party, PartyKind, Person
from .ports import Means, Stores
from .rules import MEMBERSHIP_LIFE_MAX, check_end, check_roles, require_step_up

FIRST_ROLE: Final = {
    PartyKind.AGENCY: Role.AGENCY_ADMIN,
    PartyKind.HOUSEHOLD: Role.OWNER,
    PartyKind.BUSINESS: Role.OWNER,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPerson:
    """`password_hash` comes ready from a `Hasher`; None: signs in by key alone."""

    login: str
    name: str
    password_hash: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """What is to change; None leaves it. `open_ended` takes an expiry away."""

    name: str | None = None
    roles: frozenset[Role] | None = None
    expires_at: datetime | None = None
    open_ended: bool = False
    suspended: bool | None = None


class People:
    def __init__(self, stores: Stores, journal: Journal, means: Means) -> None:
        self._stores = stores
        self._journal = journal
        self._clock = means.clock
        self._ids = means.ids

    # Without a principal: for first run and generators.

    def create_party(self, actor: Actor, kind: PartyKind, name: str) -> Party:
        party = Party(id=PartyId(self._ids()), kind=kind, name=name, created_at=self._clock.now())
        self._stores.parties.add(party)
        self._log_party(actor, party, "created")
        return party

    def create_person(
        self,
        actor: Actor,
        party_id: PartyId,
        new: NewPerson,
        roles: frozenset[Role],
        expires_at: datetime | None = None,
    ) -> Member:
        now = self._clock.now()
        check_end(expires_at, now, MEMBERSHIP_LIFE_MAX)
        person = Person(
            id=PersonId(self._ids()),
            home_id=party_id,
            login=new.login,
            name=new.name,
            created_at=now,
            password_hash=new.password_hash,
        )
        self._stores.persons.add(person)
        return self._join(actor, person, party_id, roles, expires_at)

    def add_membership(
        self, actor: Actor, person_id: PersonId, party_id: PartyId, roles: frozenset[Role]
    ) -> Member:
        """Make an existing person a member of one more party."""
        person = self._stores.persons.get(person_id)
        if person is None or self._stores.parties.get(party_id) is None:
            raise NotFoundError
        return self._join(actor, person, party_id, roles, None)

    # For hub admins.

    def parties(self, after: str, limit: int) -> Sequence[Party]:
        return self._stores.parties.page(after, limit)

    def party(self, party_id: PartyId) -> Party:
        party = self._stores.parties.get(party_id)
        if party is None:
            raise NotFoundError
        return party

    def found_party(
        self, by: Principal, kind: PartyKind, name: str, first: NewPerson
    ) -> tuple[Party, Member]:
        """A new party with its first person, who can then add the others."""
        require_step_up(by, self._clock.now())
        party = self.create_party(Actor.of(by), kind, name)
        roles = frozenset({FIRST_ROLE[kind]})
        return party, self.create_person(Actor.of(by), party.id, first, roles)

    def rename_party(self, by: Principal, party_id: PartyId, name: str) -> Party:
        require_step_up(by, self._clock.now())
        party = replace(self.party(party_id), name=name)
        self._stores.parties.rename(party_id, name)
        self._log_party(Actor.of(by), party, "renamed")
        return party

    # For the admins of one agency.

    def page(self, by: Principal, after: str, limit: int) -> Sequence[Member]:
        return self._stores.memberships.page(by.party, after, limit)

    def member(self, by: Principal, person_id: PersonId) -> Member:
        member = self._stores.memberships.member(by.party, person_id)
        if member is None:
            raise NotFoundError
        return member

    def add(
        self,
        by: Principal,
        new: NewPerson,
        roles: frozenset[Role],
        expires_at: datetime | None,
    ) -> Member:
        require_step_up(by, self._clock.now())
        check_roles(self.party(by.party).kind, roles, by.roles)
        return self.create_person(Actor.of(by), by.party, new, roles, expires_at)

    def change(self, by: Principal, person_id: PersonId, change: MemberChange) -> Member:
        """Effective at once: every request reads the membership anew."""
        if change == MemberChange():
            raise InvalidError.of("body", "changes nothing", "at least one field")
        member = self._manageable(by, person_id)
        person, membership = member.person, self._changed(by, member.membership, change)
        if change.name is not None and change.name != person.name:
            self._require_home(by, person)
            person = replace(person, name=change.name)
            self._stores.persons.change(person)
        self._stores.memberships.put(membership)
        if change.suspended:
            self._stores.sessions.end_of(person_id, party_id=by.party)
        after = Member(person=person, membership=membership)
        self._log_member(Actor.of(by), after, _word_for(change))
        return after

    def reset_password(
        self, by: Principal, person_id: PersonId, password_hash: str, *, forget_totp: bool
    ) -> None:
        """For who has lost it: all sessions end, and the second factor can be enrolled anew."""
        member = self._manageable(by, person_id)
        self._require_home(by, member.person)
        person = replace(member.person, password_hash=password_hash)
        if forget_totp:
            person = replace(person, totp=None, totp_confirmed=False)
        self._stores.persons.change(person)
        self._stores.sessions.end_of(person_id)
        what = "password and second factor reset" if forget_totp else "password reset"
        self._journal.record(LoggedAct.KEY_CHANGED, Actor.of(by), subject_of(person), reason=what)

    def _manageable(self, by: Principal, person_id: PersonId) -> Member:
        member = self.member(by, person_id)
        require_step_up(by, self._clock.now())
        if person_id == by.person_id:
            # So there is always an admin left, and nobody raises themselves.
            raise DeniedError("Nobody manages themselves. Ask another admin.")
        if Role.HUB_ADMIN in member.membership.roles and Role.HUB_ADMIN not in by.roles:
            raise DeniedError("Only a hub admin manages a hub admin.")
        return member

    def _require_home(self, by: Principal, person: Person) -> None:
        if person.home_id != by.party:
            raise DeniedError("Another party made this account, and only that one can change it.")

    def _changed(self, by: Principal, held: Membership, change: MemberChange) -> Membership:
        now = self._clock.now()
        if change.roles is not None:
            check_roles(self.party(by.party).kind, change.roles, by.roles)
            held = replace(held, roles=change.roles)
        check_end(change.expires_at, now, MEMBERSHIP_LIFE_MAX)
        if change.expires_at is not None or change.open_ended:
            held = replace(held, expires_at=change.expires_at)
        if change.suspended is not None:
            since = (held.suspended_at or now) if change.suspended else None
            held = replace(held, suspended_at=since)
        return held

    def _join(
        self,
        actor: Actor,
        person: Person,
        party_id: PartyId,
        roles: frozenset[Role],
        expires_at: datetime | None,
    ) -> Member:
        membership = Membership(
            person_id=person.id,
            party_id=party_id,
            roles=roles,
            since=self._clock.now(),
            expires_at=expires_at,
        )
        self._stores.memberships.put(membership)
        member = Member(person=person, membership=membership)
        self._log_member(actor, member, "added")
        return member

    def _log_party(self, actor: Actor, party: Party, what: str) -> None:
        self._journal.record(
            LoggedAct.PARTY_CHANGED,
            actor,
            Subject(kind=party.kind.value, id=party.id, title=party.name),
            reason=what,
            changes={"party": digest({"kind": party.kind.value, "name": party.name})},
        )

    def _log_member(self, actor: Actor, member: Member, what: str) -> None:
        held = member.membership
        ends = {} if held.expires_at is None else {"expires_at": to_text(held.expires_at)}
        value: dict[str, canonical.Json] = {
            "party": held.party_id,
            "roles": sorted(role.value for role in held.roles),
            "suspended": held.suspended_at is not None,
            **ends,
        }
        self._journal.record(
            LoggedAct.PERSON_CHANGED,
            actor,
            subject_of(member.person),
            reason=what,
            changes={"membership": digest(value)},
        )


def subject_of(person: Person) -> Subject:
    return Subject(kind="person", id=person.id, title=person.name)


def digest(value: canonical.Json) -> str:
    return hashlib.sha256(canonical.encode(value)).hexdigest()


def _word_for(change: MemberChange) -> str:
    words = {
        "name": change.name is not None,
        "roles": change.roles is not None,
        "expiry": change.expires_at is not None or change.open_ended,
        "suspended": change.suspended is True,
        "reinstated": change.suspended is False,
    }
    return ", ".join(word for word, said in words.items() if said) or "unchanged"
