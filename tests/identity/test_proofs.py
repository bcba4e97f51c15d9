"""Tokens, codes, challenges, one-time passwords and hashes, each against its misuse."""

import asyncio
import base64
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from hypothesis import given, strategies as st
from pyotp.totp import TOTP

from consentry.identity import proofs
from consentry.identity.hasher import AT_ONCE_MAX, MEMORY_KIB, PASSES, WAITING_MAX, Hasher
from consentry.identity.totp import Box, enrolment_uri, matching_step, secret_text
from consentry.kernel.errors import ExhaustedError, InvalidError
from tests.identity.kit import CHEAP, HASH, PASSWORD, SECRET, KeyHolder
from tests.kit import NOON

NOISE = bytes(range(100, 132))
STEP = timedelta(seconds=30)
LATER = NOON + timedelta(minutes=2)


def test_a_token_carries_256_bits_behind_its_prefix() -> None:
    token = proofs.new_token("css_", NOISE)
    assert token.startswith("css_")
    assert base64.urlsafe_b64decode(token[4:] + "=") == NOISE
    assert len(token) <= proofs.TOKEN_LENGTH_MAX


@given(st.binary(min_size=20, max_size=20))
def test_a_code_reads_back_however_it_is_typed(noise: bytes) -> None:
    code = proofs.new_code(noise)
    assert len(code) == 24
    typed = code.lower().replace("-", " ").replace("1", "l").replace("0", "o")
    assert proofs.split_code(typed) == proofs.split_code(code)
    handle, secret_hash = proofs.split_code(code)
    assert handle == code[:4]
    assert secret_hash == proofs.token_hash(code[5:].replace("-", ""))


def a_challenge(kind: str = "owner") -> proofs.Challenge:
    return proofs.make_challenge(SECRET, kind, b"subject", noise=NOISE, expires_at=LATER)


def test_a_challenge_opens_to_what_it_was_made_of() -> None:
    made = a_challenge()
    opened = proofs.open_challenge(SECRET, "owner", made.id, NOON)
    assert opened == made
    assert opened.subject == b"subject"
    assert len(made.id) <= proofs.CHALLENGE_LENGTH_MAX


def test_a_challenge_opens_neither_late_nor_elsewhere() -> None:
    made = a_challenge()
    assert proofs.open_challenge(SECRET, "owner", made.id, LATER - timedelta(microseconds=1))
    assert proofs.open_challenge(SECRET, "owner", made.id, LATER) is None
    assert proofs.open_challenge(SECRET, "edge", made.id, NOON) is None
    assert proofs.open_challenge(SECRET[::-1], "owner", made.id, NOON) is None


@given(st.data())
def test_no_changed_challenge_opens(data: st.DataObject) -> None:
    raw = bytearray(base64.urlsafe_b64decode(a_challenge().id + "=="))
    at = data.draw(st.integers(0, len(raw) - 1))
    raw[at] ^= data.draw(st.integers(1, 255))
    forged = base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    assert proofs.open_challenge(SECRET, "owner", forged, NOON) is None


@given(st.text(max_size=200))
def test_no_text_is_a_challenge_by_chance(text: str) -> None:
    assert proofs.open_challenge(SECRET, "owner", text, NOON) is None


def test_two_spellings_of_a_challenge_are_one() -> None:
    made = a_challenge()
    spellings = {made.id, made.id + "=" * (-len(made.id) % 4)}
    for spelling in spellings:
        opened = proofs.open_challenge(SECRET, "owner", spelling, NOON)
        assert opened is None or opened.id == made.id


def test_a_signature_holds_for_its_key_domain_and_words_alone() -> None:
    key, said = KeyHolder(), {"nonce": "n", "origin": "o"}
    signature = base64.b64decode(key.sign(proofs.OWNER_AUTH, said))
    assert proofs.verifies(key.public, signature, proofs.OWNER_AUTH, said)
    assert not proofs.verifies(KeyHolder().public, signature, proofs.OWNER_AUTH, said)
    assert not proofs.verifies(key.public, signature, proofs.EDGE_AUTH, said)
    assert not proofs.verifies(key.public, signature, proofs.OWNER_AUTH, said | {"nonce": "m"})
    assert not proofs.verifies(key.public, signature[:-1], proofs.OWNER_AUTH, said)
    assert not proofs.verifies(b"", signature, proofs.OWNER_AUTH, said)


@pytest.mark.parametrize("text", ["", "AA==", "A" * 44, "!" * 44, "A" * 42 + "B="])
def test_a_key_has_one_form(text: str) -> None:
    with pytest.raises(InvalidError):
        proofs.read_key(text)
    assert proofs.read_key("A" * 43 + "=") == bytes(32)


