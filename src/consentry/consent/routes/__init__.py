"""Consent over HTTP: asks, the owner's side, what narrows an agency, and what to pin."""

from dataclasses import dataclass

from fastapi import APIRouter

from consentry.consent.records import Hub
from consentry.consent.schemas.owner import TrustOut
from consentry.consent.service import Consent
from consentry.infra.db import Work
from consentry.infra.web import Api
from consentry.kernel.access import Act
from consentry.kernel.clock import Clock

from .asks import add_ask_routes
from .desk import Desk
from .owner import add_owner_routes
from .safeguards import add_safeguard_routes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """What owners and edges pin of this hub: the public halves."""

    hub: Hub
    ticket_key: str
    """Ed25519 in hex."""
    log_key: str
    """The log's verifier key, `name+id+key`."""


def router(consents: Work[Consent], desk: Desk, pinned: Pinned, clock: Clock) -> APIRouter:
    api = Api("consent")
    add_ask_routes(api, consents, desk, clock)
    add_owner_routes(api, consents, desk, clock)
    add_safeguard_routes(api, consents)

    @api.get("/api/trust", act=Act.READ_PUBLIC)
    async def read_trust() -> TrustOut:
        """The keys of this hub. Do not trust them from here: compare the six words at the box."""
        return TrustOut(
            origin=pinned.hub.origin,
            name=pinned.hub.name,
            ticket_key=pinned.ticket_key,
            log_key=pinned.log_key,
        )

    return api.router


__all__ = ["Desk", "Pinned", "router"]
