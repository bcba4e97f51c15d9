"""All routes of identity, from four modules by subject."""

from fastapi import APIRouter

from consentry.infra.db import Work

from .door import Door
from .hasher import Hasher
from .ports import Means
from .routes_access import access_routes
from .routes_edges import edge_routes
from .routes_people import people_routes
from .service import Identity


def router(identity: Work[Identity], hasher: Hasher, means: Means) -> APIRouter:
    door = Door(identity, hasher)
    whole = APIRouter()
    whole.include_router(access_routes(identity, door, means))
    whole.include_router(people_routes(identity, door))
    whole.include_router(edge_routes(identity, door, means))
    return whole
