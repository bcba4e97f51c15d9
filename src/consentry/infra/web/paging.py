"""Long lists in pages, by key rather than by offset, so that none is skipped or told twice."""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Final, Generic, TypeVar

from fastapi import Query
from pydantic import Field

from consentry.kernel.errors import InvalidError

from .schemas import Wire

LIMIT_MAX: Final = 200
CURSOR_LENGTH_MAX: Final = 200

Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX, description="At most so many items.")]
Cursor = Annotated[
    str | None,
    Query(max_length=CURSOR_LENGTH_MAX, description="`next` of the page before; none: the first."),
]

Found = TypeVar("Found")
Shown = TypeVar("Shown")


class Page(Wire, Generic[Shown]):
    items: list[Shown]
    next: str | None = Field(default=None, description="Cursor of the next page; none: the last.")


def page_of(
    found: Sequence[Found],
    limit: int,
    *,
    key: Callable[[Found], str],
    show: Callable[[Found], Shown],
) -> Page[Shown]:
    """A page from up to `limit + 1` found items; the extra one only tells that more follow."""
    shown = found[:limit]
    following = to_cursor(key(shown[-1])) if len(found) > limit else None
    return Page(items=[show(item) for item in shown], next=following)


def to_cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def from_cursor(cursor: str | None) -> str | None:
    """The key a cursor stands for. Raises InvalidError for one that we did not make."""
    if cursor is None:
        return None
    try:
        key = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (ValueError, binascii.Error) as error:
        raise InvalidError.of("cursor", "is not a cursor of this list") from error
    if not key.isprintable():
        raise InvalidError.of("cursor", "is not a cursor of this list")
    return key
