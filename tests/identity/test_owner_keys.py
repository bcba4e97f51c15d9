"""Signing in by an owner's key, and every way in which that must fail."""

import httpx
import pytest

from consentry.identity import PartyKind
from consentry.infra.db import Database
from consentry.kernel.access import Role
from tests.identity.kit import Hub, KeyHolder, a_hub, problem_of, sign_in
from tests.kit import MINUTE
from tests.kit.chance import VirtualClock

pytestmark = pytest.mark.anyio

OWNER_AUTH = b"consentry/owner-auth/v1\n"


@pytest.fixture
def hub(sqlite: Database, clock: VirtualClock) -> Hub:
    hub = a_hub(sqlite, clock)
    hub.person(hub.party(), "ada", Role.OPERATOR, Role.AGENCY_ADMIN)
    hub.person(hub.party(PartyKind.HOUSEHOLD, "Lindqvist"), "owner", Role.OWNER)
    return hub


async def asked(client: httpx.AsyncClient, key: KeyHolder) -> dict[str, str]:
    answer = await client.post("/api/sign-in/key/challenge", json={"key": key.text})
    said: dict[str, str] = answer.json()
    return {name: said[name] for name in ("challenge_id", "nonce", "origin")}


@pytest.fixture
def key(hub: Hub) -> KeyHolder:
    key = KeyHolder()
    parties = hub.work.read_now(lambda s: s.people.parties("", 10))
    hub.keys.known[key.public] = next(p.id for p in parties if p.kind is PartyKind.HOUSEHOLD)
    return key


async def test_unknown_keys_are_challenged_like_known_ones(hub: Hub, key: KeyHolder) -> None:
    async with hub.client() as client:
        known, unknown = await asked(client, key), await asked(client, KeyHolder())
    assert {k: len(v) for k, v in known.items()} == {k: len(v) for k, v in unknown.items()}
    assert known["nonce"] != unknown["nonce"]


async def test_a_strangers_key_signs_nobody_in(hub: Hub) -> None:
    stranger = KeyHolder()
    async with hub.client() as client:
        said = await asked(client, stranger)
        body = {
            "challenge_id": said["challenge_id"],
            "signature": stranger.sign(OWNER_AUTH, said),
        }
        answer = await client.post("/api/sign-in/key", json=body)
    assert problem_of(answer) == (401, "wrong_key")
    assert hub.newest.act == "login_failed"


@pytest.mark.parametrize("spoiled", ["nonce", "origin", "domain", "signer", "late", "id"])
async def test_a_wrong_answer_signs_nobody_in(hub: Hub, key: KeyHolder, spoiled: str) -> None:
    async with hub.client() as client:
        said = await asked(client, key)
        wrong = said | {spoiled: "https://evil.test"} if spoiled in said else said
        domain = b"consentry/statement/v1\n" if spoiled == "domain" else OWNER_AUTH
        signer = KeyHolder() if spoiled == "signer" else key
        id_ = said["challenge_id"]
        if spoiled == "id":
            id_ = ("A" if id_[0] != "A" else "B") + id_[1:]
            wrong = said | {"challenge_id": id_}
        if spoiled == "late":
            hub.clock.advance(2 * MINUTE)
        body = {"challenge_id": id_, "signature": signer.sign(domain, wrong)}
        answer = await client.post("/api/sign-in/key", json=body)
    assert problem_of(answer) == (401, "wrong_key")


async def test_a_key_steps_up_its_own_partys_session_only(hub: Hub, key: KeyHolder) -> None:
    async with hub.client() as client, hub.client() as ada:
        await sign_in(client, "owner")
        await sign_in(ada, "ada")
        for session, status in ((client, 200), (ada, 401)):
            said = await asked(client, key)
            body = {
                "challenge_id": said["challenge_id"],
                "signature": key.sign(OWNER_AUTH, said),
            }
            answer = await session.post("/api/session/step-up", json=body)
            assert answer.status_code == status


async def test_an_agencys_key_never_signs_in_as_somebody_who_asks(hub: Hub) -> None:
    parties = hub.work.read_now(lambda s: s.people.parties("", 10))
    agency_key = KeyHolder()
    hub.keys.known[agency_key.public] = parties[0].id
    async with hub.client() as client:
        said = await asked(client, agency_key)
        signature = agency_key.sign(OWNER_AUTH, said)
        body = {"challenge_id": said["challenge_id"], "signature": signature}
        answer = await client.post("/api/sign-in/key", json=body)
    assert answer.json()["roles"] == ["agency_admin"]  # Ada is an operator too
