"""One contract for the memory that services are tested with and for both databases."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import update

from consentry.consent import IncidentType
from consentry.identity.tables import membership
from consentry.incidents import (
    Assigned,
    By,
    Event,
    EventKind,
    Filter,
    Incident,
    Outcome,
    Priority,
    Source,
)
from consentry.incidents.model import Closing
from consentry.incidents.ports import Incidents
from consentry.incidents.store import SqlColleagues, SqlIncidentFacts, SqlIncidents
from consentry.infra.db import Database, Transaction
from consentry.kernel.access import Role
from consentry.kernel.errors import ConflictError, NotFoundError
from consentry.kernel.geo import Circle, Point, Polygon
from consentry.kernel.ids import PersonId
from tests.incidents.builders import (
    AGENCY,
    HARBOUR,
    OPERATOR,
    OTHER_AGENCY,
    RESPONDER,
    STRANGER,
    SUPERVISOR,
    MemoryIncidents,
    a_person,
    an_id,
    an_incident,
    operator,
    supervisor,
)
from tests.incidents.conftest import add_people
from tests.kit import HOUR, MINUTE, NOON
from tests.kit.databases import Databases

Opening = Callable[[], AbstractContextManager[Incidents]]


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    """Opens the store; in SQL each opening is a transaction of its own."""
    memory = MemoryIncidents()

    @contextmanager
    def remember() -> Iterator[Incidents]:
        yield memory

    if request.param == "memory":
        yield remember
        return
    server = request.getfixturevalue("_postgres") if request.param == "postgres" else None
    databases = Databases(server, tmp_path)
    database = databases.make()
    database.write_now(add_people)

    @contextmanager
    def open_sql() -> Iterator[Incidents]:
        with database.engine.begin() as connection:
            yield SqlIncidents(Transaction(connection))

    yield open_sql
    databases.close()


FULL = an_incident(
    102,
    type=IncidentType.MEDICAL,
    address="Quay 4, Port Halden",
    priority=Priority.IMMEDIATE,
    place=Point(-17.123456789, 179.987654321),
    area=Polygon((Point(-17.1, 179.99), Point(-17.1, -179.99), Point(-17.2, 179.9))),
    opened_at=NOON + MINUTE,
    source=Source(name="cad", reference="2026/7 ä"),
    shaped_at=NOON + HOUR,
    shaped_by=frozenset({OPERATOR, SUPERVISOR}),
    assigned=(
        Assigned(person_id=OPERATOR, name="Olga", at=NOON + MINUTE),
        Assigned(person_id=RESPONDER, name="Rolf", at=NOON),
    ),
    closing=Closing(at=NOON + HOUR, by=By.of(supervisor), outcome=Outcome.NO_VALUE, words="Dunno"),
    version=7,
    events=9,
)


@pytest.mark.parametrize("incident", [an_incident(), FULL])
def test_an_incident_comes_back_as_it_went_in(stored: Opening, incident: Incident) -> None:
    with stored() as incidents:
        incidents.add(incident)
    with stored() as incidents:
        assert incidents.get(incident.id, AGENCY) == incident
        assert incidents.held(incident.id, AGENCY) == incident


def test_a_change_replaces_all_of_it(stored: Opening) -> None:
    changed = replace(FULL, assigned=FULL.assigned[1:], closing=None, version=8)
    with stored() as incidents:
        incidents.add(FULL)
    with stored() as incidents:
        incidents.change(changed)
    with stored() as incidents:
        assert incidents.get(FULL.id, AGENCY) == changed


def test_another_agency_finds_nothing(stored: Opening) -> None:
    with stored() as incidents:
        incidents.add(FULL)
    with stored() as incidents:
        for read in (incidents.get, incidents.held):
            with pytest.raises(NotFoundError):
                read(FULL.id, OTHER_AGENCY)
        assert FULL.source is not None
        assert incidents.from_source(OTHER_AGENCY, FULL.source) is None
        assert incidents.page(OTHER_AGENCY, Filter(), None, 9) == []


def test_a_dispatched_one_is_found_by_its_source(stored: Opening) -> None:
    assert FULL.source is not None
    with stored() as incidents:
        incidents.add(FULL)
        incidents.add(an_incident(103))
    with stored() as incidents:
        assert incidents.from_source(AGENCY, FULL.source) == FULL
        other = replace(FULL.source, reference="2026/8")
        assert incidents.from_source(AGENCY, other) is None


def test_pages_are_the_newest_first_and_filtered(stored: Opening) -> None:
    one, three = an_incident(101), an_incident(103, type=IncidentType.THEFT)
    theirs = an_incident(104, party_id=OTHER_AGENCY)
    with stored() as incidents:
        for incident in (one, FULL, three, theirs):
            incidents.add(incident)
    with stored() as incidents:

        def found(wanted: Filter, before: str | None = None, limit: int = 9) -> list[Incident]:
            return list(incidents.page(AGENCY, wanted, before, limit))

        assert found(Filter()) == [three, FULL, one]
        assert found(Filter(open=True)) == [three, one]
        assert found(Filter(open=False)) == [FULL]
        assert found(Filter(type=IncidentType.THEFT)) == [three]
        assert found(Filter(assigned_to=RESPONDER)) == [FULL]
        assert found(Filter(assigned_to=RESPONDER, open=True)) == []
        assert found(Filter(), before=three.id, limit=1) == [FULL]


def test_the_timeline_is_in_order(stored: Opening) -> None:
    events = [
        Event(
            n=n,
            at=NOON,
            kind=EventKind.NOTED,
            by=By.of(operator),
            details={"text": f"№ {n}", "place": {"lat_e7": -1}},
        )
        for n in range(1, 6)
    ]
    with stored() as incidents:
        incidents.add(an_incident())
        incidents.add_events(an_incident().id, events[:2])
        incidents.add_events(an_incident().id, events[2:])
    with stored() as incidents:
        assert list(incidents.timeline(an_incident().id, 0, 9)) == events
        assert list(incidents.timeline(an_incident().id, 2, 2)) == events[2:4]


def test_only_open_ones_by_hand_are_counted(stored: Opening) -> None:
    closing = Closing(at=NOON, by=By.of(supervisor), outcome=Outcome.HELPED)
    with stored() as incidents:
        incidents.add(an_incident(101))
        incidents.add(an_incident(102, closing=closing))
        incidents.add(an_incident(103, source=Source(name="cad", reference="1")))
        incidents.add(an_incident(104, opened_by=By.of(supervisor)))
        incidents.add(an_incident(105, party_id=OTHER_AGENCY))
    with stored() as incidents:
        assert incidents.open_by_hand(AGENCY, OPERATOR) == 1


def test_a_reference_cannot_be_taken_in_twice(peopled: Database) -> None:
    peopled.write_now(lambda tx: SqlIncidents(tx).add(FULL))
    twin = replace(FULL, id=an_incident(120).id)
    with pytest.raises(ConflictError):
        peopled.write_now(lambda tx: SqlIncidents(tx).add(twin))
    theirs = replace(twin, party_id=OTHER_AGENCY)
    peopled.write_now(lambda tx: SqlIncidents(tx).add(theirs))


def test_a_change_reaches_no_other_agency(peopled: Database) -> None:
    peopled.write_now(lambda tx: SqlIncidents(tx).add(an_incident()))
    stolen = an_incident(party_id=OTHER_AGENCY, title="Ours", shaped_by=frozenset())
    peopled.write_now(lambda tx: SqlIncidents(tx).change(stolen))
    kept = peopled.read_now(lambda tx: SqlIncidents(tx).get(an_incident().id, AGENCY))
    assert kept.title == an_incident().title


def test_colleagues_are_members_now(peopled: Database) -> None:
    def name(person_id: PersonId) -> str | None:
        return peopled.read_now(lambda tx: SqlColleagues(tx).name(AGENCY, person_id, NOON))

    def set_membership(**values: object) -> None:
        theirs = membership.c.person_id == RESPONDER
        peopled.write_now(
            lambda tx: tx.connection.execute(update(membership).where(theirs).values(**values))
        )

    assert name(RESPONDER) == "Rolf"
    assert name(STRANGER) is None
    assert name(PersonId(an_id(999))) is None
    set_membership(expires_at=NOON)
    assert name(RESPONDER) is None
    set_membership(expires_at=NOON + MINUTE)
    assert name(RESPONDER) == "Rolf"
    set_membership(suspended_at=NOON)
    assert name(RESPONDER) is None


def test_the_facts_are_what_consent_decides_on(peopled: Database) -> None:
    opened = an_incident(assigned=FULL.assigned)
    peopled.write_now(lambda tx: SqlIncidents(tx).add(opened))
    facts = peopled.read_now(lambda tx: SqlIncidentFacts(tx).for_incident(opened.id, AGENCY))
    assert facts is not None
    assert (facts.id, facts.type, facts.place) == (opened.id, IncidentType.FIRE, HARBOUR)
    assert (facts.opened_at, facts.shaped_at, facts.closed_at) == (NOON, NOON, None)
    assert facts.shaped_by == {OPERATOR}
    assert facts.assigned == {OPERATOR, RESPONDER}


def test_facts_and_areas_are_the_agencys_own_and_end_with_the_incident(
    peopled: Database,
) -> None:
    def add(tx: Transaction) -> None:
        SqlIncidents(tx).add(an_incident())
        SqlIncidents(tx).add(FULL)

    def look(tx: Transaction) -> None:
        facts = SqlIncidentFacts(tx)
        assert facts.for_incident(FULL.id, OTHER_AGENCY) is None
        assert facts.area(an_incident().id, a_person(party_id=OTHER_AGENCY)) is None
        assert isinstance(facts.area(an_incident().id, a_person()), Circle)
        assert facts.area(an_incident().id, a_person(Role.RESPONDER, RESPONDER)) is None
        assert facts.area(FULL.id, a_person()) is None
        closed = facts.for_incident(FULL.id, AGENCY)
        assert closed is not None
        assert closed.closed_at == NOON + HOUR

    peopled.write_now(add)
    peopled.read_now(look)
