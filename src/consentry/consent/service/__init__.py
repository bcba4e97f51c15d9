"""The hub side of consent: asks, second persons, owners, and what narrows an agency."""

from dataclasses import dataclass

from consentry.audit import Journal
from consentry.consent.ports import Outside, Stores
from consentry.kernel.clock import Clock
from consentry.kernel.ids import IdSource

from .accounts import Accounts
from .asks import Asks, Decided, Outcome
from .checks import Checks
from .drafts import CAMERAS_MAX, AskDraft
from .facts import Facts
from .oversight import Oversight
from .owner import Accepted, Owner, RefusedStatement, Sealed
from .safeguards import BASIS_CAMERAS_MAX, BasisDraft, PlaceDraft, Safeguards


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Everything that one unit of work may do about consent."""

    asks: Asks
    oversight: Oversight
    owner: Owner
    accounts: Accounts
    safeguards: Safeguards

    @classmethod
    def over(
        cls, stores: Stores, outside: Outside, journal: Journal, clock: Clock, ids: IdSource
    ) -> "Consent":
        facts = Facts(stores=stores, outside=outside, clock=clock)
        checks = Checks(stores=stores, outside=outside, clock=clock)
        owner = Owner(
            stores=stores,
            outside=outside,
            facts=facts,
            checks=checks,
            journal=journal,
            clock=clock,
        )
        return cls(
            asks=Asks(stores=stores, facts=facts, journal=journal, clock=clock, ids=ids),
            oversight=Oversight(
                asks=stores.asks, approvals=stores.approvals, journal=journal, clock=clock
            ),
            owner=owner,
            accounts=Accounts(
                stores=stores, outside=outside, owner=owner, journal=journal, clock=clock
            ),
            safeguards=Safeguards(
                places=stores.places,
                bases=stores.bases,
                policies=stores.policies,
                stops=stores.stops,
                cameras=outside.cameras,
                journal=journal,
                clock=clock,
                ids=ids,
            ),
        )


__all__ = [
    "BASIS_CAMERAS_MAX",
    "CAMERAS_MAX",
    "Accepted",
    "Accounts",
    "AskDraft",
    "Asks",
    "BasisDraft",
    "Consent",
    "Decided",
    "Outcome",
    "Oversight",
    "Owner",
    "PlaceDraft",
    "RefusedStatement",
    "Safeguards",
    "Sealed",
]
