"""Names and standings, for every feature above that shows or decides about people."""

from collections.abc import Iterable

from consentry.kernel.clock import Clock
from consentry.kernel.ids import PartyId, PersonId

from .model import Party, Person, Standing
from .ports import Stores

NOWHERE = Standing(roles=frozenset(), suspended=True)


class Directory:
    """Reads only. Names are no secret inside the hub; callers decide whom they show them to."""

    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._stores = stores
        self._clock = clock

    def party(self, party_id: PartyId) -> Party | None:
        return self._stores.parties.get(party_id)

    def person(self, person_id: PersonId) -> Person | None:
        return self._stores.persons.get(person_id)

    def names(self, ids: Iterable[str]) -> dict[str, str]:
        """Names of parties and people by id; an id that is neither is left out."""
        wanted = sorted(set(ids))
        return self._stores.parties.names(wanted) | self._stores.persons.names(wanted)

    def standing(self, person_id: PersonId, party_id: PartyId) -> Standing:
        """What the person is to the party now: for renewals, where no request proves it."""
        held = self._stores.memberships.get(person_id, party_id)
        if held is None or not held.holds_at(self._clock.now()):
            return NOWHERE
        return Standing(roles=held.roles, suspended=False)
