"""Protected places, lawful bases, policy packs, and the stop of all viewing."""

from consentry.consent.records import LawfulBasis
from consentry.consent.schemas.parts import PathId
from consentry.consent.schemas.safeguards import (
    BasesOut,
    BasisIn,
    BasisOut,
    PlaceIn,
    PlaceOut,
    PolicyIn,
    PolicyOut,
    StopIn,
    StopOut,
)
from consentry.consent.service import Consent
from consentry.infra.db import Work
from consentry.infra.web import Api, Page, Who, page_of
from consentry.infra.web.paging import Cursor, Limit, from_cursor
from consentry.kernel.access import Act
from consentry.kernel.errors import InvalidError

LIMIT_DEFAULT = 50


def add_safeguard_routes(api: Api, consents: Work[Consent]) -> None:
    _add_places(api, consents)
    _add_bases(api, consents)
    _add_policy(api, consents)
    _add_stops(api, consents)


def _add_places(api: Api, consents: Work[Consent]) -> None:
    @api.get("/api/protected-places", act=Act.READ_POLICY)
    async def list_places(
        who: Who, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
    ) -> Page[PlaceOut]:
        """Clinics, schools, assemblies and the like that your agency has written down."""
        after = from_cursor(cursor)
        found = await consents.read(lambda c: c.safeguards.places_of(who, after, limit + 1))
        return page_of(found, limit, key=lambda each: each.id, show=PlaceOut.of)

    @api.post("/api/protected-places", act=Act.MANAGE_POLICY, status_code=201)
    async def add_place(who: Who, body: PlaceIn) -> PlaceOut:
        """From now on whoever asks for a camera there needs a second person."""
        draft = body.to_draft()
        return PlaceOut.of(await consents.write(lambda c: c.safeguards.add_place(who, draft)))

    @api.get("/api/protected-places/{place_id}", act=Act.READ_POLICY)
    async def read_place(who: Who, place_id: PathId) -> PlaceOut:
        """One protected place of your agency."""
        return PlaceOut.of(await consents.read(lambda c: c.safeguards.place(who, place_id)))

    @api.put("/api/protected-places/{place_id}", act=Act.MANAGE_POLICY)
    async def change_place(who: Who, place_id: PathId, body: PlaceIn) -> PlaceOut:
        """Describe the place anew, as a whole."""
        draft = body.to_draft()
        place = await consents.write(lambda c: c.safeguards.change_place(who, place_id, draft))
        return PlaceOut.of(place)

    @api.delete("/api/protected-places/{place_id}", act=Act.MANAGE_POLICY, status_code=204)
    async def remove_place(who: Who, place_id: PathId) -> None:
        """The place is protected no more. The log keeps that it was."""
        await consents.write(lambda c: c.safeguards.remove_place(who, place_id))


def _add_bases(api: Api, consents: Work[Consent]) -> None:
    @api.get("/api/lawful-bases", act=Act.READ_POLICY)
    async def list_bases(
        who: Who, limit: Limit = LIMIT_DEFAULT, cursor: Cursor = None
    ) -> Page[BasisOut]:
        """For which cameras and purposes your agency has written down why it may look."""
        after = _pair(from_cursor(cursor))
        found = await consents.read(lambda c: c.safeguards.bases_of(who, after, limit + 1))
        return page_of(found, limit, key=_basis_key, show=BasisOut.of)

    @api.put("/api/lawful-bases", act=Act.RECORD_LAWFUL_BASIS)
    async def record_bases(who: Who, body: BasisIn) -> BasesOut:
        """Write down a lawful basis for cameras and purposes, or withdraw it."""
        draft = body.to_draft()
        found = await consents.write(lambda c: c.safeguards.record_basis(who, draft))
        return BasesOut(items=[BasisOut.of(each) for each in found])


def _add_policy(api: Api, consents: Work[Consent]) -> None:
    @api.get("/api/policy", act=Act.READ_POLICY)
    async def read_policy(who: Who) -> PolicyOut:
        """The policy pack in force for your agency; version 0 where there is none."""
        return PolicyOut.of(await consents.read(lambda c: c.safeguards.policy(who)))

    @api.put("/api/policy", act=Act.MANAGE_POLICY)
    async def load_policy(who: Who, body: PolicyIn) -> PolicyOut:
        """Put the next version into force. A pack only limits. Needs a fresh step-up."""
        policy = await consents.write(
            lambda c: c.safeguards.load_policy(who, body.name, body.version, body.to_body())
        )
        return PolicyOut.of(policy)


def _add_stops(api: Api, consents: Work[Consent]) -> None:
    @api.get("/api/stop", act=Act.READ_POLICY)
    async def read_stop(who: Who) -> StopOut:
        """Whether all viewing of your agency is stopped, by whom and why."""
        return StopOut.of(await consents.read(lambda c: c.safeguards.standing(who)))

    @api.post("/api/stop", act=Act.STOP_ALL)
    async def stop_all(who: Who, body: StopIn) -> StopOut:
        """Stop all viewing of your agency at once."""
        return StopOut.of(await consents.write(lambda c: c.safeguards.stop_all(who, body.reason)))

    @api.post("/api/stop/end", act=Act.STOP_ALL)
    async def resume_all(who: Who, body: StopIn) -> StopOut:
        """Lift the stop: by another supervisor than the one who set it."""
        return StopOut.of(await consents.write(lambda c: c.safeguards.resume_all(who, body.reason)))


def _basis_key(basis: LawfulBasis) -> str:
    return f"{basis.camera_id} {basis.purpose.value}"


def _pair(key: str | None) -> tuple[str, str] | None:
    if key is None:
        return None
    camera_id, space, purpose = key.partition(" ")
    if not space:
        raise InvalidError.of("cursor", "is not a cursor of this list")
    return camera_id, purpose
