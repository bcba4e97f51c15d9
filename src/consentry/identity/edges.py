"""Edges: enrolled once by a code, then known by their key, cut off at once when revoked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from consentry.audit import Actor, Journal, LoggedAct, Subject
from consentry.kernel.access import ANYONE, Principal, PrincipalKind
from consentry.kernel.clock import to_text
from consentry.kernel.errors import ExhaustedError, NotFoundError
from consentry.kernel.ids import EdgeId

from . import proofs
from .codes import OneTimeCodes
from .guesses import Slowing, key_of
from .model import CodeKind, Edge, EdgeSession, Health, OneTimeCode, Refused
from .people import digest
from .ports import Means, Stores
from .rules import (
    ADDRESS,
    CHALLENGE_LIFE,
    EDGE_CODE_LIFE,
    EDGE_SESSION_LIFE,
    require_step_up,
)

CODES_WAITING_MAX = 20
EDGE_CHALLENGE = "edge"
WRONG_CODE = Refused(
    code="wrong_code",
    detail="This is not a code of ours, or it has expired, was used, or was tried too often.",
)
WRONG_PROOF = Refused(
    code="wrong_key", detail="The challenge was not answered by an edge that is enrolled here."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an edge sends back for a challenge; `said_at` in the sealed form of an instant."""

    challenge_id: str
    nonce: str
    said_at: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    token: str = field(repr=False)
    edge: Edge
    expires_at: datetime


