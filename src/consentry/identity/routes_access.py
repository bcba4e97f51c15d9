"""Signing in and out, first run, and what people do with their own account."""

from fastapi import APIRouter, Request, Response

from consentry.infra.db import Work
from consentry.infra.web import Api, Page, Who, page_of
from consentry.infra.web.paging import Cursor, Limit, from_cursor
from consentry.kernel.access import Act
from consentry.kernel.ids import PartyId, SessionId

from . import proofs
from .authenticator import caller_of, from_page
from .door import Account, Door
from .model import NewSession
from .ports import Means
from .schemas import (
    ChallengeBody,
    ChallengeOut,
    EnrolmentOut,
    EnrolTotpBody,
    Id,
    KeySignInBody,
    OwnPartyOut,
    OwnSessionOut,
    PartyOut,
    PasswordBody,
    PersonOut,
    ProfileOut,
    RenameBody,
    SessionOut,
    SetUpBody,
    SetUpOut,
    SignInBody,
    StepUpBody,
)
from .service import Identity
from .sign_in import Wish
from .site import Site


def access_routes(identity: Work[Identity], door: Door, means: Means) -> APIRouter:
    api = Api("identity")
    _sign_in(api, identity, door, means)
    _set_up(api, door)
    _session(api, identity, door, means.site)
    _sessions(api, identity)
    _profile(api, identity, door)
    return api.router


def _sign_in(api: Api, identity: Work[Identity], door: Door, means: Means) -> None:
    @api.post("/api/sign-in", act=Act.SIGN_IN, status_code=201)
    async def sign_in(
        body: SignInBody, request: Request, response: Response, who: Who
    ) -> SessionOut:
        """Begin a session by password. A page gets a cookie, a program a bearer token."""
        wish = Wish(
            caller=caller_of(request),
            totp=body.totp,
            party_id=None if body.party_id is None else PartyId(body.party_id),
            surface=body.surface,
            replaces=who.session_id,
        )
        new = await door.sign_in(body.login, body.password, wish)
        return _opened(request, response, means.site, new)

    @api.post("/api/sign-in/totp", act=Act.SIGN_IN, status_code=201)
    async def enrol_totp(body: EnrolTotpBody, request: Request, response: Response) -> EnrolmentOut:
        """A second factor for an account without one. It counts from its first right code."""
        keep_nowhere(response)
        made = await door.enrol_totp(body.login, body.password, caller_of(request))
        return EnrolmentOut(secret=made.secret, uri=made.uri)

    @api.post("/api/sign-in/key/challenge", act=Act.SIGN_IN, status_code=201)
    async def challenge_key(body: ChallengeBody) -> ChallengeOut:
        """Something fresh for an owner's key to sign; the same for keys that nobody knows."""
        key = proofs.read_key(body.key)
        made = await identity.read(lambda s: s.sign_in.challenge(key))
        return challenge_out(made, means.site)

    @api.post("/api/sign-in/key", act=Act.SIGN_IN, status_code=201)
    async def sign_in_by_key(
        body: KeySignInBody, request: Request, response: Response, who: Who
    ) -> SessionOut:
        """Begin an owner's session by the answer to a challenge."""
        signature = proofs.from_base64(body.signature, proofs.SIGNATURE_BYTES) or b""
        wish = Wish(caller=caller_of(request), replaces=who.session_id)
        new = await door.sign_in_by_key(body.challenge_id, signature, wish)
        return _opened(request, response, means.site, new)


def _set_up(api: Api, door: Door) -> None:
    @api.post("/api/set-up", act=Act.SET_UP, status_code=201)
    async def set_up(body: SetUpBody, request: Request, response: Response) -> SetUpOut:
        """First run: the code that was printed at start makes the first agency and its admin."""
        keep_nowhere(response)
        first = Account(**body.first_person.model_dump())
        address = caller_of(request).address
        made = await door.set_up(body.code, body.agency, first, address)
        factor = made.enrolment
        return SetUpOut(
            party=PartyOut.of(made.party),
            first_person=PersonOut.of(made.member),
            second_factor=None
            if factor is None
            else EnrolmentOut(secret=factor.secret, uri=factor.uri),
        )


