"""Every router of the hub, in the order in which paths are matched."""

from typing import TYPE_CHECKING

from fastapi import APIRouter

from consentry.audit.routes import router as audit_router
from consentry.cameras.routes import router as cameras_router
from consentry.cameras.search_routes import search_router
from consentry.consent.routes import Desk, Pinned, router as consent_router
from consentry.identity import Hasher
from consentry.identity.routes import router as identity_router
from consentry.incidents.routes import router as incidents_router

from .http import health_router
from .proofs import LogProofs

if TYPE_CHECKING:
    from .wiring import Hub


def routers(hub: "Hub") -> list[APIRouter]:
    services, clock = hub.services, hub.chance.clock
    desk = Desk(LogProofs(hub.log, hub.database), hub.ticket_key)
    return [
        health_router(hub.waiting_for, hub.metrics),
        identity_router(services.identity, Hasher(), hub.means),
        consent_router(services.consent, desk, _pinned(hub), clock),
        incidents_router(services.incidents),
        search_router(services.searches, hub.index, clock),
        cameras_router(services.registry),
        audit_router(services.auditing, hub.log),
    ]


def _pinned(hub: "Hub") -> Pinned:
    return Pinned(
        hub=hub.consent_hub,
        ticket_key=hub.means.ticket_key.hex(),
        log_key=str(hub.log.policy.log),
    )
