"""The largest and the smallest that statements and tickets may hold, each to the last one."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from consentry.consent.bodies import PauseNow, Sharing
from consentry.consent.model import Approval, ApprovalKind, Permit
from consentry.consent.reading import Fields
from consentry.consent.rules import decide
from consentry.consent.statements import parse_statement, read_envelope, write_envelope
from consentry.consent.tickets import (
    Access,
    Route,
    access_of,
    encode_ticket,
    parse_ticket,
    read_access,
    sign_ticket,
    write_access,
)
from consentry.kernel.canonical import encode
from consentry.kernel.errors import InvalidError
from consentry.kernel.ids import TicketId

from .hubs import (
    ACTOR,
    EDGE,
    HOUR,
    MINUTE,
    NOON,
    SUPERVISOR,
    TICKET_KEY,
    Hub,
    a_fresh_camera,
    an_ask,
    an_id,
    an_incident,
    granted,
    sealed,
)
from .test_core_rules import a_context, a_grant
from .test_statements import changed


def refusal(call: Any, *args: Any) -> str:
    with pytest.raises(InvalidError) as caught:
        call(*args)
    return str(caught.value)


def test_a_statement_has_at_most_64_kibibytes() -> None:
    assert "too many" not in refusal(parse_statement, b" " * 65_536)
    assert "too many" in refusal(parse_statement, b" " * 65_537)


def test_an_envelope_holds_a_statement_of_full_size_and_no_more() -> None:
    good = write_envelope(sealed(a_fresh_camera(), PauseNow()))

    def holding(count: int) -> Fields:
        return Fields({**good, "bytes": base64.b64encode(b"x" * count).decode()})

    assert len(read_envelope(holding(65_536)).bytes) == 65_536
    assert "too long" in refusal(read_envelope, holding(65_539))


def test_what_is_wrong_with_base64_is_told_apart() -> None:
    good = write_envelope(sealed(a_fresh_camera(), PauseNow()))
    strange = refusal(read_envelope, Fields({**good, "bytes": "AA*AA"}))
    assert strange.endswith("must be base64")
    loose = refusal(read_envelope, Fields({**good, "bytes": "AB=="}))
    assert loose.endswith("must be base64 in its one form")


def test_the_longest_share_is_told_in_hours() -> None:
    late = changed("body.until", "2026-11-21T12:00:01Z", Sharing(until=NOON + HOUR))
    with pytest.raises(InvalidError) as caught:
        parse_statement(late)
    assert caught.value.faults[0].limit == "at most 24 hours"


# Tickets.


def a_ticket() -> dict[str, Any]:
    state, hub = granted(), Hub()
    parts: dict[str, Any] = json.loads(encode_ticket(hub.ticket(state, hub.access(state, NOON))))
    return parts


ENVELOPE = write_envelope(sealed(a_fresh_camera(), PauseNow()))


@pytest.mark.parametrize(
    ("name", "within", "beyond"),
    [
        ("v", [1], [0, 2]),
        ("lease_s", [1, 10], [0, 11]),
        ("position", [0, 2**53 - 1], [-1]),
        ("size", [1, 2**53 - 1], [0]),
        ("inclusion", [[], ["a" * 64] * 64], [["a" * 64] * 65]),
        ("consistency", [[], ["a" * 64] * 64], [["a" * 64] * 65]),
        ("checkpoint", ["x", "x" * 16_384], ["", "x" * 16_385]),
        ("statements", [[], [ENVELOPE] * 256], [[ENVELOPE] * 257]),
        ("entry", [{}], [[], "x"]),
        ("agency_sig", ["a" * 128], ["a" * 127, ""]),
        ("sig", ["a" * 128], ["a" * 129, ""]),
        ("salt", ["a" * 64], ["a" * 62]),
    ],
)
def test_the_bounds_of_a_ticket(name: str, within: list[Any], beyond: list[Any]) -> None:
    parts = a_ticket()
    for value in within:
        ticket = parse_ticket(encode({**parts, name: value}))
        assert json.loads(encode_ticket(ticket))[name] == value
    for value in beyond:
        assert name in refusal(parse_ticket, encode({**parts, name: value}))


def test_a_ticket_has_at_most_512_kibibytes() -> None:
    assert "too large" not in refusal(parse_ticket, b" " * 524_288)
    assert "too large" in refusal(parse_ticket, b" " * 524_289)


def an_access() -> dict[str, Any]:
    state, hub = granted(), Hub()
    approval = Approval(
        kind=ApprovalKind.SECOND_PERSON,
        person_id=SUPERVISOR,
        ask_hash=an_ask().hash,
        at=NOON,
        ends_at=NOON + HOUR,
        stepped_up=True,
        reason="seen",
    )
    ask = an_ask(case_reference="2026-1")
    access = replace(hub.access(state, NOON), ask=ask, approvals=(approval,))
    parts: dict[str, Any] = json.loads(encode(write_access(access)))
    return parts


def at(parts: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    *parents, last = path.split(".")
    holder: Any = parts
    for each in parents:
        holder = holder[int(each)] if isinstance(holder, list) else holder[each]
    holder[last] = value
    return parts


@pytest.mark.parametrize(
    ("path", "within", "beyond"),
    [
        ("stream", ["s", "s" * 40], ["", "s" * 41]),
        ("seq", [0, 1_000_000], [-1, 1_000_001]),
        ("tzdata", ["t", "t" * 20], ["", "t" * 21]),
        ("reference.case", ["c" * 500], ["", "c" * 501]),
        ("reference.reason", ["r" * 500], ["", "r" * 501]),
        ("approvals.0.reason", ["r" * 500], ["", "r" * 501]),
        ("approvals.0.stepped_up", [False], [0]),
        ("incident.lat", [-900_000_000, 900_000_000], [-900_000_001, 900_000_001]),
        ("incident.lon", [-1_800_000_000, 1_799_999_999], [-1_800_000_001, 1_800_000_001]),
        ("incident.by_actor", [True], [1]),
        ("grant.version", [1, 1_000_000], [0, 1_000_001]),
    ],
)
def test_the_bounds_of_an_access(path: str, within: list[Any], beyond: list[Any]) -> None:
    for value in within:
        parts = at(an_access(), path, value)
        assert write_access(read_access(Fields(parts))) == parts
    for value in beyond:
        last = path.split(".")[-1]
        assert last in refusal(read_access, Fields(at(an_access(), path, value)))


def test_an_access_names_at_most_eight_approvals() -> None:
    parts = an_access()
    (approval,) = parts["approvals"]
    assert len(read_access(Fields({**parts, "approvals": [approval] * 8})).approvals) == 8
    assert "approvals" in refusal(read_access, Fields({**parts, "approvals": [approval] * 9}))


def test_a_ticket_signed_again_reads_the_same() -> None:
    state, hub = granted(), Hub()
    ticket = hub.ticket(state, hub.access(state, NOON))
    assert parse_ticket(encode_ticket(sign_ticket(ticket, TICKET_KEY))) == ticket


# What an entry says of a permit.

ROUTE = Route(ticket_id=TicketId(an_id(90)), edge_id=EDGE, stream="main", seq=1, tzdata="2026b")


def the_access(**changes: Any) -> Access:
    context = a_context(**changes)
    permit = decide(an_ask(), [a_grant()], context)
    assert isinstance(permit, Permit)
    return access_of(permit, context, ROUTE)


def test_an_entry_names_the_actor_and_nobody_else_of_an_incident() -> None:
    people = frozenset({ACTOR, SUPERVISOR})
    yes = Approval(
        kind=ApprovalKind.SECOND_PERSON,
        person_id=SUPERVISOR,
        ask_hash=an_ask().hash,
        at=NOON,
        ends_at=NOON + HOUR,
        stepped_up=True,
    )
    incident = an_incident(shaped_by=people, assigned=people)
    approvals = (yes, replace(yes, ask_hash="b" * 64))
    access = the_access(incident=incident, approvals=approvals)
    assert access.incident == replace(
        incident, shaped_by=frozenset({ACTOR}), assigned=frozenset({ACTOR})
    )
    assert access.approvals == (yes,)
    others = the_access(incident=an_incident(shaped_by=frozenset({SUPERVISOR})))
    assert others.incident is not None
    assert others.incident.shaped_by == frozenset()


def test_an_entry_counts_from_when_the_session_opened_in_whole_seconds() -> None:
    part = timedelta(milliseconds=900)
    access = the_access(now=NOON + part, stepped_up_at=NOON)
    assert (access.issued_at, access.opened_at) == (NOON, NOON)
    assert access.until == NOON + 30 * MINUTE
    assert the_access(opened_at=NOON - MINUTE).opened_at == NOON - MINUTE


def test_a_case_without_an_incident_has_an_entry_too() -> None:
    context = a_context(incident=None)
    grant = replace(a_grant(), hash="b" * 64)
    permit = decide(an_ask(incident_id=None, case_reference="2026-1"), [grant], context)
    assert isinstance(permit, Permit)
    access = access_of(permit, context, ROUTE)
    assert access.incident is None
    assert read_access(Fields(write_access(access))) == access