# One-time passwords


@pytest.mark.parametrize("off", [-1, 0, 1])
def test_a_code_counts_one_step_either_way_and_once(off: int) -> None:
    code = TOTP(secret_text(SECRET[:20])).at(NOON + off * STEP)
    step = matching_step(SECRET[:20], code, NOON, after=0)
    assert step == NOON.timestamp() // 30 + off
    assert matching_step(SECRET[:20], code, NOON, after=int(step) - 1) == step
    assert matching_step(SECRET[:20], code, NOON, after=int(step)) is None


@pytest.mark.parametrize("off", [-2, 2])
def test_a_code_two_steps_off_does_not_count(off: int) -> None:
    code = TOTP(secret_text(SECRET[:20])).at(NOON + off * STEP)
    assert matching_step(SECRET[:20], code, NOON, after=0) is None


def test_codes_are_those_of_rfc_6238() -> None:
    rfc = b"12345678901234567890"
    at = NOON.fromtimestamp(1111111109, NOON.tzinfo)
    assert matching_step(rfc, "081804", at, after=0) == 1111111109 // 30


def test_the_uri_is_what_authenticator_apps_read() -> None:
    uri = enrolment_uri(SECRET[:20], "ada@city")
    assert uri.startswith("otpauth://totp/Consentry:ada%40city?")
    assert f"secret={secret_text(SECRET[:20])}" in uri
    assert "issuer=Consentry" in uri


def test_the_box_opens_for_its_owner_and_key_alone() -> None:
    sealed = Box(SECRET).seal(b"totp secret", "ada", NOISE)
    assert Box(SECRET).open(sealed, "ada") == b"totp secret"
    assert b"totp secret" not in sealed
    for box, owner, held in (
        (Box(SECRET), "bea", sealed),
        (Box(SECRET[::-1]), "ada", sealed),
        (Box(SECRET), "ada", sealed[:-1] + bytes([sealed[-1] ^ 1])),
    ):
        with pytest.raises(ValueError, match="does not open"):
            box.open(held, owner)


# Passwords


def test_the_product_hashes_as_dearly_as_it_says() -> None:
    hashed = Hasher().hash_now(PASSWORD)
    assert hashed.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert (MEMORY_KIB, PASSES, AT_ONCE_MAX) == (65536, 3, 2)


@pytest.mark.anyio
async def test_only_the_right_password_matches_and_nobody_matches_none() -> None:
    assert await CHEAP.verify(HASH, PASSWORD)
    assert not await CHEAP.verify(HASH, PASSWORD + " ")
    assert not await CHEAP.verify(None, "a password that nobody has")
    assert not await CHEAP.verify("not a hash", PASSWORD)
    assert await CHEAP.verify(await CHEAP.hash("other"), "other")


@pytest.mark.anyio
async def test_nobody_costs_as_much_as_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = Hasher(memory_kib=8, passes=1)
    checked: list[list[str]] = []
    plain = PasswordHasher.verify

    def noted(self: PasswordHasher, stored: str, password: str) -> bool:
        checked.append(stored.split("$")[1:4])
        return plain(self, stored, password)

    monkeypatch.setattr(PasswordHasher, "verify", noted)
    await hasher.verify(None, "x")
    await hasher.verify(hasher.hash_now(PASSWORD), "x")
    hasher.close()
    assert checked == [["argon2id", "v=19", "m=8,t=1,p=1"]] * 2


@pytest.mark.anyio
async def test_two_hash_at_once_and_the_waiting_room_has_an_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hasher = Hasher(memory_kib=8, passes=1)
    running, most = 0, 0
    plain = PasswordHasher.hash
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    def slow(self: PasswordHasher, password: str) -> str:
        nonlocal running, most
        running += 1
        most = max(most, running)
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()
        running -= 1
        return plain(self, password)

    monkeypatch.setattr(PasswordHasher, "hash", slow)
    waiting = [asyncio.create_task(hasher.hash("x")) for _ in range(AT_ONCE_MAX + WAITING_MAX)]
    await asyncio.sleep(0)
    with pytest.raises(ExhaustedError) as caught:
        await hasher.hash("one too many")
    assert caught.value.retry_after_s == 2
    gate.set()
    assert len(await asyncio.gather(*waiting)) == AT_ONCE_MAX + WAITING_MAX
    assert most == AT_ONCE_MAX
    assert await hasher.hash("room again")
    hasher.close()
