"""Proofs that need a password: count the try, hash outside every transaction, then conclude.

    unit of work: is it this one's turn? count    ->    two hashing threads    ->    unit of work

A refusal is raised only after the unit that counted and logged it has been committed.
"""

from dataclasses import dataclass, field
from typing import TypeVar

from consentry.infra.db import Work
from consentry.kernel.access import Principal
from consentry.kernel.errors import InvalidError, UnauthenticatedError

from .edges import Answer, Connected
from .hasher import Hasher
from .model import Caller, Edge, NewSession, OneTimeCode, Refused
from .people import NewPerson
from .rules import check_password
from .service import Identity
from .set_up import Founded
from .sign_in import Enrolment, Wish

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person to be, with the password still in the clear: it goes no further than the hasher."""

    login: str
    name: str
    password: str = field(repr=False)


class Door:
    def __init__(self, identity: Work[Identity], hasher: Hasher) -> None:
        self._identity = identity
        self._hasher = hasher

    async def hashed(self, account: Account) -> NewPerson:
        check_password(account.password, account.login)
        hashed = await self._hasher.hash(account.password)
        return NewPerson(login=account.login, name=account.name, password_hash=hashed)

    async def sign_in(self, login: str, password: str, wish: Wish) -> NewSession:
        begun = await self._identity.write(lambda s: s.sign_in.begin(login, wish.caller))
        matches = await self._hasher.verify(begun.password_hash, password)
        outcome = await self._identity.write(
            lambda s: s.sign_in.finish(begun, wish, matches=matches)
        )
        return _or_raise(outcome)

    async def sign_in_by_key(self, challenge_id: str, signature: bytes, wish: Wish) -> NewSession:
        return _or_raise(
            await self._identity.write(lambda s: s.sign_in.by_key(challenge_id, signature, wish))
        )

    async def enrol_totp(self, login: str, password: str, caller: Caller) -> Enrolment:
        begun = await self._identity.write(lambda s: s.sign_in.begin(login, caller))
        matches = await self._hasher.verify(begun.password_hash, password)
        outcome = await self._identity.write(
            lambda s: s.sign_in.enrol(begun, caller, matches=matches)
        )
        return _or_raise(outcome)

    async def step_up_by_password(self, by: Principal, password: str, address: str) -> None:
        held = await self._identity.write(lambda s: s.account.count_try(by, address))
        matches = await self._hasher.verify(held.password_hash, password)
        _or_raise(
            await self._identity.write(
                lambda s: s.account.step_up_by_password(by, address, matches=matches)
            )
        )

    async def step_up_by_totp(self, by: Principal, code: str) -> None:
        _or_raise(await self._identity.write(lambda s: s.account.step_up_by_totp(by, code)))

    async def step_up_by_key(self, by: Principal, challenge_id: str, signature: bytes) -> None:
        _or_raise(
            await self._identity.write(
                lambda s: s.account.step_up_by_key(by, challenge_id, signature)
            )
        )

    async def change_password(self, by: Principal, old: str, new: str, address: str) -> None:
        held = await self._identity.write(lambda s: s.account.count_try(by, address))
        matches = await self._hasher.verify(held.password_hash, old)
        hashed = held.password_hash or ""
        if matches:
            check_password(new, held.login)
            hashed = await self._hasher.hash(new)
        _or_raise(
            await self._identity.write(
                lambda s: s.account.change_password(by, held, hashed, address, matches=matches)
            )
        )

    async def set_up(self, code: str, agency: str, first: Account, address: str) -> Founded:
        checked: OneTimeCode = _or_raise(
            await self._identity.write(lambda s: s.set_up.check(code, address))
        )
        person = await self.hashed(first)
        return await self._identity.write(lambda s: s.set_up.found(checked, agency, person))

    async def enrol_edge(self, code: str, key: bytes, address: str) -> Edge:
        return _or_raise(await self._identity.write(lambda s: s.edges.enrol(code, key, address)))

    async def connect_edge(self, answer: Answer, address: str) -> Connected:
        return _or_raise(await self._identity.write(lambda s: s.edges.connect(answer, address)))


def _or_raise(outcome: T | Refused) -> T:
    if not isinstance(outcome, Refused):
        return outcome
    if outcome.code == "party_needed":
        raise InvalidError.of("party_id", outcome.detail, slug=outcome.code)
    raise UnauthenticatedError(outcome.detail, slug=outcome.code)
