"""Imports from the upload to the last row: landed, stopped, resumed, undone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import func, select

from consentry.cameras import intake, spool
from consentry.cameras.imports import OPEN_IMPORTS_MAX
from consentry.cameras.jobs import ImportJobs
from consentry.cameras.model import State
from consentry.cameras.records import BATCH_ROWS
from consentry.cameras.spool import Spool
from consentry.cameras.tables import camera
from consentry.infra.db import epochs
from consentry.infra.jobs import JobState, SqlJobs, Worker
from consentry.infra.jobs.model import BACKOFF_MAX, LEASE

from .a_camera import SHOP
from .desk import BYTES_MAX, HEAD, OWNED, THREE, Desk
from .hub import ADMIN, OPERATOR, OWNER, as_

pytestmark = pytest.mark.anyio


async def test_a_file_lands_with_progress_and_a_log(desk: Desk) -> None:
    answer = await desk.send(THREE, source="city")
    told = answer.json()
    assert (answer.status_code, told["state"], told["rows_read"]) == (202, "waiting", 0)
    assert desk.spooled() == [told["id"]]
    await desk.worker.drain()
    told = await desk.told(told["id"])
    assert (told["state"], told["rows_total"], told["rows_read"]) == ("done", 3, 3)
    assert (told["added"], told["rejected"], told["encoding"]) == (3, 0, "utf-8")
    assert desk.names() == ["One", "Two", "Three"]
    assert desk.spooled() == []
    decisions = [(one.act.value, one.decision) for one in desk.hub.entries.held]
    assert decisions == [
        ("cameras_imported", "begun"),
        ("cameras_imported", "rows up to 4"),
        ("cameras_imported", "done"),
    ]
    assert desk.hub.last.actor.id == ADMIN.id
    assert desk.hub.database.read_now(lambda tx: epochs.current(tx, epochs.CAMERAS)) == 1


async def test_the_same_file_again_changes_nothing_and_a_newer_one_what_is_new(desk: Desk) -> None:
    await desk.done(THREE)
    again = await desk.done(THREE)
    assert (again["added"], again["updated"], again["unchanged"]) == (0, 0, 3)
    newer = await desk.done(THREE.replace("Two,53.56", "Two,53.5601") + "4,Four,53.5,9.9\n")
    assert (newer["added"], newer["updated"], newer["unchanged"]) == (1, 1, 2)
    other = await desk.done(THREE, source="elsewhere")
    assert other["added"] == 3, "another source has names of its own"


async def test_other_owners_get_drafts_and_decide(desk: Desk) -> None:
    rows = "1,Shop,53.5,9.9,Bakery\n2,Ours,53.5,9.9,\n3,Who,53.5,9.9,Nobody\n"
    file = OWNED + rows
    told = await desk.done(file)
    assert (told["added"], told["proposed"], told["rejected"]) == (1, 1, 1)
    assert (await desk.faults(told["id"]))[0][:2] == (4, "owner")
    assert (desk.names(), desk.names(SHOP)) == (["Ours"], [])
    assert desk.names(SHOP, State.DRAFT) == ["Shop"]
    draft = (await desk.client.get("/api/cameras", headers=as_(OWNER))).json()["items"][0]
    await desk.client.post(f"/api/cameras/{draft['id']}/confirm", headers=as_(OWNER))
    changed = await desk.done(file.replace("Shop,53.5", "Shop,53.6"))
    assert (changed["unchanged"], changed["rejected"]) == (1, 2)
    assert "only they can change it" in str(await desk.faults(changed["id"]))
    assert desk.names(SHOP) == ["Shop"]
    passed_on = await desk.done(file.replace("Bakery", "Home"))
    assert "passes nothing on" in str(await desk.faults(passed_on["id"]))


async def test_a_declined_draft_does_not_come_back(desk: Desk) -> None:
    file = OWNED + "1,Shop,53.5,9.9,Bakery\n"
    await desk.done(file)
    draft = (await desk.client.get("/api/cameras", headers=as_(OWNER))).json()["items"][0]
    path = f"/api/cameras/{draft['id']}/decline"
    assert (await desk.client.post(path, json={}, headers=as_(OWNER))).status_code == 204
    again = await desk.done(file)
    assert (again["proposed"], again["rejected"]) == (0, 1)
    assert "owner did not want" in str(await desk.faults(again["id"]))


async def test_a_dry_run_finds_the_faults_and_lands_nothing(lite: Desk) -> None:
    told = await lite.done(THREE + "4,,53.5,9.9\n", dry_run="true")
    assert (told["state"], told["added"], told["rejected"]) == ("done", 3, 1)
    assert lite.names() == []
    assert (await lite.post(told["id"], "undo")).status_code == 409


async def test_an_undo_takes_out_what_was_added_but_not_what_others_confirmed(desk: Desk) -> None:
    await desk.done(HEAD + "0,Before,53.5,9.9\n")
    rows = "0,Before,53.5,9.9,\n1,Mine,53.5,9.9,\n2,Yes,53.5,9.9,Bakery\n3,No,53.5,9.9,Bakery\n"
    file = OWNED + rows
    told = await desk.done(file)
    drafts = (await desk.client.get("/api/cameras?text=Yes", headers=as_(OWNER))).json()["items"]
    await desk.client.post(f"/api/cameras/{drafts[0]['id']}/confirm", headers=as_(OWNER))
    answer = await desk.post(told["id"], "undo")
    assert (answer.status_code, answer.json()["state"]) == (202, "undoing")
    await desk.worker.drain()
    after = await desk.told(told["id"])
    assert (after["state"], after["removed"]) == ("undone", 2)
    assert (desk.names(), desk.names(SHOP), desk.names(SHOP, State.DRAFT)) == (
        ["Before"],
        ["Yes"],
        [],
    )
    assert (await desk.post(told["id"], "undo")).status_code == 409
    assert (await desk.done(file))["added"] == 1, "and it can be imported again"


async def test_a_cancelled_import_stops_and_its_upload_goes(desk: Desk) -> None:
    told = (await desk.send(THREE)).json()
    answer = await desk.post(told["id"], "cancel")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    await desk.worker.drain()
    assert (desk.names(), desk.spooled()) == ([], [])
    assert (await desk.post(told["id"], "cancel")).status_code == 409
    assert (await desk.told(told["id"]))["state"] == "cancelled"


async def test_cancelled_under_way_no_further_batch_lands(
    lite: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{n},C{n},53.5,9.9\n" for n in range(BATCH_ROWS * 3))
    told = (await lite.send(HEAD + rows)).json()
    landed = asyncio.Event()
    real = ImportJobs._land_batch

    async def slowly(self: ImportJobs, *given: Any) -> None:
        await real(self, *given)
        landed.set()
        await asyncio.sleep(0.3)

    monkeypatch.setattr(ImportJobs, "_land_batch", slowly)
    working = asyncio.create_task(lite.worker.drain())
    await landed.wait()
    assert (await lite.post(told["id"], "cancel")).status_code == 200
    await working
    after = await lite.told(told["id"])
    assert (after["state"], after["rows_read"], after["added"]) == (
        "cancelled",
        BATCH_ROWS,
        BATCH_ROWS,
    )
    assert len(lite.names()) == BATCH_ROWS
    assert lite.spooled() == []


async def test_a_hub_that_died_goes_on_from_its_last_batch(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"{n},C{n},53.5,9.9\n" for n in range(BATCH_ROWS * 2 + 5))
    told = (await desk.send(HEAD + rows)).json()
    real, batches = ImportJobs._land_batch, 0

    async def die_after_one(self: ImportJobs, *given: Any) -> None:
        nonlocal batches
        batches += 1
        if batches == 2:
            raise asyncio.CancelledError
        await real(self, *given)

    with monkeypatch.context() as patch:
        patch.setattr(ImportJobs, "_land_batch", die_after_one)

        async def no_release(*_: object) -> None:
            """A process that is killed gives nothing back."""

        patch.setattr(Worker, "_release", no_release)
        await asyncio.gather(desk.worker.drain(), return_exceptions=True)
    assert (await desk.told(told["id"]))["rows_read"] == BATCH_ROWS
    job_id = desk.hub.database.read_now(
        lambda tx: desk.hub.make_intake(tx).get(ADMIN, told["id"]).job_id
    )
    left = desk.hub.database.read_now(lambda tx: SqlJobs(tx).find(job_id))
    assert left is not None
    assert (left.state, left.step) == (JobState.RUN, BATCH_ROWS + 1)
    desk.hub.clock.advance(LEASE)
    await desk.worker.sweep()
    desk.hub.clock.advance(BACKOFF_MAX)
    await desk.worker.drain()
    after = await desk.told(told["id"])
    assert (after["state"], after["added"], after["rows_read"]) == (
        "done",
        BATCH_ROWS * 2 + 5,
        BATCH_ROWS * 2 + 5,
    )
    count = select(func.count()).select_from(camera)
    assert desk.hub.database.read_now(lambda tx: tx.connection.scalar(count)) == BATCH_ROWS * 2 + 5


async def test_a_lost_upload_fails_the_import_in_words(lite: Desk) -> None:
    told = (await lite.send(THREE)).json()
    (lite.folder / told["id"]).unlink()
    await lite.worker.drain()
    after = await lite.told(told["id"])
    assert (after["state"], after["error"]["field"]) == ("failed", "file")


async def test_an_upload_over_the_bound_leaves_nothing(lite: Desk) -> None:
    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(BYTES_MAX // 100_000 + 1):
            yield b"x" * 100_000

    announced = await lite.send(b"x" * (BYTES_MAX + 1))
    answer = await lite.client.post(
        "/api/cameras/imports?format=csv", content=unannounced(), headers=as_(ADMIN)
    )
    for one in (announced, answer):
        assert (one.status_code, one.json()["type"]) == (413, "urn:consentry:problem:too_large")
        assert one.json()["faults"][0]["limit"] == f"{BYTES_MAX} bytes"
    assert lite.spooled() == []
    assert (await lite.send(b"")).status_code == 422
    assert lite.hub.entries.acts == []


async def test_all_uploads_together_are_bounded_too(lite: Desk) -> None:
    big = HEAD + "x" * (BYTES_MAX - 100)
    statuses = [(await lite.send(big)).status_code for _ in range(3)]
    assert statuses == [202, 202, 429]
    assert len(lite.spooled()) == 2
    await lite.worker.drain()
    assert lite.spooled() == []
    assert (await lite.send(THREE)).status_code == 202, "and room is free again"


async def test_one_party_has_so_many_imports_open(lite: Desk) -> None:
    for _ in range(OPEN_IMPORTS_MAX):
        assert (await lite.send(THREE)).status_code == 202
    assert (await lite.send(THREE)).status_code == 429
    assert (await lite.send(THREE, OWNER)).status_code == 202


async def test_another_partys_import_is_not_found(lite: Desk) -> None:
    told = (await lite.send(THREE)).json()
    path = f"/api/cameras/imports/{told['id']}"
    calls = [
        lite.client.get(path, headers=as_(OWNER)),
        lite.client.get(f"{path}/errors", headers=as_(OWNER)),
        lite.client.get(f"{path}/errors.csv", headers=as_(OWNER)),
        lite.post(told["id"], "cancel", OWNER),
        lite.post(told["id"], "undo", OWNER),
    ]
    assert [(await call).status_code for call in calls] == [404] * 5
    assert (await lite.client.get("/api/cameras/imports", headers=as_(OWNER))).json()["items"] == []
    assert (await lite.send(THREE, OPERATOR)).status_code == 403


@pytest.mark.parametrize(
    "options",
    [
        {"format": "xml"},
        {"source": ""},
        {"encoding": "x" * 21},
        {"delimiter": "ab"},
        {"colour": "1"},
    ],
)
async def test_options_that_cannot_be_are_refused_before_the_upload(
    lite: Desk, options: dict[str, Any]
) -> None:
    assert (await lite.send(THREE, **options)).status_code == 422
    assert lite.spooled() == []


async def test_at_start_leftovers_are_swept_and_open_uploads_kept(lite: Desk) -> None:
    told = (await lite.send(THREE)).json()
    (lite.folder / "leftover.part").write_bytes(b"x")
    Spool(lite.folder).open({told["id"]})
    assert lite.spooled() == [told["id"]]
    await lite.worker.drain()
    assert (await lite.told(told["id"]))["state"] == "done"


async def test_so_many_faults_are_kept_and_all_are_counted(
    lite: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "FAULTS_KEPT_MAX", 3)
    told = await lite.done(HEAD + "1,,53.5,9.9\n" * 5)
    assert (told["rejected"], told["faults"]) == (5, 5)
    assert [row for row, _, _ in await lite.faults(told["id"])] == [2, 3, 4]


async def test_a_disk_that_is_nearly_full_takes_no_upload(
    lite: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "DISK_FREE_MIN", 2**62)
    answer = await lite.send(THREE)
    assert (answer.status_code, "nearly full" in answer.json()["detail"]) == (503, True)
    assert lite.spooled() == []


async def test_a_client_that_stalls_gives_its_place_free(
    lite: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def stalling() -> AsyncIterator[bytes]:
        yield b"name,lat"
        await asyncio.sleep(60)

    monkeypatch.setattr(spool, "CHUNK_S_MAX", 0.05)
    path = "/api/cameras/imports?format=csv"
    answer = await lite.client.post(path, content=stalling(), headers=as_(ADMIN))
    assert (answer.status_code, lite.spooled()) == (503, [])


async def test_so_many_uploads_at_once_are_taken(
    lite: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool, "UPLOADS_MAX", 0)
    assert (await lite.send(THREE)).status_code == 429
    assert lite.spooled() == []
