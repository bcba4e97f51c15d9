"""API tokens: for programs of one party, few acts, an end, and never the actor of an ask."""

from collections.abc import Sequence
from datetime import datetime

from consentry.audit import Actor, Journal, LoggedAct, Subject
from consentry.kernel.access import TOKEN_SCOPES, Act, Principal
from consentry.kernel.clock import to_text
from consentry.kernel.errors import NotFoundError, UnauthenticatedError

from . import proofs
from .model import ApiToken, TokenId
from .people import digest
from .ports import Means, Stores
from .rules import TOKEN_LIFE_MAX, check_end, check_scopes, require_step_up


class Tokens:
    def __init__(self, stores: Stores, journal: Journal, means: Means) -> None:
        self._tokens = stores.tokens
        self._journal = journal
        self._means = means

    def make(
        self, by: Principal, name: str, scopes: frozenset[Act], expires_at: datetime
    ) -> tuple[ApiToken, str]:
        """The token and, this once, its secret."""
        now = self._means.clock.now()
        require_step_up(by, now)
        if by.person_id is None:
            raise UnauthenticatedError("Only a person makes tokens.")
        check_scopes(scopes, TOKEN_SCOPES, by.roles)
        check_end(expires_at, now, TOKEN_LIFE_MAX)
        noise = self._means.randomness(proofs.TOKEN_BYTES)
        secret = proofs.new_token(proofs.API_PREFIX, noise)
        token = ApiToken(
            id=TokenId(self._means.ids()),
            party_id=by.party,
            name=name,
            token_hash=proofs.token_hash(secret),
            scopes=scopes,
            made_by=by.person_id,
            created_at=now,
            expires_at=expires_at,
        )
        self._tokens.add(token)
        self._log(by, token, "made")
        return token, secret

    def page(self, by: Principal, after: str, limit: int) -> Sequence[ApiToken]:
        return self._tokens.page(by.party, after, limit)

    def revoke(self, by: Principal, token_id: TokenId) -> None:
        """At once, since every request looks. A second time changes and logs nothing."""
        token = self._tokens.get(by.party, token_id)
        if token is None:
            raise NotFoundError
        if token.revoked_at is None:
            self._tokens.revoke(token_id, self._means.clock.now())
            self._log(by, token, "revoked")

    def _log(self, by: Principal, token: ApiToken, what: str) -> None:
        scopes = sorted(scope.value for scope in token.scopes)
        value = {"scopes": scopes, "expires_at": to_text(token.expires_at)}
        self._journal.record(
            LoggedAct.TOKEN_CHANGED,
            Actor.of(by),
            Subject(kind="token", id=token.id, title=token.name),
            reason=what,
            changes={"token": digest(value)},
        )
