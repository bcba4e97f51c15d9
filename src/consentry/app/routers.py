"""Every router of the hub, in the order in which paths are matched."""

from typing import TYPE_CHECKING

from fastapi import APIRouter

from consentry.cameras.routes import router as cameras_router
from consentry.identity import Hasher
from consentry.identity.routes import router as identity_router
from consentry.incidents.routes import router as incidents_router

from .http import health_router

if TYPE_CHECKING:
    from .wiring import Hub


def routers(hub: "Hub") -> list[APIRouter]:
    services = hub.services
    return [
        health_router(hub.waiting_for, hub.metrics),
        identity_router(services.identity, Hasher(), hub.means),
        incidents_router(services.incidents),
        cameras_router(services.registry),
    ]
