"""The city's parties, people and cameras, entered into a hub through its own services."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from consentry.audit import SYSTEM
from consentry.cameras import Details, Health, Kind, Registry, Setting
from consentry.identity import Edge, Identity, NewPerson, PartyKind
from consentry.kernel.access import Principal, PrincipalKind, Role
from consentry.kernel.geo import Point
from consentry.kernel.ids import CameraId, EdgeId, PartyId, PersonId

from .city import City
from .model import AGENCIES, CityCamera, CityOwner, Device, Sort
from .people import Account, accounts, contact_of

SOURCE: Final = "port-halden"
EDGE_NAME_MAX: Final = 80
KINDS: Final = {Sort.HOME: PartyKind.HOUSEHOLD}
"""Agencies are agencies; whoever is neither that nor a home is a business."""


@dataclass(frozen=True, slots=True)
class Someone:
    """A person of the city, as the hub knows them."""

    account: Account
    person_id: PersonId
    party_id: PartyId

    def principal(self, stepped_up_at: datetime) -> Principal:
        """For acts by whoever signs for an owner; staff in the history sign in like everyone."""
        return Principal(
            kind=PrincipalKind.PERSON,
            party_id=self.party_id,
            person_id=self.person_id,
            name=self.account.name,
            roles=self.account.roles,
            stepped_up_at=stepped_up_at,
        )


@dataclass(frozen=True, slots=True)
class Founded:
    """What the hub called everybody: parties and signatories by owner key, staff by login."""

    parties: dict[str, PartyId]
    signers: dict[str, Someone]
    staff: dict[str, Someone]
    cameras: dict[str, CameraId]
    edges: dict[str, EdgeId]


def found_parties(city: City, identity: Identity, password_hash: str) -> Founded:
    """Every party with whoever signs for it, and the staff of the agencies."""
    people = identity.people
    shown = {account.login: account for account in accounts(city)}
    founded = Founded({}, {}, {}, {}, {})
    for n, owner in enumerate(city.owners):
        party = people.create_party(SYSTEM, kind_of(owner), owner.name)
        founded.parties[owner.key] = party.id
        if owner.sort in AGENCIES:
            continue
        ready = owner.key in shown
        account = shown.get(owner.key) or _signatory(owner, n)
        new = NewPerson(
            login=account.login, name=account.name, password_hash=password_hash if ready else None
        )
        member = people.create_person(SYSTEM, party.id, new, account.roles)
        founded.signers[owner.key] = Someone(account, member.person.id, party.id)
    for account in shown.values():
        if account.staff:
            _found_staff(founded, identity, account, password_hash)
    return founded


def _found_staff(
    founded: Founded, identity: Identity, account: Account, password_hash: str
) -> None:
    party_id = founded.parties[account.owner]
    new = NewPerson(login=account.login, name=account.name, password_hash=password_hash)
    member = identity.people.create_person(SYSTEM, party_id, new, account.roles)
    someone = Someone(account, member.person.id, party_id)
    founded.staff[account.login] = someone
    if Role.AGENCY_ADMIN in account.roles:
        founded.signers[account.owner] = someone


def kind_of(owner: CityOwner) -> PartyKind:
    if owner.sort in AGENCIES:
        return PartyKind.AGENCY
    return KINDS.get(owner.sort, PartyKind.BUSINESS)


def roles_of(owner: CityOwner) -> frozenset[Role]:
    """What whoever signs for this owner is to it."""
    return frozenset({Role.AGENCY_ADMIN if owner.sort in AGENCIES else Role.OWNER})


def _signatory(owner: CityOwner, n: int) -> Account:
    """Who has no password: signs in by the owner's key alone."""
    return Account(
        login=owner.key,
        name=contact_of(owner, n),
        owner=owner.key,
        roles=frozenset({Role.OWNER}),
        words="Owner",
    )


def enrol_edges(
    city: City, identity: Identity, founded: Founded, key_of: Callable[[str], bytes], now: datetime
) -> None:
    """The box beside each owner's cameras: a one-time code, then a key of its own."""
    for owner in city.owners:
        signer = founded.signers[owner.key].principal(now)
        _, code = identity.edges.new_code(signer, f"Box at {owner.name}"[:EDGE_NAME_MAX])
        edge = identity.edges.enrol(code, key_of(owner.key), "127.0.0.1")
        if not isinstance(edge, Edge):
            raise RuntimeError(f"the box of {owner.name} was not enrolled: {edge.detail}")
        founded.edges[owner.key] = edge.id


def hang_cameras(city: City, registry: Registry, founded: Founded, now: datetime) -> None:
    """All cameras, each entered by its own owner, with the health they are found in."""
    for camera in city.cameras:
        who = founded.signers[camera.owner].principal(now)
        details = details_of(city, camera)
        added, _ = registry.add(who, details, source=SOURCE, reference=camera.key)
        founded.cameras[camera.key] = added.id
        health = Health.ONLINE if camera.online else Health.OFFLINE
        registry.hang(who, added.id, founded.edges[camera.owner])
        registry.report_health(who, added.id, health)


def details_of(city: City, camera: CityCamera) -> Details:
    return Details(
        name=camera.name,
        place=Point(camera.lat, camera.lon),
        kind=Kind(camera.device.value),
        setting=setting_of(city, camera),
        address=camera.address,
        floor=camera.floor,
        height_m=camera.height_m,
        bearing_deg=camera.bearing_deg,
        fov_deg=camera.fov_deg,
        range_m=camera.range_m,
        night_vision=camera.device in (Device.FIXED, Device.PTZ),
    )


def setting_of(city: City, camera: CityCamera) -> Setting:
    """How deep into private life it looks."""
    if camera.in_home:
        return Setting.HOME_INTERIOR
    sort = city.owner_of[camera.owner].sort
    if sort in AGENCIES:
        return Setting.PUBLIC
    return Setting.HOME if sort is Sort.HOME else Setting.BUSINESS
