"""Edges: enrolment, connection, list, revocation, report."""

from fastapi import APIRouter, Request, Response

from consentry.infra.db import Work
from consentry.infra.web import Api, Page, Who, page_of
from consentry.infra.web.paging import Cursor, Limit, from_cursor
from consentry.kernel.access import Act
from consentry.kernel.ids import EdgeId

from . import proofs
from .authenticator import caller_of
from .door import Door
from .edges import Answer
from .model import Edge
from .ports import Means
from .routes_access import challenge_out, keep_nowhere
from .schemas import ChallengeOut, Id
from .schemas_edges import (
    ConnectBody,
    ConnectedOut,
    EdgeChallengeBody,
    EdgeCodeBody,
    EdgeCodeOut,
    EdgeOut,
    EnrolEdgeBody,
    EnrolledOut,
    ReportBody,
)
from .service import Identity


def edge_routes(identity: Work[Identity], door: Door, means: Means) -> APIRouter:
    api = Api("identity")
    _managing(api, identity, means)
    _enrolling(api, identity, door, means)
    return api.router


def _managing(api: Api, identity: Work[Identity], means: Means) -> None:
    @api.post("/api/edges/codes", act=Act.MANAGE_EDGES, status_code=201)
    async def make_edge_code(body: EdgeCodeBody, response: Response, who: Who) -> EdgeCodeOut:
        """A one-time code for a new edge of one's own. Needs a fresh proof."""
        keep_nowhere(response)
        made, text = await identity.write(lambda s: s.edges.new_code(who, body.name))
        return EdgeCodeOut(
            code=text,
            expires_at=made.expires_at,
            origin=means.site.origin,
            ca_fingerprint=means.ca_fingerprint,
        )

    @api.get("/api/edges", act=Act.MANAGE_EDGES)
    async def edges(who: Who, limit: Limit = 50, cursor: Cursor = None) -> Page[EdgeOut]:
        """Your party's edges, with their last report."""
        after = from_cursor(cursor) or ""
        found = await identity.read(lambda s: s.edges.page(who, after, limit + 1))
        return page_of(found, limit, key=lambda e: e.id, show=_shown)

    @api.get("/api/edges/{edge_id}", act=Act.MANAGE_EDGES)
    async def edge(edge_id: Id, who: Who) -> EdgeOut:
        """One of your party's edges."""
        return _shown(await identity.read(lambda s: s.edges.edge(who, EdgeId(edge_id))))

    @api.delete("/api/edges/{edge_id}", act=Act.MANAGE_EDGES, status_code=204)
    async def revoke_edge(edge_id: Id, who: Who) -> None:
        """Cut it off, at once and for good."""
        await identity.write(lambda s: s.edges.revoke(who, EdgeId(edge_id)))


def _enrolling(api: Api, identity: Work[Identity], door: Door, means: Means) -> None:
    ticket_key = proofs.to_base64(means.ticket_key)

    @api.post("/api/edges/enrol", act=Act.ENROL_EDGE, status_code=201)
    async def enrol_edge(body: EnrolEdgeBody, request: Request) -> EnrolledOut:
        """An edge gives the code that was typed at it, and the public half of its own key."""
        key = proofs.read_key(body.key)
        made = await door.enrol_edge(body.code, key, caller_of(request).address)
        return EnrolledOut(
            edge_id=made.id,
            party_id=made.party_id,
            origin=means.site.origin,
            ca_fingerprint=means.ca_fingerprint,
            ticket_key=ticket_key,
        )

    @api.post("/api/edges/challenge", act=Act.ENROL_EDGE, status_code=201)
    async def challenge_edge(body: EdgeChallengeBody) -> ChallengeOut:
        """Something fresh for an edge to sign as it connects."""
        made = await identity.read(lambda s: s.edges.challenge(EdgeId(body.edge_id)))
        return challenge_out(made, means.site)

    @api.post("/api/edges/connect", act=Act.ENROL_EDGE, status_code=201)
    async def connect_edge(body: ConnectBody, request: Request, response: Response) -> ConnectedOut:
        """The answer to a challenge; the hub tells its ticket key, which the edge has pinned."""
        keep_nowhere(response)
        answer = Answer(
            challenge_id=body.challenge_id,
            nonce=body.edge_nonce,
            said_at=body.time,
            signature=proofs.from_base64(body.signature, proofs.SIGNATURE_BYTES) or b"",
        )
        made = await door.connect_edge(answer, caller_of(request).address)
        return ConnectedOut(
            token=made.token,
            expires_at=made.expires_at,
            edge_id=made.edge.id,
            party_id=made.edge.party_id,
            ticket_key=ticket_key,
            hub_time=means.clock.now(),
        )

    @api.post("/api/edges/report", act=Act.REPORT_EDGE, status_code=204)
    async def report_edge(body: ReportBody, who: Who) -> None:
        """An edge tells its version and its health."""
        await identity.write(lambda s: s.edges.report(who, body.version, body.health, body.note))


def _shown(edge: Edge) -> EdgeOut:
    return EdgeOut.of(edge, proofs.to_base64(edge.key))