class EdgeBook:
    def __init__(self, stores: Stores, journal: Journal, means: Means) -> None:
        self._stores = stores
        self._edges = stores.edges
        self._journal = journal
        self._means = means
        self._codes = OneTimeCodes(stores, means)
        self._slowing = Slowing(stores.guesses, means.clock)

    def new_code(self, by: Principal, name: str) -> tuple[OneTimeCode, str]:
        now = self._means.clock.now()
        require_step_up(by, now)
        self._stores.codes.sweep(now)
        if self._stores.codes.waiting(by.party) >= CODES_WAITING_MAX:
            raise ExhaustedError(
                f"At most {CODES_WAITING_MAX} codes wait at a time; each lasts ten minutes.",
                retry_after_s=60,
            )
        blank = OneTimeCode(
            handle="",
            kind=CodeKind.EDGE,
            secret_hash="",
            party_id=by.party,
            name=name,
            created_at=now,
            expires_at=now + EDGE_CODE_LIFE,
        )
        text = self._codes.make(blank)
        subject = Subject(kind="edge_code", id=text[: proofs.HANDLE_LENGTH], title=name)
        self._journal.record(
            LoggedAct.EDGE_CHANGED, Actor.of(by), subject, reason="enrolment code made"
        )
        return blank, text

    def enrol(self, typed: str, key: bytes, address: str) -> Edge | Refused:
        code = self._codes.check(CodeKind.EDGE, typed, address)
        if code is None or code.party_id is None or not self._codes.take(code):
            self._log_failure("unknown", WRONG_CODE)
            return WRONG_CODE
        edge = Edge(
            id=EdgeId(self._means.ids()),
            party_id=code.party_id,
            name=code.name,
            key=key,
            enrolled_at=self._means.clock.now(),
        )
        self._edges.add(edge)
        self._log(_actor_of(edge), edge, "enrolled")
        return edge

    def challenge(self, edge_id: EdgeId) -> proofs.Challenge:
        """The same for every id, enrolled or not."""
        return proofs.make_challenge(
            self._means.secret,
            EDGE_CHALLENGE,
            edge_id.encode(),
            noise=self._means.randomness(proofs.NONCE_BYTES),
            expires_at=self._means.clock.now() + CHALLENGE_LIFE,
        )

    def connect(self, answer: Answer, address: str) -> Connected | Refused:
        slow = key_of("address", address)
        self._slowing.take(slow, ADDRESS)
        edge = self._answered_by(answer)
        if edge is None:
            self._log_failure("unknown", WRONG_PROOF)
            return WRONG_PROOF
        self._slowing.give_back(slow)
        now = self._means.clock.now()
        noise = self._means.randomness(proofs.TOKEN_BYTES)
        token = proofs.new_token(proofs.EDGE_PREFIX, noise)
        session = EdgeSession(
            token_hash=proofs.token_hash(token),
            edge_id=edge.id,
            expires_at=now + EDGE_SESSION_LIFE,
        )
        self._edges.sweep(now)
        self._edges.end_sessions(edge.id)  # a key that is in two places serves the newer one
        self._edges.open_session(session)
        edge = replace(edge, connected_at=now)
        self._edges.change(edge)
        subject = Subject(kind="edge", id=edge.id, title=edge.name)
        self._journal.record(LoggedAct.LOGGED_IN, _actor_of(edge), subject, reason="edge key")
        return Connected(token=token, edge=edge, expires_at=session.expires_at)

    def page(self, by: Principal, after: str, limit: int) -> Sequence[Edge]:
        return self._edges.page(by.party, after, limit)

    def edge(self, by: Principal, edge_id: EdgeId) -> Edge:
        edge = self._edges.get(edge_id)
        if edge is None or edge.party_id != by.party_id:
            raise NotFoundError
        return edge

    def revoke(self, by: Principal, edge_id: EdgeId) -> None:
        """Its sessions end with this transaction. A second time changes and logs nothing.

        Taking trust away needs no fresh proof: it must be quick.
        """
        edge = self.edge(by, edge_id)
        if edge.revoked_at is not None:
            return
        edge = replace(edge, revoked_at=self._means.clock.now())
        self._edges.change(edge)
        self._edges.end_sessions(edge.id)
        self._log(Actor.of(by), edge, "revoked")

    def report(self, by: Principal, version: str, health: Health, note: str) -> None:
        if by.edge_id is None:
            raise NotFoundError
        edge = self.edge(by, by.edge_id)
        now = self._means.clock.now()
        self._edges.change(
            replace(edge, reported_at=now, version=version, health=health, health_note=note)
        )

    def _answered_by(self, answer: Answer) -> Edge | None:
        """The edge whose key signed this answer, if it may connect and never answered it before."""
        means = self._means
        now = means.clock.now()
        opened = proofs.open_challenge(means.secret, EDGE_CHALLENGE, answer.challenge_id, now)
        if opened is None:
            return None
        edge = self._edges.get(EdgeId(opened.subject.decode()))
        if edge is None or edge.revoked_at is not None:
            return None
        said = {
            "edge_nonce": answer.nonce,
            "hub_nonce": opened.nonce,
            "origin": means.site.origin,
            "time": answer.said_at,
        }
        if not proofs.verifies(edge.key, answer.signature, proofs.EDGE_AUTH, said):
            return None
        spent = self._stores.spent.spend(proofs.token_hash(opened.id), opened.expires_at)
        return edge if spent else None

    def _log(self, actor: Actor, edge: Edge, what: str) -> None:
        self._journal.record(
            LoggedAct.EDGE_CHANGED,
            actor,
            Subject(kind="edge", id=edge.id, title=edge.name),
            reason=what,
            changes={
                "edge": digest(
                    {
                        "key": proofs.to_base64(edge.key),
                        "party": edge.party_id,
                        "enrolled_at": to_text(edge.enrolled_at),
                        "revoked": edge.revoked_at is not None,
                    }
                )
            },
        )

    def _log_failure(self, edge_id: str, refused: Refused) -> None:
        self._journal.record(
            LoggedAct.LOGIN_FAILED,
            Actor.of(ANYONE),
            Subject(kind="edge", id=edge_id),
            decision="refused",
            reason=refused.code,
        )


def _actor_of(edge: Edge) -> Actor:
    return Actor(kind=PrincipalKind.EDGE.value, id=edge.id, agency=edge.party_id)
