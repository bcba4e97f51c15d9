"""What everybody may read of the log, what an auditor may, and what nobody else may."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from consentry.audit import LoggedAct, Receipt, Retention
from consentry.audit.commands import show
from consentry.audit.copies import BundleCopy
from consentry.audit.layout import unbundle
from consentry.audit.notes import Note, opened
from consentry.audit.receipts import check
from consentry.audit.verification import Verdict, verify
from consentry.infra.db import Database
from consentry.kernel.access import Principal

from .builders import AGENCY, CAMERA, OTHER_AGENCY, a_subject, an_actor
from .hub import AUDITOR, HOLDER, SECOND, STRANGER, Hub

pytestmark = pytest.mark.anyio


@pytest.fixture
def hub(sqlite: Database, tmp_path: Path) -> Hub:
    return Hub(sqlite, tmp_path)


@pytest.fixture
def both(database: Database, tmp_path: Path) -> Hub:
    """On either database: for what the store answers."""
    return Hub(database, tmp_path)


async def get(hub: Hub, who: Principal, path: str, expect: int = 200) -> httpx.Response:
    async with hub.client(who) as client:
        answer = await client.get(path)
    assert answer.status_code == expect, answer.text
    return answer


async def post(hub: Hub, who: Principal, path: str, body: object, expect: int) -> httpx.Response:
    async with hub.client(who) as client:
        answer = await client.post(path, json=body)
    assert answer.status_code == expect, answer.text
    return answer


async def test_everybody_reads_checkpoint_and_tiles(both: Hub) -> None:
    both.written(300)
    async with both.client() as client:
        note = (await client.get("/log/checkpoint")).text
        full = await client.get("/log/tile/0/000")
        part = await client.get("/log/tile/0/001.p/44")
        upper = await client.get("/log/tile/1/000.p/1")
        leaves = await client.get("/log/tile/entries/001.p/44")
    assert opened(Note.parse(note), both.log.policy.log).size == 300
    assert [len(a.content) for a in (full, part, upper)] == [256 * 32, 44 * 32, 32]
    assert len(unbundle(leaves.content)) == 44
    assert "immutable" in full.headers["cache-control"]


@pytest.mark.parametrize(
    "path",
    [
        "0/001",
        "0/000.p/256",
        "0/000.p/0",
        "0/0",
        "0/00",
        "7/000",
        "0/x000/000",
        "entries/001.p/45",
        "1/001",
        "0/000.p/01",
        "0/../000",
        "entries/x999/x999/x999/x999/999",
        "a",
        "0/000.p/44/1",
    ],
)
async def test_no_other_name_is_a_tile(hub: Hub, path: str) -> None:
    hub.written(300)
    await get(hub, AUDITOR, f"/log/tile/{path}", 404)


async def test_strangers_see_the_log_late_and_people_see_it_now(
    sqlite: Database, tmp_path: Path
) -> None:
    hub = Hub(sqlite, tmp_path, delay_s=900)
    hub.written(3)
    await get(hub, STRANGER, "/log/tile/0/000.p/3")
    async with hub.client() as client:
        assert (await client.get("/log/checkpoint")).status_code == 503
        assert (await client.get("/log/tile/0/000.p/3")).status_code == 404
        assert (await client.get("/api/log/checkpoint")).status_code == 401
        late = await client.get("/api/log/consistency?old=1&new=3")
        assert late.status_code == 422
        hub.clock.advance(timedelta(minutes=15))
        hub.log.advance()
        assert "\n3\n" in (await client.get("/log/checkpoint")).text
        assert (await client.get("/log/tile/0/000.p/3")).status_code == 200
    assert "\n3\n" in (await get(hub, HOLDER, "/api/log/checkpoint")).text


async def test_a_consistency_proof_is_refused_beyond_the_log(hub: Hub) -> None:
    hub.written(5)
    found = (await get(hub, AUDITOR, "/api/log/consistency?old=3&new=5")).json()
    assert (found["old"], found["new"], len(found["proof"])) == (3, 5, 4)
    for query in ("old=4&new=3", "old=0&new=6", "old=-1&new=3", f"old=0&new={10**30}", "old=1"):
        await get(hub, AUDITOR, f"/api/log/consistency?{query}", 422)


async def test_an_auditor_sees_own_entries_only_and_leaves_a_trace(both: Hub) -> None:
    both.written(3)
    both.written(2, actor=an_actor(agency=OTHER_AGENCY, id="zoe"), reference="I-8")
    page = (await get(both, AUDITOR, f"/api/log/entries?subject={CAMERA}")).json()
    assert {item["entry"]["actor"]["agency"] for item in page["items"]} == {AGENCY}
    assert len(page["items"]) == 3
    traces = (await get(both, AUDITOR, "/api/log/entries?act=log_searched")).json()["items"]
    assert traces[-1]["entry"]["reason"] == f"subject {CAMERA}"
    assert traces[-1]["position"] is None  # not placed yet
    held = (await get(both, HOLDER, "/api/log/entries", 403)).json()
    assert held["type"].endswith("denied")


async def test_pages_follow_one_another_without_gap(both: Hub) -> None:
    written = [entry.id for entry in both.written(25)]
    seen: list[str] = []
    path = "/api/log/entries?act=ask_permitted&limit=10"
    cursor = ""
    while True:
        page = (await get(both, AUDITOR, path + cursor)).json()
        seen += [item["entry"]["id"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == written[::-1]


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("act=ask_refused", 1),
        ("reference=I-9", 1),
        ("actor=zoe", 1),
        ("subject_kind=party", 1),
        ("since=2999-01-01T00:00:00Z", 0),
        ("until=2001-01-01T00:00:00Z", 0),
        ("act=ask_permitted", 3),
    ],
)
async def test_every_filter_narrows(hub: Hub, query: str, count: int) -> None:
    hub.written(act=LoggedAct.ASK_REFUSED)
    hub.written(reference="I-9")
    hub.written(actor=an_actor(id="zoe"))
    hub.written(on=a_subject(kind="party"))
    found = (await get(hub, AUDITOR, f"/api/log/entries?{query}")).json()["items"]
    assert len(found) == count


@pytest.mark.parametrize(
    "query",
    [
        "act=none",
        "limit=0",
        "limit=201",
        "cursor=!",
        "cursor=MTA",
        "since=2026-01-01T00:00:00",
        "actor=" + "x" * 201,
        "unknown=1",
        "actor=%00",
        "since=2026-11-20T12:00:00Z&until=2026-11-19T12:00:00Z",
    ],
)
async def test_a_wrong_filter_is_named(hub: Hub, query: str) -> None:
    await get(hub, AUDITOR, f"/api/log/entries?{query}", 422)


async def test_an_entry_comes_with_a_proof_that_holds_offline(hub: Hub) -> None:
    entry = hub.written(9, act=LoggedAct.STATEMENT_ACCEPTED)[4]
    for who, path in ((AUDITOR, "entries"), (HOLDER, "receipts")):
        answer = await get(hub, who, f"/api/log/{path}/{entry.id}")
        checked = check(Receipt.parse(answer.text), hub.log.policy)
        assert checked.entry == entry


async def test_accesses_are_told_where_a_delayed_notice_is_known(hub: Hub) -> None:
    entry = hub.written(act=LoggedAct.ASK_PERMITTED)[0]
    await get(hub, HOLDER, f"/api/log/receipts/{entry.id}", 404)
    await get(hub, AUDITOR, f"/api/log/entries/{entry.id}")


async def test_an_entry_of_others_is_not_found(hub: Hub) -> None:
    entry = hub.written()[0]
    await get(hub, STRANGER, f"/api/log/entries/{entry.id}", 404)
    await post(hub, STRANGER, f"/api/log/entries/{entry.id}/erasure", BASIS, 404)
    await get(hub, AUDITOR, f"/api/log/receipts/{entry.id}", 403)
    await get(hub, AUDITOR, "/api/log/entries/nonsense", 422)


async def test_a_bundle_verifies_with_the_private_entries_of_ones_own(
    both: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both.written(300)
    both.written(20, actor=an_actor(agency=OTHER_AGENCY))
    answer = await get(both, AUDITOR, "/api/log/bundle")
    path = tmp_path / "log.zip"
    path.write_bytes(answer.content)
    names = zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert {"checkpoint", "tile/0/000", "private/000000000000.jsonl"} <= set(names)
    report = verify(BundleCopy(path), both.log.policy, [])
    show(report)
    assert report.verdict == Verdict.GOOD
    assert "300 entries in this copy fit" in capsys.readouterr().out


BASIS = {"basis": "Court order 12/2026, deletion of personal data"}


async def test_erasing_takes_two_persons_and_leaves_the_leaf(both: Hub, database: Database) -> None:
    entry = both.written(5)[2]
    path = f"/api/log/entries/{entry.id}/erasure"
    await post(both, AUDITOR, f"{path}/confirmation", None, 409)  # nobody has asked
    await post(both, AUDITOR, path, BASIS, 202)
    await post(both, AUDITOR, f"{path}/confirmation", None, 403)  # not the same person
    done = (await post(both, SECOND, f"{path}/confirmation", None, 200)).json()
    assert (done["state"], done["position"]) == ("erased", 2)
    both.log.advance()
    await get(both, AUDITOR, f"/api/log/entries/{entry.id}", 404)
    with database.engine.begin() as connection:
        kept = "SELECT count(*) FROM audit_leaf WHERE position = 2"
        assert connection.execute(text(kept)).scalar_one() == 1
    found = (await get(both, AUDITOR, "/api/log/entries?act=entry_erased")).json()["items"]
    assert found[0]["entry"]["ticket"]["requested_by"] == "ann"
    assert found[0]["entry"]["ticket"]["confirmed_by"] == "ben"
    await post(both, AUDITOR, f"/api/log/entries/{found[0]['entry']['id']}/erasure", BASIS, 409)


async def test_a_request_to_erase_lapses(hub: Hub) -> None:
    path = f"/api/log/entries/{hub.written()[0].id}/erasure"
    await post(hub, AUDITOR, path, BASIS, 202)
    hub.clock.advance(timedelta(days=15))
    await post(hub, SECOND, f"{path}/confirmation", None, 409)


async def test_nothing_is_erased_before_its_retention_ends(
    sqlite: Database, tmp_path: Path
) -> None:
    hub = Hub(sqlite, tmp_path, retention=Retention())
    entry = hub.written()[0]
    path = f"/api/log/entries/{entry.id}/erasure"
    refused = await post(hub, AUDITOR, path, BASIS, 409)
    assert refused.json()["type"].endswith("retained")
    hub.clock.advance(timedelta(days=6 * 366))
    await post(hub, AUDITOR, path, BASIS, 202)


def test_a_shorter_retention_is_for_demonstrations_alone() -> None:
    with pytest.raises(ValueError, match="six years"):
        Retention(span=timedelta(days=365))
    assert Retention(span=timedelta(0), demo=True).span == timedelta(0)


@pytest.mark.parametrize("basis", ["", "short", " " * 20, "x" * 501, None, 7])
async def test_an_erasure_names_its_ground(hub: Hub, basis: object) -> None:
    entry = hub.written()[0]
    await post(hub, AUDITOR, f"/api/log/entries/{entry.id}/erasure", {"basis": basis}, 422)
