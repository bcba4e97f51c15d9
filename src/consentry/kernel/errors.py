"""The few ways in which a request can fail.

    ConsentryError
    ├── InvalidError      the request is malformed; names the field and the limit
    ├── UnauthenticatedError  nobody is signed in, or the proof is stale
    ├── DeniedError       known, but not allowed
    ├── NotFoundError     no such thing, or not one of yours: the same answer
    ├── ConflictError     against the present state of the thing
    ├── ExhaustedError    a bound is reached: slow down or ask for less
    └── UnavailableError  not now: try again

A refusal by consent is not an error but a value: see `consentry.consent`.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with a request. `field` is a dotted path; `limit` is the bound in words."""

    field: str
    message: str
    limit: str | None = None


class ConsentryError(Exception):
    """Something a caller can be told. `slug` is stable and names the kind on the wire."""

    slug: ClassVar[str] = "error"

    def __init__(self, detail: str, *, slug: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = slug or self.slug


class InvalidError(ConsentryError):
    slug = "invalid"

    def __init__(self, *faults: Fault, slug: str | None = None) -> None:
        super().__init__("; ".join(f"{f.field}: {f.message}" for f in faults), slug=slug)
        self.faults = faults

    @classmethod
    def of(
        cls, field: str, message: str, limit: str | None = None, *, slug: str | None = None
    ) -> "InvalidError":
        return cls(Fault(field=field, message=message, limit=limit), slug=slug)


class UnauthenticatedError(ConsentryError):
    slug = "unauthenticated"


class DeniedError(ConsentryError):
    slug = "denied"


class NotFoundError(ConsentryError):
    slug = "not_found"

    def __init__(self, what: str = "There is no such thing here.") -> None:
        super().__init__(what)


class ConflictError(ConsentryError):
    slug = "conflict"


class ExhaustedError(ConsentryError):
    """`retry_after_s`, where known, is told to the caller."""

    slug = "exhausted"

    def __init__(
        self, detail: str, *, slug: str | None = None, retry_after_s: int | None = None
    ) -> None:
        super().__init__(detail, slug=slug)
        self.retry_after_s = retry_after_s


class UnavailableError(ConsentryError):
    slug = "unavailable"
