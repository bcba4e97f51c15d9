"""What a row of the authorisation matrix says, and what the one table makes of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from consentry.kernel.access import (
    ALLOWED,
    EDGE,
    PUBLIC,
    TOKEN_SCOPES,
    Act,
    Principal,
    PrincipalKind,
)
from tests.api.world import World

Values = dict[str, Any]
Maker = Callable[[World, str, str], Awaitable[Values]]
"""World, side, who asks: makes what the route is about, fresh, on that side. By name."""
Answer = int | str
"""A status, or the code of a problem."""


async def nothing(world: World, side: str, who: str) -> Values:
    return {}


def no_body(world: World, values: Values) -> Any:
    return None


@dataclass(frozen=True, kw_only=True)
class Row:
    """How to use one route rightly. Values go into its path, those named `q_...` to its query."""

    ok: tuple[Answer, ...] = (200,)
    """What whoever may is answered on a thing of their own."""
    about: Maker = nothing
    body: Callable[[World, Values], Any] = no_body
    raw: bytes | None = None
    """A body that is no JSON but a table of cameras."""
    theirs: tuple[Answer, ...] | None = (404,)
    """The same for a thing of another agency; None where the route is about no thing at all."""
    session: bool = False
    """Begin a session for the person first: the route is about it."""
    across: bool = False
    """Shows other agencies by design: for hub admins and for the public log."""


def allowed(principal: Principal, act: Act) -> bool:
    """Read from the table alone, on another way than the code under test takes."""
    if principal.kind is PrincipalKind.PERSON:
        return act in PUBLIC or any(role in ALLOWED[act] for role in principal.roles)
    if principal.kind is PrincipalKind.EDGE:
        return act in EDGE
    if principal.kind is PrincipalKind.TOKEN:
        given = {scope for scope in principal.scopes if scope in TOKEN_SCOPES}
        return act in given | {Act.READ_PUBLIC}
    return act in PUBLIC
