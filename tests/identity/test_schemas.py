"""No printed form of anything that holds a secret shows it."""

from datetime import timedelta

import pytest

from consentry.identity import Means, NewPerson, Site
from consentry.identity.door import Account
from consentry.identity.people import digest
from consentry.identity.schemas import (
    AccountBody,
    EnrolTotpBody,
    PasswordBody,
    ResetBody,
    SetUpBody,
    SignInBody,
    StepUpBody,
)
from consentry.identity.schemas_edges import EnrolEdgeBody
from consentry.identity.sign_in import Enrolment, Wish
from consentry.kernel.ids import new_id
from tests.identity.test_service import CALLER
from tests.kit import NOON
from tests.kit.chance import VirtualClock

HIDDEN = "a long enough secret"
TOTP = "123456"
PERSON = {"login": "ada", "name": "Ada", "password": HIDDEN}


@pytest.mark.parametrize(
    "holder",
    [
        SignInBody(login="ada", password=HIDDEN, totp=TOTP),
        EnrolTotpBody(login="ada", password=HIDDEN),
        StepUpBody(password=HIDDEN),
        StepUpBody(totp=TOTP),
        PasswordBody(old=HIDDEN, new=HIDDEN),
        AccountBody.model_validate(PERSON),
        ResetBody(password=HIDDEN),
        SetUpBody.model_validate({"code": HIDDEN, "agency": "City", "first_person": PERSON}),
        EnrolEdgeBody(code=HIDDEN, key="A" * 43 + "="),
        Account(login="ada", name="Ada", password=HIDDEN),
        NewPerson(login="ada", name="Ada", password_hash=HIDDEN),
        Wish(caller=CALLER, totp=TOTP),
        Enrolment(secret=HIDDEN, uri=HIDDEN),
        Means(
            clock=VirtualClock(),
            ids=lambda: new_id(NOON, bytes(10)),
            randomness=bytes,
            site=Site("https://hub.test"),
            secret=HIDDEN.encode().ljust(32),
            ticket_key=b"",
        ),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_a_secret_is_not_printed(holder: object) -> None:
    assert HIDDEN not in repr(holder)
    assert TOTP not in repr(holder)
    assert HIDDEN not in str(holder)


@pytest.mark.parametrize(
    "proofs",
    [
        {},
        {"password": "x", "totp": TOTP},
        {"challenge_id": "x"},
        {"signature": "A" * 86 + "=="},
        {"password": "x", "challenge_id": "x", "signature": "A" * 86 + "=="},
    ],
)
def test_a_step_up_takes_exactly_one_proof(proofs: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"exactly one|come together"):
        StepUpBody.model_validate(proofs)


def test_the_identity_secret_has_its_length() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Means(
            clock=VirtualClock(),
            ids=lambda: new_id(NOON + timedelta(1), bytes(10)),
            randomness=bytes,
            site=Site("https://hub.test"),
            secret=b"short",
            ticket_key=b"",
        )


def test_digests_are_of_the_canonical_form() -> None:
    assert digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    assert digest({"a": 1}) != digest({"a": 2})
