"""Who is who: parties, people, sessions, tokens, edges, and how each is proved.

Free of I/O and frameworks, like every face: `app` takes `Authenticator`, `Hasher` and `Door` from
their own modules.
"""

from .directory import Directory
from .model import Edge, Member, Party, PartyKind, Person, Standing, Surface
from .people import NewPerson, People
from .ports import Means, NoOwnerKeys, OwnerKeys
from .rules import STEP_UP_MAX, require_step_up
from .service import Identity
from .site import Site

__all__ = [
    "STEP_UP_MAX",
    "Directory",
    "Edge",
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
    "require_step_up",
]
