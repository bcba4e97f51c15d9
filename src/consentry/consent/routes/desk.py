"""From a committed permit to a signed ticket: wait for the log, add its proof, sign.

No receipt, no video: where the log does not answer in time there is no ticket.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from consentry.audit import Proven, Receipt
from consentry.consent.ports import Proofs, TicketKey
from consentry.consent.tickets import PREFIX, Ticket, encode_ticket
from consentry.kernel.canonical import Json, decode_object, encode
from consentry.kernel.errors import UnavailableError
from consentry.kernel.ids import EntryId, PartyId

WAIT_S: Final = 2.0
LEASE_S: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    ticket: Mapping[str, Json]
    receipt: str


@dataclass(frozen=True, slots=True)
class Desk:
    proofs: Proofs
    key: TicketKey

    async def issue(self, entry_id: EntryId, party_id: PartyId, *, known_size: int = 0) -> Issued:
        """The ticket for a permit. `known_size` is the tree that its edge has seen."""
        receipt, proven = await self._prove(entry_id, party_id)
        consistency = await self.proofs.consistency(known_size, proven.size)
        ticket = Ticket(
            salt=receipt.salt,
            lease_s=LEASE_S,
            entry=decode_object(receipt.body),
            position=proven.position,
            size=proven.size,
            inclusion=proven.inclusion,
            checkpoint=proven.checkpoint,
            consistency=tuple(consistency),
        )
        sig = self.key.sign(PREFIX + encode(ticket.rest())).hex()
        signed = decode_object(encode_ticket(replace(ticket, sig=sig)))
        return Issued(ticket=signed, receipt=receipt.to_json())

    async def receipt(self, entry_id: EntryId, party_id: PartyId) -> str:
        """The entry with its proof, as the verifier reads it."""
        return (await self._prove(entry_id, party_id))[0].to_json()

    async def _prove(self, entry_id: EntryId, party_id: PartyId) -> tuple[Receipt, Proven]:
        try:
            async with asyncio.timeout(WAIT_S):
                proven = await self.proofs.wait(entry_id)
                body, salt = await self.proofs.sealed(entry_id, party_id)
        except TimeoutError as error:
            raise UnavailableError(
                "The log did not answer in time, so nothing opens. Renew the ask.", slug="log_late"
            ) from error
        receipt = Receipt(
            body=body,
            salt=salt,
            position=proven.position,
            inclusion=proven.inclusion,
            checkpoint=proven.checkpoint,
        )
        return receipt, proven
