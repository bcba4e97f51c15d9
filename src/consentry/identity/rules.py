"""Decisions of identity: who may be what, how long a session holds, how long a guesser waits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from consentry.kernel.access import STAFF, Act, Principal, PrincipalKind, Role
from consentry.kernel.errors import (
    DeniedError,
    ExhaustedError,
    InvalidError,
    UnauthenticatedError,
)

from .model import (
    Caller,
    Membership,
    Method,
    PartyKind,
    Session,
    SignedIn,
    Tries,
)

LOGIN_PATTERN: Final = r"^[A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?$"
"""As it may be typed; it is stored in small letters."""
LOGIN_LENGTH_MAX: Final = 64
NAME_LENGTH_MAX: Final = 120
PASSWORD_LENGTH_MIN: Final = 12
PASSWORD_LENGTH_MAX: Final = 200
PASSWORD_LETTERS_MIN: Final = 5
STEP_UP_MAX: Final = timedelta(minutes=5)
SEEN_EVERY: Final = timedelta(minutes=1)
"""Use is noted at most this often, so a session may go idle up to a minute early, never late."""
TOKEN_LIFE_MAX: Final = timedelta(days=365)
MEMBERSHIP_LIFE_MAX: Final = timedelta(days=3650)
SESSIONS_MAX: Final = 20
"""Sessions of one person at a time; one more ends the oldest."""

CODE_TRIES_MAX: Final = 5
EDGE_CODE_LIFE: Final = timedelta(minutes=10)
SET_UP_CODE_LIFE: Final = timedelta(days=7)
CHALLENGE_LIFE: Final = timedelta(minutes=2)
EDGE_SESSION_LIFE: Final = timedelta(minutes=15)

KEY_ROLES: Final = frozenset({Role.OWNER, Role.AGENCY_ADMIN})
"""What a session that began with an owner's key can be: never somebody who asks."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How many failures are free, how long the wait grows, and when they are forgotten."""

    free: int
    wait_s_max: int
    forget: timedelta

    def wait_s(self, failures: int) -> int:
        """Doubling from one second. Never a lock-out: the cap is a wait one can sit through."""
        over = failures - self.free
        return 0 if over < 0 else min(1 << min(over, 30), self.wait_s_max)


ACCOUNT: Final = Patience(free=3, wait_s_max=30, forget=timedelta(days=1))
"""Capped low, since anyone can make the holder of a known name wait."""
ADDRESS: Final = Patience(free=40, wait_s_max=300, forget=timedelta(hours=1))
"""Above what waits for the hasher at once, since a whole shift may sign in from one address."""
SECOND_FACTOR: Final = Patience(free=3, wait_s_max=900, forget=timedelta(days=1))
"""Reached only with the right password, so a long wait hurts nobody but a thief."""
CODE: Final = Patience(free=1, wait_s_max=60, forget=timedelta(days=7))

STAFF_IDLE: Final = timedelta(minutes=15)
STAFF_WHOLE: Final = timedelta(hours=12)
OWNER_IDLE: Final = timedelta(days=1)
OWNER_WHOLE: Final = timedelta(days=14)


