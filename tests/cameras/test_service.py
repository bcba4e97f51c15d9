"""The registry's use cases with fakes: what is decided, what the log says, who hears of it."""

from dataclasses import dataclass, field, replace

import pytest

from consentry.audit import Actor, LoggedAct
from consentry.cameras import Camera, Filter, Health, Registry, State
from consentry.cameras.model import Origin
from consentry.cameras.ports import Cameras, Parties
from consentry.kernel.errors import (
    ConflictError,
    ConsentryError,
    InvalidError,
    NotFoundError,
)
from consentry.kernel.geo import Point
from consentry.kernel.ids import EdgeId
from tests.kit import HOUR, NOON
from tests.kit.chance import CountingIds, VirtualClock
from tests.kit.journal import MemoryEntries, a_journal

from .a_camera import AGENCY, SHOP, a_camera, some_details
from .hub import ADMIN, OWNER
from .memory_cameras import MemoryCameras, MemoryParties

BOX = EdgeId("box")


@dataclass
class Desk:
    cameras: MemoryCameras = field(default_factory=MemoryCameras)
    clock: VirtualClock = field(default_factory=VirtualClock)
    entries: MemoryEntries = field(init=False)
    registry: Registry = field(init=False)

    def __post_init__(self) -> None:
        journal, self.entries = a_journal(self.clock)
        port: Cameras = self.cameras
        parties: Parties = MemoryParties({}, {BOX: AGENCY})
        self.registry = Registry(port, parties, journal, self.clock, CountingIds())

    def stand(self, camera: Camera) -> Camera:
        self.cameras.add([camera])
        return camera


@pytest.fixture
def desk() -> Desk:
    return Desk()


def a_draft(reference: str = "7") -> Camera:
    origin = Origin(party_id=AGENCY, source="city", reference=reference)
    return a_camera(5, party_id=SHOP, state=State.DRAFT, origin=origin, confirmed_at=None)


def test_an_added_camera_is_confirmed_logged_and_announced_last(desk: Desk) -> None:
    camera, new = desk.registry.add(ADMIN, some_details(name="  Gate  "))
    assert (new, camera.name, camera.state, camera.confirmed_at) == (
        True,
        "Gate",
        State.CONFIRMED,
        NOON,
    )
    entry = desk.entries.held[0]
    assert (entry.act, entry.actor, entry.on.id) == (
        LoggedAct.CAMERA_ADDED,
        Actor.of(ADMIN),
        camera.id,
    )
    assert "place" in entry.changes
    assert all(len(told) == 64 for told in entry.changes.values()), "hashes, never values"
    assert desk.cameras.announced == [camera.id]


def test_a_refused_camera_draws_no_number_and_leaves_no_entry(desk: Desk) -> None:
    with pytest.raises(InvalidError):
        desk.registry.add(ADMIN, some_details(bearing_deg=float("nan")))
    with pytest.raises(InvalidError) as caught:
        desk.registry.add(ADMIN, some_details(), source=" " * 99, reference="")
    assert [fault.field for fault in caught.value.faults] == ["source", "reference"]
    assert (desk.entries.held, desk.cameras.numbers(1)) == ([], 1)


def test_a_known_reference_gives_the_same_camera_or_a_conflict(desk: Desk) -> None:
    first, _ = desk.registry.add(ADMIN, some_details(), reference="7")
    assert desk.registry.add(ADMIN, some_details(), reference="7") == (first, False)
    with pytest.raises(ConflictError):
        desk.registry.add(ADMIN, some_details(floor=2), reference="7")
    desk.cameras.declined.add((AGENCY, "city", "8"))
    with pytest.raises(ConflictError):
        desk.registry.add(ADMIN, some_details(), source="city", reference="8")
    desk.stand(a_draft("9"))
    with pytest.raises(ConflictError):
        desk.registry.add(ADMIN, some_details(), source="city", reference="9")


