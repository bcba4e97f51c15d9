"""Parties, people and API tokens."""

from fastapi import APIRouter, Response

from consentry.infra.db import Work
from consentry.infra.web import Api, Page, Who, page_of
from consentry.infra.web.paging import Cursor, Limit, from_cursor
from consentry.kernel.access import Act
from consentry.kernel.ids import PartyId, PersonId

from .door import Account, Door
from .model import TokenId
from .people import MemberChange
from .routes_access import keep_nowhere
from .schemas import (
    ChangePersonBody,
    Id,
    NewPartyBody,
    NewPartyOut,
    NewPersonBody,
    NewTokenBody,
    PartyOut,
    PersonOut,
    RenameBody,
    ResetBody,
    TokenOut,
)
from .service import Identity


def people_routes(identity: Work[Identity], door: Door) -> APIRouter:
    api = Api("identity")
    _parties(api, identity, door)
    _people(api, identity, door)
    _person(api, identity, door)
    _tokens(api, identity)
    return api.router


def _parties(api: Api, identity: Work[Identity], door: Door) -> None:
    @api.get("/api/parties", act=Act.MANAGE_AGENCIES)
    async def parties(limit: Limit = 50, cursor: Cursor = None) -> Page[PartyOut]:
        """Every agency, household and business of this hub."""
        after = from_cursor(cursor) or ""
        found = await identity.read(lambda s: s.people.parties(after, limit + 1))
        return page_of(found, limit, key=lambda p: p.id, show=PartyOut.of)

    @api.post("/api/parties", act=Act.MANAGE_AGENCIES, status_code=201)
    async def found_party(body: NewPartyBody, who: Who) -> NewPartyOut:
        """A new agency, household or business with its first person. Needs a fresh proof."""
        first = await door.hashed(Account(**body.first_person.model_dump()))
        party, member = await identity.write(
            lambda s: s.people.found_party(who, body.kind, body.name, first)
        )
        return NewPartyOut(party=PartyOut.of(party), first_person=PersonOut.of(member))

    @api.get("/api/parties/{party_id}", act=Act.MANAGE_AGENCIES)
    async def party(party_id: Id) -> PartyOut:
        """One agency, household or business."""
        return PartyOut.of(await identity.read(lambda s: s.people.party(PartyId(party_id))))

    @api.patch("/api/parties/{party_id}", act=Act.MANAGE_AGENCIES)
    async def rename_party(party_id: Id, body: RenameBody, who: Who) -> PartyOut:
        """Give it another name. Its entries in the log keep the old one."""
        return PartyOut.of(
            await identity.write(lambda s: s.people.rename_party(who, PartyId(party_id), body.name))
        )


def _people(api: Api, identity: Work[Identity], door: Door) -> None:
    @api.get("/api/people", act=Act.MANAGE_PEOPLE)
    async def people(who: Who, limit: Limit = 50, cursor: Cursor = None) -> Page[PersonOut]:
        """The people of your agency and what they are to it."""
        after = from_cursor(cursor) or ""
        found = await identity.read(lambda s: s.people.page(who, after, limit + 1))
        return page_of(found, limit, key=lambda m: m.person.id, show=PersonOut.of)

    @api.post("/api/people", act=Act.MANAGE_PEOPLE, status_code=201)
    async def add_person(body: NewPersonBody, who: Who) -> PersonOut:
        """A new account in one's own agency. Needs a fresh proof."""
        account = Account(login=body.login, name=body.name, password=body.password)
        new = await door.hashed(account)
        roles = frozenset(body.roles)
        return PersonOut.of(
            await identity.write(lambda s: s.people.add(who, new, roles, body.expires_at))
        )


def _person(api: Api, identity: Work[Identity], door: Door) -> None:
    @api.get("/api/people/{person_id}", act=Act.MANAGE_PEOPLE)
    async def person(person_id: Id, who: Who) -> PersonOut:
        """One person of your agency."""
        return PersonOut.of(
            await identity.read(lambda s: s.people.member(who, PersonId(person_id)))
        )

    @api.patch("/api/people/{person_id}", act=Act.MANAGE_PEOPLE)
    async def change_person(person_id: Id, body: ChangePersonBody, who: Who) -> PersonOut:
        """Roles, end and suspension count from the next request on. Needs a fresh proof."""
        ended = "expires_at" in body.model_fields_set
        change = MemberChange(
            name=body.name,
            roles=None if body.roles is None else frozenset(body.roles),
            expires_at=body.expires_at,
            open_ended=ended and body.expires_at is None,
            suspended=body.suspended,
        )
        return PersonOut.of(
            await identity.write(lambda s: s.people.change(who, PersonId(person_id), change))
        )

    @api.post("/api/people/{person_id}/password", act=Act.MANAGE_PEOPLE, status_code=204)
    async def reset_password(person_id: Id, body: ResetBody, who: Who) -> None:
        """For who has lost it. Their sessions end. Needs a fresh proof."""
        held = await identity.read(lambda s: s.people.member(who, PersonId(person_id)))
        login, name = held.person.login, held.person.name
        new = await door.hashed(Account(login=login, name=name, password=body.password))
        await identity.write(
            lambda s: s.people.reset_password(
                who,
                PersonId(person_id),
                new.password_hash or "",
                forget_totp=body.forget_second_factor,
            )
        )


def _tokens(api: Api, identity: Work[Identity]) -> None:
    @api.get("/api/tokens", act=Act.MANAGE_TOKENS)
    async def tokens(who: Who, limit: Limit = 50, cursor: Cursor = None) -> Page[TokenOut]:
        """Your agency's API tokens. The secrets were shown once and are not kept."""
        after = from_cursor(cursor) or ""
        found = await identity.read(lambda s: s.tokens.page(who, after, limit + 1))
        return page_of(found, limit, key=lambda t: t.id, show=TokenOut.of)

    @api.post("/api/tokens", act=Act.MANAGE_TOKENS, status_code=201)
    async def make_token(body: NewTokenBody, response: Response, who: Who) -> TokenOut:
        """A key for a program. Its text is told this once. Needs a fresh proof."""
        keep_nowhere(response)
        token, secret = await identity.write(
            lambda s: s.tokens.make(who, body.name, frozenset(body.scopes), body.expires_at)
        )
        return TokenOut.of(token, secret)

    @api.delete("/api/tokens/{token_id}", act=Act.MANAGE_TOKENS, status_code=204)
    async def revoke_token(token_id: Id, who: Who) -> None:
        """End a token at once and for good."""
        await identity.write(lambda s: s.tokens.revoke(who, TokenId(token_id)))