def check_patience(tries: Tries | None, patience: Patience, now: datetime) -> None:
    """Raise ExhaustedError while the wait since the newest failure is not over."""
    if tries is None or now - tries.last_at >= patience.forget:
        return
    left = tries.last_at + timedelta(seconds=patience.wait_s(tries.failures)) - now
    if left > timedelta(0):
        raise ExhaustedError(
            "Too many failed attempts. Wait a moment and try again.",
            slug="slow_down",
            retry_after_s=max(1, -(-left // timedelta(seconds=1))),
        )


def check_password(password: str, login: str) -> None:
    """Length is what counts; only the worst habits are refused. Raises InvalidError."""
    limit = f"{PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters"
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise InvalidError.of("password", "has the wrong length", limit)
    if login in password.lower():
        raise InvalidError.of("password", "contains the login name")
    if len(set(password)) < PASSWORD_LETTERS_MIN:
        raise InvalidError.of(
            "password", "repeats itself", f"at least {PASSWORD_LETTERS_MIN} different characters"
        )


def check_roles(kind: PartyKind, roles: Iterable[Role], giver: frozenset[Role]) -> None:
    """Staff roles are for agencies, ownership for the rest; only a hub admin makes another."""
    given = frozenset(roles)
    fitting = STAFF if kind is PartyKind.AGENCY else frozenset({Role.OWNER})
    if not given:
        raise InvalidError.of("roles", "is empty", "at least one role")
    if given - fitting:
        names = ", ".join(sorted(fitting))
        raise InvalidError.of("roles", f"does not fit the kind of party, {kind}", names)
    if Role.HUB_ADMIN in given and Role.HUB_ADMIN not in giver:
        raise DeniedError("Only a hub admin can make another hub admin.")


def check_end(expires_at: datetime | None, now: datetime, life_max: timedelta) -> None:
    if expires_at is not None and not timedelta(0) < expires_at - now <= life_max:
        limit = f"later than now, at most {life_max.days} days"
        raise InvalidError.of("expires_at", "is not a possible end", limit)


def check_scopes(scopes: frozenset[Act], allowed: frozenset[Act], giver: frozenset[Role]) -> None:
    if not scopes:
        raise InvalidError.of("scopes", "is empty", "at least one act")
    if scopes - allowed:
        names = ", ".join(sorted(allowed))
        raise InvalidError.of("scopes", "holds what no token can be given", names)
    if Act.READ_METRICS in scopes and Role.HUB_ADMIN not in giver:
        raise DeniedError("Only a hub admin can give out the metrics of the whole hub.")


def require_step_up(
    principal: Principal, now: datetime, *, within: timedelta = STEP_UP_MAX
) -> None:
    """Raise UnauthenticatedError unless the person proved themselves again not long ago."""
    at = principal.stepped_up_at
    if at is None or not timedelta(0) <= now - at <= within:
        raise UnauthenticatedError(
            "Prove again that it is you (POST /api/session/step-up), then repeat this.",
            slug="step_up_required",
        )


def network_of(address: str) -> str:
    """The neighbourhood of an address: wide enough for a changing lease, not for another site."""
    return _around(address, v4_bits=24, v6_bits=56)


def source_of(address: str) -> str:
    """What is made to wait: an IPv6 subscriber has a whole /64 to send from."""
    return _around(address, v4_bits=32, v6_bits=64)


def _around(address: str, *, v4_bits: int, v6_bits: int) -> str:
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return str(ip_network((ip, v4_bits if ip.version == 4 else v6_bits), strict=False))


def is_staff(roles: frozenset[Role]) -> bool:
    return bool(roles & STAFF)


def session_spans(roles: frozenset[Role]) -> tuple[timedelta, timedelta]:
    """How long a session may lie idle, and how long it lasts in all."""
    return (STAFF_IDLE, STAFF_WHOLE) if is_staff(roles) else (OWNER_IDLE, OWNER_WHOLE)


def why_over(found: SignedIn, caller: Caller, now: datetime) -> str | None:
    """Why a session no longer holds, in a word, or None where it does."""
    session = found.session
    if now >= session.ends_at or now - session.seen_at >= session.idle:
        return "expired"
    if found.membership is None or not found.membership.holds_at(now):
        return "suspended"
    if (session.network, session.browser) != (caller.network, caller.browser):
        return "elsewhere"
    return None


def roles_in(session: Session, membership: Membership) -> frozenset[Role]:
    roles = membership.roles
    return roles & KEY_ROLES if session.method is Method.KEY else roles


def principal_of(found: SignedIn) -> Principal:
    """The principal of a session that holds."""
    session, membership = found.session, found.membership
    return Principal(
        kind=PrincipalKind.PERSON,
        party_id=session.party_id,
        person_id=session.person_id,
        session_id=session.id,
        name=found.person.name,
        roles=frozenset() if membership is None else roles_in(session, membership),
        stepped_up_at=session.stepped_up_at,
    )