def test_a_move_is_a_change_of_place_alone(desk: Desk) -> None:
    camera = desk.stand(a_camera())
    desk.clock.advance(HOUR)
    changed = desk.registry.change(ADMIN, camera.id, {"range_m": 5.0})
    assert (changed.moved_at, changed.changed_at) == (None, NOON + HOUR)
    moved = desk.registry.change(ADMIN, camera.id, {"place": Point(53.0, 9.0)})
    assert moved.moved_at == NOON + HOUR
    desk.clock.advance(HOUR)
    again = desk.registry.change(ADMIN, camera.id, {"place": Point(53.0, 9.0)})
    assert (again, len(desk.entries.held)) == (moved, 2), "the same again is no change"


def test_a_draft_becomes_visible_only_by_its_owners_word(desk: Desk) -> None:
    draft = desk.stand(a_draft())
    desk.registry.change(OWNER, draft.id, {"name": "My door"})
    desk.registry.report_health(OWNER, draft.id, Health.ONLINE)
    assert desk.cameras.announced == []
    confirmed = desk.registry.confirm(OWNER, draft.id)
    assert (confirmed.state, confirmed.confirmed_at) == (State.CONFIRMED, NOON)
    assert desk.cameras.announced == [draft.id]
    with pytest.raises(NotFoundError):
        desk.registry.camera(ADMIN, draft.id)


def test_declining_and_leaving_keep_the_proposer_out_but_not_oneself(desk: Desk) -> None:
    draft = desk.stand(a_draft())
    desk.registry.decline(OWNER, draft.id, "No.")
    assert (desk.cameras.declined, desk.cameras.announced) == ({(AGENCY, "city", "7")}, [])
    taken = desk.stand(replace(a_draft("8"), state=State.CONFIRMED))
    desk.registry.remove(OWNER, taken.id)
    assert (AGENCY, "city", "8") in desk.cameras.declined
    own, _ = desk.registry.add(ADMIN, some_details(), reference="9")
    desk.registry.remove(ADMIN, own.id)
    assert len(desk.cameras.declined) == 2
    assert desk.entries.acts == [
        "camera_removed",
        "camera_removed",
        "camera_added",
        "camera_removed",
    ]
    kept = desk.stand(a_camera())
    with pytest.raises(ConflictError):
        desk.registry.decline(ADMIN, kept.id)


def test_health_freshens_silently_and_changes_loudly(desk: Desk) -> None:
    camera = desk.stand(a_camera())
    for health, entries in ((Health.UNKNOWN, 0), (Health.OFFLINE, 1), (Health.OFFLINE, 1)):
        desk.clock.advance(HOUR)
        reported = desk.registry.report_health(ADMIN, camera.id, health)
        assert (reported.health_at, len(desk.entries.held)) == (desk.clock.now(), entries)


def test_an_edge_reports_only_what_hangs_on_it(desk: Desk) -> None:
    camera = desk.stand(a_camera())
    edge = replace(ADMIN, person_id=None, edge_id=BOX)
    with pytest.raises(NotFoundError):
        desk.registry.report_health(edge, camera.id, Health.ONLINE)
    desk.registry.hang(ADMIN, camera.id, BOX)
    assert desk.registry.report_health(edge, camera.id, Health.ONLINE).health is Health.ONLINE
    with pytest.raises(NotFoundError):
        desk.registry.hang(ADMIN, camera.id, EdgeId("another's"))


def test_an_export_counts_what_is_confirmed_and_wants_a_fresh_proof(desk: Desk) -> None:
    desk.stand(a_camera(1))
    desk.stand(a_camera(2, state=State.DRAFT))
    assert desk.registry.begin_export(ADMIN, "csv") == 1
    assert [one.number for one in desk.registry.export_page(ADMIN, None, 9)] == [1]
    assert desk.entries.held[0].on.title == "1 cameras as csv"
    with pytest.raises(ConsentryError):
        desk.registry.begin_export(replace(ADMIN, stepped_up_at=NOON - HOUR), "csv")
    assert len(desk.entries.held) == 1


def test_a_list_is_ones_own(desk: Desk) -> None:
    desk.stand(a_camera(1))
    desk.stand(a_draft())
    assert [one.number for one in desk.registry.list_own(OWNER, Filter(), None, 9)] == [5]