def _session(api: Api, identity: Work[Identity], door: Door, site: Site) -> None:
    @api.get("/api/session", act=Act.READ_SELF)
    async def session(who: Who) -> SessionOut:
        """Who is signed in here, for which party, in which roles."""
        return SessionOut.of(await identity.read(lambda s: s.account.current(who)))

    @api.delete("/api/session", act=Act.CHANGE_SELF, status_code=204)
    async def sign_out(who: Who, response: Response) -> None:
        """End this session."""
        if who.session_id is not None:
            own = who.session_id
            found = await identity.read(lambda s: s.account.current(who))
            await identity.write(lambda s: s.account.end(who, own))
            _set_cookie(response, site, found.session.surface.value, None)

    @api.post("/api/session/step-up", act=Act.CHANGE_SELF)
    async def step_up(body: StepUpBody, request: Request, who: Who) -> SessionOut:
        """Prove again that it is you: sensitive acts ask for a proof of the last five minutes."""
        if body.password is not None:
            await door.step_up_by_password(who, body.password, caller_of(request).address)
        elif body.totp is not None:
            await door.step_up_by_totp(who, body.totp)
        else:
            signature = proofs.from_base64(body.signature or "", proofs.SIGNATURE_BYTES) or b""
            await door.step_up_by_key(who, body.challenge_id or "", signature)
        return SessionOut.of(await identity.read(lambda s: s.account.current(who)))


def _sessions(api: Api, identity: Work[Identity]) -> None:
    @api.get("/api/sessions", act=Act.READ_SELF)
    async def own_sessions(
        who: Who, limit: Limit = 50, cursor: Cursor = None
    ) -> Page[OwnSessionOut]:
        """Where you are signed in, oldest first."""
        after = from_cursor(cursor) or ""
        held = sorted(await identity.read(lambda s: s.account.sessions(who)), key=lambda s: s.id)
        found = [s for s in held if s.id > after][: limit + 1]
        return page_of(
            found,
            limit,
            key=lambda s: s.id,
            show=lambda s: OwnSessionOut.of(s, who.session_id),
        )

    @api.delete("/api/sessions/{session_id}", act=Act.CHANGE_SELF, status_code=204)
    async def end_session(session_id: Id, who: Who) -> None:
        """End one of your own sessions, here or elsewhere."""
        await identity.write(lambda s: s.account.end(who, SessionId(session_id)))


def _profile(api: Api, identity: Work[Identity], door: Door) -> None:
    @api.get("/api/profile", act=Act.READ_SELF)
    async def profile(who: Who) -> ProfileOut:
        """Your own account."""
        return await identity.read(lambda s: _profile_of(s, who))

    @api.patch("/api/profile", act=Act.CHANGE_SELF)
    async def change_profile(body: RenameBody, who: Who) -> ProfileOut:
        """Change your own name."""
        await identity.write(lambda s: s.account.rename(who, body.name))
        return await identity.read(lambda s: _profile_of(s, who))

    @api.post("/api/profile/password", act=Act.CHANGE_SELF, status_code=204)
    async def change_password(body: PasswordBody, request: Request, who: Who) -> None:
        """All other sessions of yours end."""
        await door.change_password(who, body.old, body.new, caller_of(request).address)


def _profile_of(services: Identity, who: Who) -> ProfileOut:
    person = services.account.person(who)
    return ProfileOut(
        id=person.id,
        login=person.login,
        name=person.name,
        second_factor=person.totp_confirmed,
        parties=[
            OwnPartyOut(
                party=PartyOut.of(party),
                roles=sorted(member.membership.roles),
                expires_at=member.membership.expires_at,
                suspended=member.membership.suspended_at is not None,
            )
            for party, member in services.account.memberships(who)
        ],
    )


def keep_nowhere(response: Response) -> None:
    """For answers that hold a secret: it is told once and stored by nobody on the way."""
    response.headers["cache-control"] = "no-store"


def challenge_out(made: proofs.Challenge, site: Site) -> ChallengeOut:
    return ChallengeOut(
        challenge_id=made.id, nonce=made.nonce, origin=site.origin, expires_at=made.expires_at
    )


def _opened(request: Request, response: Response, site: Site, new: NewSession) -> SessionOut:
    """To a page the token goes as a cookie that no script can read, and only so."""
    page = from_page(request)
    if page:
        _set_cookie(response, site, new.session.surface.value, new.token)
    keep_nowhere(response)
    return SessionOut.of_new(new, show_token=not page)


def _set_cookie(response: Response, site: Site, surface: str, token: str | None) -> None:
    """No Max-Age: the browser forgets it when it closes, and the session has its own end."""
    response.set_cookie(
        f"{'__Host-' if site.secure else ''}consentry-{surface}",
        token or "",
        max_age=None if token else 0,
        path="/",
        secure=site.secure,
        httponly=True,
        samesite="lax",
    )
