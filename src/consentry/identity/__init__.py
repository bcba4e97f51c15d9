"""Who is who: parties, people, sessions, tokens, edges, and how each is proved."""

from .authenticator import Authenticator, caller_of, from_page
from .directory import Directory
from .door import Door
from .hasher import Hasher
from .model import Edge, Member, Party, PartyKind, Person, Standing, Surface
from .people import NewPerson, People
from .ports import Means, NoOwnerKeys, OwnerKeys
from .rules import STEP_UP_MAX, require_step_up
from .service import Identity
from .site import Site

__all__ = [
    "STEP_UP_MAX",
    "Authenticator",
    "Directory",
    "Door",
    "Edge",
    "Hasher",
    "Identity",
    "Means",
    "Member",
    "NewPerson",
    "NoOwnerKeys",
    "OwnerKeys",
    "Party",
    "PartyKind",
    "People",
    "Person",
    "Site",
    "Standing",
    "Surface",
    "caller_of",
    "from_page",
    "require_step_up",
]
