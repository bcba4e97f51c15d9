"""What the stores of consent promise, on SQLite and on PostgreSQL."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from consentry.consent.model import (
    Approval,
    ApprovalKind,
    Kind,
    Opening,
    ProtectedKind,
    Purpose,
    Span,
    Use,
)
from consentry.consent.ports import Stores
from consentry.consent.records import (
    Access,
    AgencyStop,
    AnswerWord,
    AskLine,
    AskRecord,
    AskState,
    Chain,
    Held,
    LawfulBasis,
    LoadedPolicy,
    Lock,
    OwnerKey,
    ProtectedPlace,
    Shown,
    Stop,
)
from consentry.consent.store import sql_stores
from consentry.consent.tables import consent_audience
from consentry.infra.db import Database, Transaction, Work, epochs
from consentry.kernel.access import Role
from consentry.kernel.errors import ConflictError
from consentry.kernel.geo import Circle, Point, Polygon
from consentry.kernel.ids import AskId, EntryId, SessionId
from tests.consent.hub import (
    AGENCY,
    CAMERA,
    CAMERAS,
    HOUSE,
    INCIDENT,
    OPERATOR,
    PLACE,
    RIVAL,
    SUPERVISOR,
    grant_terms,
    sealed,
)
from tests.kit import DAY, HOUR, MINUTE, NOON
from tests.kit.chance import CountingIds

ids = CountingIds(90_000)
CHAIN = Chain(
    camera_id=CAMERA,
    party_id=HOUSE,
    first_key="11" * 32,
    owner_key="11" * 32,
    count=0,
    seq=0,
    head="0" * 64,
)


@pytest.fixture
def stores(database: Database) -> Work[Stores]:
    return Work(database, sql_stores)


def a_held(n: int = 1) -> Held:
    envelope = sealed(grant_terms(kind=Kind.ASK, max_session_s=n))
    return Held(
        camera_id=CAMERA,
        n=n,
        seq=n,
        hash=envelope.hash,
        type="grant",
        received_at=NOON + n * MINUTE,
        bytes=envelope.bytes,
        key=envelope.key,
        alg=envelope.alg,
        sig=envelope.sig,
        entry_id=EntryId(ids()),
    )


def an_ask(**changes: object) -> AskRecord:
    assert OPERATOR.person_id is not None
    ask = AskRecord(
        id=AskId(ids()),
        party_id=AGENCY,
        person_id=OPERATOR.person_id,
        person_name="Olga",
        session_id=SessionId("s"),
        role=Role.OPERATOR,
        use=Use.PLAYBACK,
        purpose=Purpose.FIRE_RESCUE,
        incident_id=INCIDENT,
        case_reference="",
        reason="Smoke.",
        window=Span(start=NOON, end=NOON + HOUR),
        asked_at=NOON,
        lapses_at=NOON + DAY,
        state=AskState.NEEDS_OWNER,
        hash="a" * 64,
        lines=(AskLine(camera_id=CAMERA, owner_id=HOUSE, state=AskState.NEEDS_OWNER),),
    )
    return replace(ask, **changes)  # type: ignore[arg-type]  # fields of the record


def test_statements_come_back_to_the_byte_and_in_order(stores: Work[Stores]) -> None:
    held = [a_held(1), a_held(2), a_held(3)]
    stores.write_now(lambda s: s.statements.start([CHAIN]))
    stores.write_now(lambda s: s.statements.add(held[::-1]))
    assert stores.read_now(lambda s: s.statements.of_camera(CAMERA)) == held
    assert stores.read_now(lambda s: s.statements.page(CAMERA, 1, 1)) == held[1:2]
    assert stores.read_now(lambda s: s.statements.by_hash(CAMERA, held[2].hash)) == held[2]
    assert stores.read_now(lambda s: s.statements.by_hash(CAMERAS[1], held[2].hash)) is None


def test_a_number_is_taken_once(stores: Work[Stores]) -> None:
    stores.write_now(lambda s: s.statements.add([a_held(1)]))
    with pytest.raises(ConflictError):
        stores.write_now(lambda s: s.statements.add([a_held(1)]))


@pytest.mark.parametrize("lock", list(Lock))
def test_a_chain_is_read_under_every_lock(stores: Work[Stores], lock: Lock) -> None:
    stores.write_now(lambda s: s.statements.start([CHAIN]))
    moved = replace(CHAIN, count=1, seq=1, head="b" * 64)
    stores.write_now(lambda s: s.statements.keep(moved))
    assert stores.write_now(lambda s: s.statements.chain(CAMERA, lock)) == moved
    assert stores.write_now(lambda s: s.statements.chain(CAMERAS[1], lock)) is None
    assert stores.read_now(lambda s: s.statements.uses_key(HOUSE, CHAIN.owner_key))
    assert not stores.read_now(lambda s: s.statements.uses_key(AGENCY, CHAIN.owner_key))


def test_stops_keep_their_place(stores: Work[Stores]) -> None:
    assert OPERATOR.person_id is not None
    stop = Stop(
        camera_id=CAMERA, n=2, at=NOON, person_id=OPERATOR.person_id, entry_id=EntryId(ids())
    )
    stores.write_now(lambda s: s.statements.add_stop(stop))
    assert stores.read_now(lambda s: s.statements.stops_of(CAMERA)) == [stop]


def test_what_maps_show_is_replaced_and_told(database: Database, stores: Work[Stores]) -> None:
    span = Span(start=NOON, end=NOON + DAY)
    rows = [Shown(camera_id=each, party_id=AGENCY, level=2, span=span) for each in CAMERAS]
    stores.write_now(lambda s: s.statements.show(CAMERAS, rows))
    stores.write_now(lambda s: s.statements.show([CAMERA], []))
    left = database.read_now(
        lambda tx: list(tx.connection.scalars(select(consent_audience.c.camera_id)))
    )
    assert sorted(left) == sorted(set(CAMERAS) - {CAMERA})

    def changed(tx: Transaction) -> list[str]:
        return epochs.changed_since(tx, epochs.CAMERAS, 1, 100)

    assert database.read_now(changed) == [CAMERA]


def test_keys_are_pinned_once_and_retired(stores: Work[Stores]) -> None:
    old = OwnerKey(party_id=HOUSE, key="11" * 32, pinned_at=NOON)
    new = replace(old, key="22" * 32, pinned_at=NOON + HOUR)
    stores.write_now(lambda s: s.keys.pin(old))
    stores.write_now(lambda s: s.keys.pin(new))
    stores.write_now(lambda s: s.keys.retire(HOUSE, old.key, NOON + HOUR))
    stores.write_now(lambda s: s.keys.retire(HOUSE, old.key, NOON + DAY))
    kept = stores.read_now(lambda s: s.keys.of_party(HOUSE))
    assert kept == [replace(old, retired_at=NOON + HOUR), new]
    assert stores.read_now(lambda s: s.keys.current(HOUSE)) == new
    assert stores.read_now(lambda s: s.keys.party_of(b"\x11" * 32)) is None
    assert stores.read_now(lambda s: s.keys.party_of(b"\x22" * 32)) == HOUSE
    with pytest.raises(ConflictError):
        stores.write_now(lambda s: s.keys.pin(replace(new, party_id=AGENCY)))


def test_asks_come_back_and_the_owners_answer_is_never_overwritten(stores: Work[Stores]) -> None:
    ask = an_ask()
    stores.write_now(lambda s: s.asks.add(ask))
    assert stores.read_now(lambda s: s.asks.find(ask.id)) == ask
    stores.write_now(lambda s: s.asks.answer(ask.id, CAMERA, AnswerWord.YES))
    opened = replace(
        ask,
        state=AskState.PERMITTED,
        lines=(replace(ask.lines[0], state=AskState.PERMITTED, opened_at=NOON, until=NOON + HOUR),),
    )
    stores.write_now(lambda s: s.asks.keep(opened))
    kept = stores.write_now(lambda s: s.asks.find(ask.id, Lock.CHANGE))
    assert kept is not None
    assert kept.state is AskState.PERMITTED
    assert kept.lines == (replace(opened.lines[0], answer=AnswerWord.YES),)


def test_asks_are_listed_by_party_and_by_waiting_owner(stores: Work[Stores]) -> None:
    asks = [an_ask(), an_ask(), an_ask(party_id=RIVAL)]
    for ask in asks:
        stores.write_now(lambda s, ask=ask: s.asks.add(ask))  # type: ignore[misc]  # bound now
    assert stores.read_now(lambda s: s.asks.of_party(AGENCY, None, 9)) == asks[1::-1]
    assert stores.read_now(lambda s: s.asks.of_party(AGENCY, asks[1].id, 9)) == asks[:1]
    waiting = stores.read_now(lambda s: s.asks.waiting_for_owner(HOUSE, None, 2))
    assert [ask.id for ask, _ in waiting] == [asks[2].id, asks[1].id]
    assert stores.read_now(lambda s: s.asks.waiting_for_owner(AGENCY, None, 9)) == []


def test_only_waiting_asks_lapse(stores: Work[Stores]) -> None:
    waiting, refused = an_ask(), an_ask(state=AskState.REFUSED)
    stores.write_now(lambda s: s.asks.add(waiting))
    stores.write_now(lambda s: s.asks.add(refused))
    assert stores.write_now(lambda s: s.asks.lapsing(NOON + DAY - MINUTE, 9)) == []
    assert stores.write_now(lambda s: s.asks.lapsing(NOON + DAY, 9)) == [waiting]


def test_an_owner_reads_their_own_accesses_alone(stores: Work[Stores]) -> None:
    ask = an_ask()
    access = Access(
        entry_id=EntryId(ids()),
        camera_id=CAMERA,
        owner_id=HOUSE,
        at=NOON,
        decision="permitted",
        reason=None,
        until=NOON + HOUR,
        hidden_until=NOON + DAY,
        ask=ask,
    )
    stores.write_now(lambda s: s.asks.add(ask))
    stores.write_now(lambda s: s.asks.add_access(access))
    assert stores.read_now(lambda s: s.asks.accesses(HOUSE, None, 9)) == [access]
    assert stores.read_now(lambda s: s.asks.access(HOUSE, access.entry_id)) == access
    assert stores.read_now(lambda s: s.asks.access(AGENCY, access.entry_id)) is None


def test_approvals_are_kept(stores: Work[Stores]) -> None:
    assert SUPERVISOR.person_id is not None
    approval = Approval(
        kind=ApprovalKind.SECOND_PERSON,
        person_id=SUPERVISOR.person_id,
        ask_hash="a" * 64,
        at=NOON,
        ends_at=NOON + HOUR,
        stepped_up=True,
        reason="Seen.",
    )
    ask_id = AskId(ids())
    stores.write_now(lambda s: s.approvals.add(ask_id, approval, EntryId(ids())))
    assert stores.read_now(lambda s: s.approvals.of_ask(ask_id)) == [approval]


def test_openings_count_each_camera_once_by_its_newest(stores: Work[Stores]) -> None:
    opening = Opening(camera_id=CAMERA, owner_id=HOUSE, at=NOON)
    later = replace(opening, at=NOON + HOUR)
    stores.write_now(lambda s: s.openings.wait_for_turn(INCIDENT))
    stores.write_now(lambda s: s.openings.wait_for_turn(INCIDENT))
    stores.write_now(lambda s: s.openings.add(INCIDENT, opening))
    stores.write_now(lambda s: s.openings.add(INCIDENT, later))
    assert stores.read_now(lambda s: s.openings.since(INCIDENT, NOON)) == [later]
    assert stores.read_now(lambda s: s.openings.since(INCIDENT, NOON + DAY)) == []


@pytest.mark.parametrize(
    "area",
    [
        Circle(PLACE, 60.0),
        Polygon((Point(54.0, 12.0), Point(54.0, 12.2), Point(54.2, 12.2), Point(54.2, 12.0))),
    ],
)
def test_a_protected_place_is_found_by_any_point_inside(
    stores: Work[Stores], area: Circle | Polygon
) -> None:
    span = (NOON, NOON + HOUR)
    place = ProtectedPlace(
        id=ids(),
        party_id=AGENCY,
        kind=ProtectedKind.CLINIC,
        name="Clinic",
        area=area,
        starts_at=span[0],
        ends_at=span[1],
    )
    stores.write_now(lambda s: s.places.keep(place))
    found = stores.read_now(lambda s: s.places.at(PLACE))
    assert [(each.kind, each.span) for each in found] == [
        (ProtectedKind.CLINIC, Span(start=span[0], end=span[1]))
    ]
    assert stores.read_now(lambda s: s.places.at(Point(55.0, 12.1))) == []
    assert stores.read_now(lambda s: s.places.find(AGENCY, place.id)) == place
    assert stores.read_now(lambda s: s.places.find(RIVAL, place.id)) is None
    stores.write_now(lambda s: s.places.keep(replace(place, name="Ward")))
    assert [p.name for p in stores.read_now(lambda s: s.places.page(AGENCY, None, 9))] == ["Ward"]
    stores.write_now(lambda s: s.places.remove(RIVAL, place.id))
    stores.write_now(lambda s: s.places.remove(AGENCY, place.id))
    assert stores.read_now(lambda s: s.places.page(AGENCY, None, 9)) == []


def test_bases_policies_and_stops_are_an_agencys_own(stores: Work[Stores]) -> None:
    assert OPERATOR.person_id is not None
    by = OPERATOR.person_id
    basis = LawfulBasis(
        party_id=AGENCY,
        camera_id=CAMERA,
        purpose=Purpose.MEDICAL,
        basis="Act",
        necessity="Need",
        recorded_at=NOON,
        recorded_by=by,
    )
    stores.write_now(lambda s: s.bases.keep([basis, replace(basis, purpose=Purpose.TRAINING)]))
    stores.write_now(lambda s: s.bases.keep([replace(basis, withdrawn=True)]))
    assert stores.read_now(lambda s: s.bases.purposes(AGENCY, CAMERA)) == {Purpose.TRAINING}
    assert stores.read_now(lambda s: s.bases.purposes(RIVAL, CAMERA)) == frozenset()
    rest = stores.read_now(lambda s: s.bases.page(AGENCY, (CAMERA, "medical"), 9))
    assert [each.purpose for each in rest] == [Purpose.TRAINING]
    policy = LoadedPolicy(
        party_id=AGENCY,
        version=1,
        name="Rule",
        body={"uses_forbidden": ["live"]},
        hash="c" * 64,
        loaded_at=NOON,
        loaded_by=by,
    )
    stores.write_now(lambda s: s.policies.add(policy))
    stores.write_now(lambda s: s.policies.add(replace(policy, version=2)))
    assert stores.read_now(lambda s: s.policies.current(AGENCY)) == replace(policy, version=2)
    assert stores.read_now(lambda s: s.policies.current(RIVAL)) is None
    stop = AgencyStop(party_id=AGENCY, stopped=True, at=NOON, by=by, reason="Misuse.")
    assert stores.read_now(lambda s: s.stops.find(AGENCY)) is None
    for lock in (Lock.SHARE, Lock.CHANGE):
        held = stores.write_now(lambda s, lock=lock: s.stops.find(AGENCY, lock))  # type: ignore[misc]  # bound now
        assert held is not None
        assert not held.stopped
    stores.write_now(lambda s: s.stops.keep(stop))
    assert stores.read_now(lambda s: s.stops.find(AGENCY)) == stop
