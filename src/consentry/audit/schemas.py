"""The log on the wire."""

from typing import Annotated, Any, Final

from pydantic import AwareDatetime, Field

from consentry.infra.web import Wire
from consentry.infra.web.paging import CURSOR_LENGTH_MAX, LIMIT_MAX
from consentry.kernel.errors import InvalidError

from .body import decode, document
from .merkle import SALT_BYTES
from .model import LoggedAct
from .ports import Filter, Kept
from .receipts import Receipt

BASIS_LENGTH_MAX: Final = 500
TERM_LENGTH_MAX: Final = 200
SIZE_MAX: Final = 2**53 - 1


Term = Annotated[str, Field(max_length=TERM_LENGTH_MAX, pattern=r"^[^\x00]*$")]


class SearchIn(Wire):
    """What an auditor looks for; every term narrows, none matches all."""

    act: LoggedAct | None = None
    actor: Term = Field(default="", description="Id of the person, edge or token that acted.")
    subject_kind: Term = ""
    subject: Term = Field(default="", description="Id of what was acted on.")
    reference: Term = Field(default="", description="Incident or case.")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    cursor: str | None = Field(default=None, max_length=CURSOR_LENGTH_MAX)
    limit: int = Field(default=50, ge=1, le=LIMIT_MAX)

    def to_filter(self) -> Filter:
        """Raises InvalidError for a span that ends before it starts."""
        if self.since and self.until and self.until <= self.since:
            raise InvalidError.of("until", "must be later than since")
        return Filter(
            act=self.act,
            actor_id=self.actor,
            subject_kind=self.subject_kind,
            subject_id=self.subject,
            reference=self.reference,
            since=self.since,
            until=self.until,
        )


class EntryOut(Wire):
    """One entry. `entry` has the parts of the entry format, version 1; absent parts are empty."""

    position: int | None = Field(description="Its place in the log; none: it waits for one.")
    entry: dict[str, Any]

    @classmethod
    def of(cls, kept: Kept) -> "EntryOut":
        return cls(position=kept.position, entry=dict(document(decode(kept.body))))


class ReceiptOut(Wire):
    """An entry with all that proves its place. Check it with `consentry audit verify --receipt`."""

    v: int
    entry: str = Field(description="The entry's canonical bytes, as text.")
    salt: str = Field(description=f"{SALT_BYTES} bytes in base64: they open the public leaf.")
    position: int
    inclusion: list[str] = Field(description="Hashes in base64, from the leaf towards the root.")
    checkpoint: str = Field(description="The signed note, with its cosignatures.")

    @classmethod
    def of(cls, receipt: Receipt) -> "ReceiptOut":
        return cls.model_validate_json(receipt.to_json())


class ConsistencyOut(Wire):
    old: int
    new: int
    proof: list[str] = Field(description="Hashes in base64 (RFC 6962, section 2.1.2).")


class ErasureIn(Wire):
    basis: Annotated[
        str,
        Field(
            min_length=10,
            max_length=BASIS_LENGTH_MAX,
            pattern=r"\S",
            description="The legal ground, in words; it stays in the log.",
        ),
    ]


class ErasureOut(Wire):
    entry_id: str
    state: str = Field(description="`requested`: a second person must confirm. `erased`: gone.")
    position: int | None = None
