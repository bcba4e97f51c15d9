"""The demo's ready-made accounts: staff of three agencies, and a few owners. All invented."""

from dataclasses import dataclass
from typing import Final

from consentry.kernel.access import Role

from .city import City
from .model import AGENCIES, CityOwner, Sort

PASSWORD: Final = "harbour lantern quay"  # noqa: S105 a password that everybody is meant to know


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    login: str
    name: str
    owner: str
    """Key of the agency, business or household that they act for."""
    roles: frozenset[Role]
    words: str

    @property
    def staff(self) -> bool:
        return Role.OWNER not in self.roles


def _staff(login: str, name: str, owner: Sort, *roles: Role) -> Account:
    words = " and ".join(role.value.replace("_", " ") for role in roles)
    return Account(
        login=login, name=name, owner=owner.value, roles=frozenset(roles), words=words.capitalize()
    )


STAFF: Final = (
    _staff("jonas", "Jonas Mercer", Sort.POLICE, Role.OPERATOR),
    _staff("amara", "Amara Okafor", Sort.POLICE, Role.RESPONDER),
    _staff("ivo", "Ivo Brandt", Sort.POLICE, Role.INVESTIGATOR),
    _staff("sena", "Sena Demir", Sort.POLICE, Role.SUPERVISOR),
    _staff("petra", "Petra Novak", Sort.POLICE, Role.SUPERVISOR),
    _staff("liv", "Liv Eriksen", Sort.POLICE, Role.CUSTODIAN),
    _staff("mo", "Mo Khoury", Sort.POLICE, Role.AUDITOR),
    _staff("ruth", "Ruth Osei", Sort.POLICE, Role.AGENCY_ADMIN),
    _staff("tomas", "Tomas Zeller", Sort.COUNCIL, Role.HUB_ADMIN),
    _staff("ines", "Ines Duarte", Sort.FIRE, Role.OPERATOR),
    _staff("owen", "Owen Falk", Sort.FIRE, Role.AGENCY_ADMIN),
    _staff("noor", "Noor Haddad", Sort.COUNCIL, Role.AGENCY_ADMIN),
)
FIRST_NAMES: Final = ("Nadia", "Piet", "Yara", "Callum", "Mirela", "Tariq")
SHOWN_OWNERS: Final = (Sort.SHOP, Sort.LANDLORD, Sort.HOME, Sort.SCHOOL)
"""One ready-made account for the first owner of each sort; a shop of the preset incident."""


def accounts(city: City) -> tuple[Account, ...]:
    """Everybody who can sign in with the demo's password."""
    return STAFF + tuple(
        Account(
            login=owner.key,
            name=contact_of(owner, n),
            owner=owner.key,
            roles=frozenset({Role.OWNER}),
            words="Owner",
        )
        for n, owner in enumerate(shown_owners(city))
    )


def shown_owners(city: City) -> list[CityOwner]:
    preset = {camera.owner for camera in city.preset}
    shown = []
    for sort in SHOWN_OWNERS:
        of_sort = [owner for owner in city.owners if owner.sort is sort]
        near = [owner for owner in of_sort if owner.key in preset]
        shown.append((near or of_sort)[0])
    return shown


def contact_of(owner: CityOwner, n: int) -> str:
    return f"{FIRST_NAMES[n % len(FIRST_NAMES)]} {owner.contact}"


def private_owners(city: City) -> list[CityOwner]:
    return [owner for owner in city.owners if owner.sort not in AGENCIES]
