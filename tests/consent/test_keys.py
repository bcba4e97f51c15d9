"""Six words, and recovery files."""

import json
from dataclasses import replace

import pytest

from consentry.consent.keyfile import open_keyfile, write_keyfile
from consentry.consent.words import Pinned, same_words, six_words, word
from consentry.kernel.errors import InvalidError

from .hubs import HUB_KEY, OWNER_KEY, public

PINNED = Pinned(
    origin="hub.example/log",
    owner_key="a" * 64,
    edge_key="b" * 64,
    log_key="c" * 64,
    ticket_key="d" * 64,
)
SALT, NONCE = b"s" * 16, b"n" * 12


def test_each_number_has_a_word_of_its_own() -> None:
    words = [word(number) for number in range(2_048)]
    assert len(set(words)) == 2_048
    assert (words[0], words[1], words[2], words[32], words[2_047]) == (
        "baba",
        "babu",
        "bada",
        "beba",
        "zozu",
    )


def test_the_words_are_the_same_everywhere_and_hang_on_every_key() -> None:
    words = six_words(PINNED)
    assert words == six_words(replace(PINNED))
    assert words == "tena nama bagu kefu zaka tisu"
    others = {
        six_words(replace(PINNED, **{name: "e" * 64}))
        for name in ("origin", "owner_key", "edge_key", "log_key", "ticket_key")
    }
    assert len(others | {words}) == 6


def test_words_are_compared_as_people_type_them() -> None:
    assert same_words("  BABA bada\tbeba ", "baba bada beba")
    assert not same_words("baba bada", "baba bada beba")


def test_a_recovery_file_opens_with_its_passphrase_alone() -> None:
    data = write_keyfile(OWNER_KEY, "correct horse", SALT, NONCE)
    assert json.loads(data)["rounds"] == 600_000
    assert public(open_keyfile(data, "correct horse")) == public(OWNER_KEY)
    with pytest.raises(InvalidError, match="passphrase"):
        open_keyfile(data, "wrong horse")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("form", "other"),
        ("kdf", "scrypt"),
        ("cipher", "none"),
        ("rounds", 599_999),
        ("rounds", 10_000_001),
        ("salt", "%"),
        ("salt", "AAAA"),
        ("nonce", "AAAA"),
        ("key", "x"),
        ("key", public(HUB_KEY)),
        ("more", 1),
        ("sealed", "AAAA"),
    ],
)
def test_a_spoilt_recovery_file_is_refused(name: str, value: object) -> None:
    parts = json.loads(write_keyfile(OWNER_KEY, "p", SALT, NONCE))
    with pytest.raises(InvalidError):
        open_keyfile(json.dumps({**parts, name: value}).encode(), "p")


def test_what_is_no_recovery_file_is_refused() -> None:
    for data in (b"", b"[]", b"{}", b"\xff", b" " * 4_097, b"[" * 4_000):
        with pytest.raises(InvalidError):
            open_keyfile(data, "p")


def test_salt_and_nonce_have_their_sizes() -> None:
    for salt, nonce in ((SALT[1:], NONCE), (SALT, NONCE[1:])):
        with pytest.raises(ValueError, match="16"):
            write_keyfile(OWNER_KEY, "p", salt, nonce)


def refusal(data: bytes) -> tuple[str, str]:
    """The field that is named, and what is said of it."""
    with pytest.raises(InvalidError) as caught:
        open_keyfile(data, "p")
    fault = caught.value.faults[0]
    return fault.field, fault.message


def test_what_is_wrong_with_a_recovery_file_is_told_by_its_field() -> None:
    parts = json.loads(write_keyfile(OWNER_KEY, "p", SALT, NONCE))
    salt = parts["salt"]
    for name, value, message in (
        ("rounds", 599_999, "must be a whole number"),
        ("rounds", 10_000_001, "must be a whole number"),
        ("salt", "AAAA", "or nonce is of another length"),
        ("salt", salt[:4] + "*" + salt[4:], "must be base64"),
        ("sealed", "A" * 1_025, "is too short or too long"),
        ("kdf", 5, "is of another kind"),
    ):
        assert refusal(json.dumps({**parts, name: value}).encode()) == (name, message)
    full = {**parts, "sealed": "A" * 1_024}
    assert refusal(json.dumps(full).encode())[0] == "passphrase"


def test_a_recovery_file_is_small_and_laid_out_for_people() -> None:
    assert refusal(b" " * 4_096) == ("file", "is not JSON")
    assert refusal(b" " * 4_097) == ("file", "is too large")
    lines = write_keyfile(OWNER_KEY, "p", SALT, NONCE).splitlines()
    assert lines[1] == b'  "form": "consentry/owner-key/v1",'
