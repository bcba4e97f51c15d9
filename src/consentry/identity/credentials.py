"""Whom a token stands for. One read, and nothing but the read, on the way of every request."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from consentry.audit import Actor, Journal, LoggedAct
from consentry.kernel.access import Principal, PrincipalKind
from consentry.kernel.ids import SessionId

from . import proofs
from .model import Caller, Session, Surface, TokenId
from .people import subject_of
from .ports import Means, Stores
from .rules import SEEN_EVERY, principal_of, why_over


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a token led to. `stray` is a session used from elsewhere, which must end."""

    principal: Principal | None = None
    session: Session | None = None
    stray: bool = False
    touch: bool = False


NOBODY = Found()


class Credentials:
    def __init__(self, stores: Stores, journal: Journal, means: Means) -> None:
        self._stores = stores
        self._journal = journal
        self._clock = means.clock

    def is_set_up(self) -> bool:
        return self._stores.parties.any()

    def of_cookies(
        self, shown: Sequence[tuple[Surface, str]], caller: Caller, person_id: str | None
    ) -> Found:
        """The session of a cookie that holds; the one of `person_id`, where that is named."""
        found = [self._of_session(token, caller, surface) for surface, token in shown]
        held = [one for one in found if one.principal is not None]
        ours = [one for one in held if one.session and one.session.person_id == person_id]
        strays = [one for one in found if one.stray]
        return next(iter(ours or held or strays), NOBODY)

    def of_bearer(self, token: str, caller: Caller) -> Found:
        if token.startswith(proofs.API_PREFIX):
            return self._of_api_token(token)
        if token.startswith(proofs.EDGE_PREFIX):
            return self._of_edge(token)
        return self._of_session(token, caller, None)

    def note_use(self, found: Found) -> None:
        """Keep a session from going idle, or say when a token was last used."""
        now = self._clock.now()
        if found.session is not None:
            self._stores.sessions.touch(found.session.id, now)
        elif found.principal is not None and found.principal.token_id is not None:
            self._stores.tokens.used(TokenId(found.principal.token_id), now)

    def end_stray(self, session_id: SessionId, token_hash: str) -> None:
        """A token that turns up elsewhere may be stolen: nobody goes on with it."""
        found = self._stores.sessions.by_token(token_hash)
        if found is None or not self._stores.sessions.end(session_id):
            return
        self._journal.record(
            LoggedAct.LOGGED_OUT,
            Actor.of(principal_of(found)),
            subject_of(found.person),
            reason="used from another network or browser",
        )

    def _of_session(self, token: str, caller: Caller, surface: Surface | None) -> Found:
        hashed = proofs.token_hash(token)
        found = self._stores.sessions.by_token(hashed)
        if found is None or not proofs.same(found.session.token_hash, hashed):
            return NOBODY
        if surface is not None and found.session.surface is not surface:
            return NOBODY
        now = self._clock.now()
        over = why_over(found, caller, now)
        if over is not None:
            return Found(session=found.session, stray=over == "elsewhere")
        return Found(
            principal=principal_of(found),
            session=found.session,
            touch=_due(found.session.seen_at, now),
        )

    def _of_api_token(self, secret: str) -> Found:
        hashed, now = proofs.token_hash(secret), self._clock.now()
        token = self._stores.tokens.by_hash(hashed)
        if token is None or not proofs.same(token.token_hash, hashed) or not token.holds_at(now):
            return NOBODY
        principal = Principal(
            kind=PrincipalKind.TOKEN,
            party_id=token.party_id,
            token_id=token.id,
            name=token.name,
            scopes=token.scopes,
        )
        return Found(principal=principal, touch=_due(token.used_at, now))

    def _of_edge(self, secret: str) -> Found:
        hashed = proofs.token_hash(secret)
        found = self._stores.edges.by_token(hashed)
        if found is None or not proofs.same(found[0].token_hash, hashed):
            return NOBODY
        session, edge = found
        if edge.revoked_at is not None or self._clock.now() >= session.expires_at:
            return NOBODY
        principal = Principal(
            kind=PrincipalKind.EDGE, party_id=edge.party_id, edge_id=edge.id, name=edge.name
        )
        return Found(principal=principal)


def _due(noted_at: datetime | None, now: datetime) -> bool:
    return noted_at is None or now - noted_at >= SEEN_EVERY
