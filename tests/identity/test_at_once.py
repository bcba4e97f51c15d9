"""What must hold when many come at the same moment, on both databases."""

import base64
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from consentry.identity.model import Caller, NewSession, Refused, Tries
from consentry.identity.people import NewPerson
from consentry.identity.set_up import Founded
from consentry.identity.sign_in import Begun, Wish
from consentry.identity.store import sql_stores
from consentry.infra.db import Database, Transaction
from consentry.kernel.access import Role
from consentry.kernel.errors import ConflictError, ConsentryError, ExhaustedError
from tests.identity.kit import HASH, Hub, KeyHolder, a_hub, totp_code
from tests.kit import NOON
from tests.kit.chance import VirtualClock

AT_ONCE = 12
CALLER = Caller(address="192.0.2.10/32", network="192.0.2.0/24", browser="b")
OWNER_AUTH = b"consentry/owner-auth/v1\n"


@pytest.fixture
def hub(database: Database, clock: VirtualClock) -> Hub:
    return a_hub(database, clock, second_factor=True)


def at_once(do: Callable[[], object]) -> list[object]:
    """What each of many got; errors of ours count as answers."""

    def one(_: int) -> object:
        try:
            return do()
        except ConsentryError as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def kinds(answers: list[object], kind: type) -> int:
    return sum(isinstance(answer, kind) for answer in answers)


def test_no_more_guesses_pass_than_are_free(hub: Hub) -> None:
    hub.person(hub.party(), "ada", Role.OPERATOR)
    answers = at_once(lambda: hub.work.write_now(lambda s: s.sign_in.begin("ada", CALLER)))
    assert kinds(answers, Begun) == 3
    assert kinds(answers, ExhaustedError) == AT_ONCE - 3


def test_one_time_codes_of_an_app_count_once(hub: Hub) -> None:
    hub.person(hub.party(), "ada", Role.OPERATOR)
    begun = hub.work.write_now(lambda s: s.sign_in.begin("ada", CALLER))
    enrolment = hub.work.write_now(lambda s: s.sign_in.enrol(begun, CALLER, matches=True))
    assert not isinstance(enrolment, Refused)
    wish = Wish(caller=CALLER, totp=totp_code(enrolment.secret, hub.clock))
    answers = at_once(
        lambda: hub.work.write_now(lambda s: s.sign_in.finish(begun, wish, matches=True))
    )
    assert kinds(answers, NewSession) == 1


def test_a_challenge_signs_in_once(hub: Hub) -> None:
    party = hub.party()
    hub.person(party, "root", Role.AGENCY_ADMIN)
    key = KeyHolder()
    hub.keys.known[key.public] = party.id
    made = hub.work.read_now(lambda s: s.sign_in.challenge(key.public))
    said = {"challenge_id": made.id, "nonce": made.nonce, "origin": hub.means.site.origin}
    signature = base64.b64decode(key.sign(OWNER_AUTH, said))
    wish = Wish(caller=CALLER)
    answers = at_once(
        lambda: hub.work.write_now(lambda s: s.sign_in.by_key(made.id, signature, wish))
    )
    assert kinds(answers, NewSession) == 1


def test_a_set_up_code_founds_one_hub(hub: Hub) -> None:
    typed = hub.work.write_now(lambda s: s.set_up.new_code())
    code = hub.work.write_now(lambda s: s.set_up.check(typed or "", "192.0.2.10/32"))
    assert not isinstance(code, Refused)
    first = NewPerson(login="root", name="Root", password_hash=HASH)
    answers = at_once(
        lambda: hub.work.write_now(lambda s: s.set_up.found(code, "City Police", first))
    )
    assert kinds(answers, Founded) == 1
    assert kinds(answers, ConflictError) == AT_ONCE - 1
    assert len(hub.work.read_now(lambda s: s.people.parties("", 9))) == 1


def test_the_very_first_guess_under_a_key_is_waited_for(database: Database) -> None:
    """Even where there is no row yet that could be locked."""
    seen: list[Tries | None] = []
    second_read = threading.Event()

    def second(tx: Transaction) -> None:
        seen.append(sql_stores(tx).guesses.get("key"))
        second_read.set()

    def first(tx: Transaction) -> threading.Thread:
        guesses = sql_stores(tx).guesses
        assert guesses.get("key") is None
        thread = threading.Thread(target=lambda: database.write_now(second))
        thread.start()
        second_read.wait(0.3)  # time enough to read too early, if nothing holds it back
        guesses.set(Tries(key="key", failures=1, last_at=NOON))
        return thread

    database.write_now(first).join()
    assert [tries.failures for tries in seen if tries is not None] == [1]
