"""The desk: who may do what with whose incident, and what each act leaves behind."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from consentry.consent import IncidentType
from consentry.incidents import Change, EventKind, Filter, Incident, Origin, Outcome, Source
from consentry.incidents.service import ASSIGNED_MAX, EVENTS_MAX, OPEN_BY_HAND_MAX
from consentry.kernel.errors import ConflictError, ExhaustedError, InvalidError, NotFoundError
from consentry.kernel.geo import Circle
from consentry.kernel.ids import IncidentId, PersonId
from tests.incidents.builders import (
    HARBOUR,
    OPERATOR,
    RESPONDER,
    STATION,
    STRANGER,
    SUPERVISOR,
    Room,
    a_new_incident,
    a_room,
    an_id,
    dispatcher,
    operator,
    responder,
    stranger,
    supervisor,
)
from tests.kit import HOUR, MINUTE

CAD_7 = Source(name="cad", reference="2026-7")


@pytest.fixture
def room() -> Room:
    return a_room()


@pytest.fixture
def opened(room: Room) -> Incident:
    return room.desk.open(operator, a_new_incident())


def kinds(room: Room, incident: Incident) -> list[EventKind]:
    return [one.kind for one in room.incidents.timeline(incident.id, 0, 100)]


def test_opening_by_hand_names_who_shaped_it(room: Room, opened: Incident) -> None:
    assert opened.origin is Origin.MANUAL
    assert opened.shaped_by == {OPERATOR}
    assert room.entries.acts == ["incident_opened"]
    entry = room.entries.held[0]
    assert (entry.on.kind, entry.on.id, entry.on.party) == ("incident", opened.id, operator.party)
    assert entry.decision == "opened"
    assert kinds(room, opened) == [EventKind.OPENED]


def test_a_dispatched_one_was_shaped_by_nobody_here(room: Room) -> None:
    incident, is_new = room.desk.dispatch(dispatcher, a_new_incident(), CAD_7)
    assert is_new
    assert (incident.origin, incident.shaped_by) == (Origin.DISPATCHED, frozenset())
    assert room.entries.held[0].reference == CAD_7.reference
    assert room.entries.held[0].actor.kind == "token"


def test_a_dispatch_is_taken_in_once(room: Room) -> None:
    first, _ = room.desk.dispatch(dispatcher, a_new_incident(), CAD_7)
    moved = room.desk.change(operator, first.id, 1, Change(place=STATION))
    again, is_new = room.desk.dispatch(dispatcher, a_new_incident(), CAD_7)
    assert (again, is_new) == (moved, False)
    assert room.entries.acts == ["incident_opened", "incident_changed"]
    with pytest.raises(ConflictError) as caught:
        room.desk.dispatch(dispatcher, a_new_incident(title="Other"), CAD_7)
    assert caught.value.code == "source_reference_reused"


def test_the_same_reference_of_another_agency_is_another_incident(room: Room) -> None:
    ours, _ = room.desk.dispatch(dispatcher, a_new_incident(), CAD_7)
    other = replace(dispatcher, party_id=stranger.party_id)
    theirs, is_new = room.desk.dispatch(other, a_new_incident(), CAD_7)
    assert is_new
    assert theirs.id != ours.id


def test_one_person_has_a_bounded_number_open_by_hand(room: Room) -> None:
    opened = [room.desk.open(operator, a_new_incident()) for _ in range(OPEN_BY_HAND_MAX)]
    with pytest.raises(ExhaustedError):
        room.desk.open(operator, a_new_incident())
    room.desk.close(supervisor, opened[0].id, 1, Outcome.NOT_USED)
    assert room.desk.open(operator, a_new_incident()).is_open
    assert room.desk.open(supervisor, a_new_incident()).is_open


def test_an_area_too_large_opens_nothing(room: Room) -> None:
    with pytest.raises(InvalidError):
        room.desk.open(operator, a_new_incident(area=Circle(HARBOUR, 2_000)))
    assert room.entries.held == []
    assert room.desk.page(operator, Filter(), None, 10) == []


def test_another_agency_finds_nothing(room: Room, opened: Incident) -> None:
    desk, one = room.desk, opened.id
    acts: list[Callable[[], object]] = [
        lambda: desk.get(stranger, one),
        lambda: desk.timeline(stranger, one, 0, 10),
        lambda: desk.change(stranger, one, 1, Change(title="Ours")),
        lambda: desk.note(stranger, one, "Ours"),
        lambda: desk.assign(stranger, one, STRANGER),
        lambda: desk.unassign(stranger, one, OPERATOR),
        lambda: desk.close(stranger, one, 1, Outcome.HELPED),
        lambda: desk.reopen(stranger, one, 1),
    ]
    for act in acts:
        with pytest.raises(NotFoundError):
            act()
    assert desk.page(stranger, Filter(), None, 10) == []
    assert room.entries.acts == ["incident_opened"]


def test_a_responder_works_what_they_are_assigned_to(room: Room, opened: Incident) -> None:
    assert room.desk.page(responder, Filter(), None, 10) == []
    with pytest.raises(NotFoundError):
        room.desk.get(responder, opened.id)
    with pytest.raises(NotFoundError):
        room.desk.note(responder, opened.id, "Here")
    room.desk.assign(operator, opened.id, RESPONDER)
    assert [one.id for one in room.desk.page(responder, Filter(), None, 10)] == [opened.id]
    assert room.desk.note(responder, opened.id, "Here").details == {"text": "Here"}
    moved = room.desk.change(responder, opened.id, 2, Change(place=STATION))
    assert RESPONDER in moved.shaped_by
    room.desk.unassign(operator, opened.id, RESPONDER)
    with pytest.raises(NotFoundError):
        room.desk.get(responder, opened.id)


def test_only_people_of_the_agency_are_assigned(room: Room, opened: Incident) -> None:
    for nobody in (STRANGER, PersonId(an_id(999))):
        with pytest.raises(NotFoundError):
            room.desk.assign(operator, opened.id, nobody)


def test_assigning_twice_and_unassigning_nobody_change_nothing(
    room: Room, opened: Incident
) -> None:
    once = room.desk.assign(operator, opened.id, RESPONDER)
    assert room.desk.assign(supervisor, opened.id, RESPONDER) == once
    assert room.desk.unassign(operator, opened.id, SUPERVISOR) == once
    assert room.entries.acts == ["incident_opened", "incident_changed"]


def test_a_change_on_an_older_version_changes_nothing(room: Room, opened: Incident) -> None:
    changed = room.desk.change(operator, opened.id, 1, Change(title="Fire"))
    late: list[Callable[[], object]] = [
        lambda: room.desk.change(supervisor, opened.id, 1, Change(title="Flood")),
        lambda: room.desk.close(supervisor, opened.id, 1, Outcome.HELPED),
    ]
    for act in late:
        with pytest.raises(ConflictError) as caught:
            act()
        assert caught.value.code == "version_changed"
    assert room.desk.get(operator, opened.id) == changed
    assert room.entries.acts == ["incident_opened", "incident_changed"]


def test_notes_do_not_disturb_those_who_change(room: Room, opened: Incident) -> None:
    room.desk.note(operator, opened.id, "One")
    note = room.desk.note(supervisor, opened.id, "Two")
    assert (note.n, note.by.id, note.details) == (3, SUPERVISOR, {"text": "Two"})
    assert room.desk.change(operator, opened.id, 1, Change(title="Fire")).version == 2


def test_the_entry_holds_what_changed_as_hashes_alone(room: Room, opened: Incident) -> None:
    room.desk.note(operator, opened.id, "The neighbour, Ms Berg, saw it")
    entry = room.entries.held[-1]
    assert "Berg" not in str(entry)
    assert list(entry.changes) == ["noted"]
    assert len(entry.changes["noted"]) == 64


def test_closing_tells_whoever_listens_and_ends_the_work(room: Room, opened: Incident) -> None:
    room.clock.advance(HOUR)
    closed = room.desk.close(supervisor, opened.id, 1, Outcome.MISLED, "Steam, not smoke")
    assert closed.closing is not None
    assert (closed.closing.outcome, closed.closing.by.id) == (Outcome.MISLED, SUPERVISOR)
    assert [one.incident_id for one in room.closings] == [opened.id]
    assert room.entries.acts[-1] == "incident_closed"
    assert room.entries.held[-1].reason == "misled"
    too_late: list[Callable[[], object]] = [
        lambda: room.desk.change(operator, opened.id, 2, Change(title="No")),
        lambda: room.desk.assign(operator, opened.id, RESPONDER),
        lambda: room.desk.unassign(operator, opened.id, RESPONDER),
        lambda: room.desk.close(supervisor, opened.id, 2, Outcome.HELPED),
    ]
    for act in too_late:
        with pytest.raises(ConflictError) as caught:
            act()
        assert caught.value.code == "incident_closed"
    assert room.desk.note(operator, opened.id, "It was the laundry").kind is EventKind.NOTED


def test_an_error_of_a_listener_reaches_the_transaction(opened: Incident, room: Room) -> None:
    def fail(closed: object) -> None:
        raise RuntimeError("views could not be ended")

    room.desk._closings = fail
    with pytest.raises(RuntimeError):
        room.desk.close(supervisor, opened.id, 1, Outcome.HELPED)


def test_reopening_counts_as_opening_by_hand(room: Room) -> None:
    incident, _ = room.desk.dispatch(dispatcher, a_new_incident(), CAD_7)
    room.desk.close(supervisor, incident.id, 1, Outcome.HELPED)
    room.clock.advance(MINUTE)
    again = room.desk.reopen(supervisor, incident.id, 2)
    assert again.is_open
    assert again.shaped_by == {SUPERVISOR}
    assert again.shaped_at == room.clock.now()
    assert room.entries.acts[-1] == "incident_opened"
    assert kinds(room, again)[-1] is EventKind.REOPENED
    with pytest.raises(ConflictError) as caught:
        room.desk.reopen(supervisor, incident.id, 3)
    assert caught.value.code == "incident_open"


def test_a_timeline_tells_everything_in_order(room: Room, opened: Incident) -> None:
    room.desk.assign(operator, opened.id, RESPONDER)
    room.desk.change(
        operator, opened.id, 2, Change(type=IncidentType.MEDICAL, place=STATION, title="Fall")
    )
    room.desk.close(supervisor, opened.id, 3, Outcome.NO_VALUE)
    told = room.desk.timeline(operator, opened.id, 0, 100)
    assert [one.n for one in told] == [1, 2, 3, 4, 5, 6]
    assert [one.kind.value for one in told] == [
        "opened",
        "assigned",
        "retyped",
        "moved",
        "retitled",
        "closed",
    ]
    assert told[2].details == {"from": "fire", "to": "medical"}
    assert room.desk.timeline(operator, opened.id, 4, 1) == told[4:5]


def test_lists_are_of_the_own_agency_filtered_and_in_pages(room: Room) -> None:
    ours = [room.desk.open(operator, a_new_incident(title=f"No {n}")) for n in range(3)]
    room.desk.open(stranger, a_new_incident())
    room.desk.close(supervisor, ours[0].id, 1, Outcome.HELPED)
    ids = [one.id for one in reversed(ours)]

    def found(wanted: Filter, before: str | None = None, limit: int = 9) -> list[IncidentId]:
        return [one.id for one in room.desk.page(operator, wanted, before, limit)]

    assert found(Filter()) == ids
    assert found(Filter(open=True)) == ids[:2]
    assert found(Filter(open=False)) == ids[2:]
    assert found(Filter(type=IncidentType.THEFT)) == []
    assert found(Filter(assigned_to=OPERATOR)) == []
    assert found(Filter(), before=ids[0], limit=1) == ids[1:2]


def test_a_room_has_bounds(room: Room, opened: Incident) -> None:
    full = replace(opened, events=EVENTS_MAX)
    room.incidents.change(full)
    with pytest.raises(ExhaustedError):
        room.desk.note(operator, opened.id, "One too many")
    one = room.desk.assign(operator, room.desk.open(operator, a_new_incident()).id, RESPONDER)
    crowd = tuple(
        replace(one.assigned[0], person_id=PersonId(an_id(1000 + n))) for n in range(ASSIGNED_MAX)
    )
    room.incidents.change(replace(one, assigned=crowd))
    with pytest.raises(ExhaustedError):
        room.desk.assign(operator, one.id, SUPERVISOR)
