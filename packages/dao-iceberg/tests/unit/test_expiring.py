"""``expire`` deletes old versions with their files, and never a file that another version needs."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitStateUnknownException
from pyiceberg.table.update import SetSnapshotRefUpdate

from dao import TableObject
from dao.errors import DataError, NotFoundError, TransientError, UnsupportedError
from dao.increments import Position

ROWS = pa.table({"id": pa.array(range(4), pa.int64())})
MORE = pa.table({"id": [9]})


def keys(client, kind: str = "") -> set[str]:
    return {stat.key for stat in client.transport.list("orders/") if stat.key.endswith(kind)}


def versions(dao, table) -> list[int]:
    return [one.version for one in dao.history(table)]


def test_old_versions_go_with_their_files(dao, table, client):
    first = dao.write(ROWS, table).version_after
    old = keys(client, ".parquet")
    dao.write(MORE, table, mode="overwrite")
    last = dao.write(MORE, table, mode="append").version_after
    before = keys(client)
    dry = dao.run("expire", table, older_than=0)
    assert (dry.details, dry.files) == ({"versions": 2, "names": [], "dry_run": True}, 5)
    assert (keys(client), len(versions(dao, table))) == (before, 3)
    result = dao.run("expire", table, older_than=0, dry_run=False)
    assert (result.details, result.files) == ({"versions": 2, "names": [], "dry_run": False}, 5)
    assert (result.version_before, result.version_after, versions(dao, table)) == (last, last, [last])
    gone = before - keys(client)
    assert (len(gone), old <= gone) == (5, True)
    assert dao.read(table)["id"].to_pylist() == [9, 9]
    with pytest.raises(NotFoundError):
        dao.read(table, version=first)
    again = dao.run("expire", table, older_than=0, dry_run=False)
    assert (again.details["versions"], again.files) == (0, 0)


def test_what_is_young_or_wanted_stays(dao, table, foreign):
    for _ in range(4):
        dao.write(MORE, table, mode="append")
    for given in ({}, {"older_than": timedelta(days=1)}, {"older_than": 0, "keep": 4}):
        assert dao.run("expire", table, dry_run=False, **given).details["versions"] == 0
    properties = {"history.expire.min-snapshots-to-keep": "3", "history.expire.max-snapshot-age-ms": "0"}
    with foreign.now.table.transaction() as transaction:
        transaction.set_properties(properties)
    assert dao.run("expire", table).details["versions"] == 1
    assert dao.run("expire", table, keep=2, dry_run=False).details["versions"] == 2
    for wrong in ({"older_than": -1}, {"keep": 0}, {"older_than": timedelta(-1)}):
        with pytest.raises(DataError):
            dao.run("expire", table, **wrong)


def test_tags_and_branches_keep_what_they_need(dao, table, client):
    dao.write(ROWS, table)
    dao.run("create_tag", table, name="first")
    dao.write(MORE, table, mode="append", branch="audit")
    dao.write(MORE, table, mode="append", branch="audit")
    dao.write(MORE, table, mode="overwrite")
    dao.run("expire", table, older_than=0, dry_run=False)
    assert [dao.count(table), dao.count(table, tag="first"), dao.count(table, branch="audit")] == [1, 4, 6]
    assert dao.run("expire", table, older_than=0, keep=1).details["versions"] == 0
    dao.run("drop_tag", table, name="first")
    assert dao.run("expire", table, older_than=0, dry_run=False).details["versions"] == 1
    dao.run("drop_branch", table, name="audit")
    assert dao.run("expire", table, older_than=0, dry_run=False).details["versions"] == 1
    assert (dao.count(table), len(keys(client, ".parquet"))) == (1, 1)


def test_a_table_that_may_not_be_tidied(dao, table, foreign):
    dao.write(ROWS, table)
    dao.write(ROWS, table, mode="overwrite")
    with foreign.now.table.transaction() as transaction:
        transaction.set_properties({"gc.enabled": "false"})
    for name in ("expire", "orphans"):
        with pytest.raises(UnsupportedError, match="gc.enabled"):
            dao.run(name, table, older_than=0, dry_run=False)
    assert len(versions(dao, table)) == 2


def test_a_position_that_a_rollback_made_void_stays_void(dao, table, client, lake):
    from pyiceberg.table.update import SetSnapshotRefUpdate

    first = dao.write(ROWS, table, position=Position("source", 4)).version_after
    dao.write(MORE, table, mode="append", position=Position("source", 5, since=4))
    back = SetSnapshotRefUpdate(ref_name="main", type="branch", snapshot_id=first)
    client.catalogs.get().commit_table(client.open("orders").table, (), (back,))
    assert lake.interface.read_position(table, source="source") is None
    dao.run("expire", table, older_than=0, dry_run=False)
    assert len(client.open("orders").metadata.snapshots) == 1
    assert lake.interface.read_position(table, source="source") is None


def test_a_branch_gets_no_position_of_a_version_that_it_never_had(dao, table, lake):
    dao.write(ROWS, table)
    dao.run("create_branch", table, name="trial")
    dao.write(MORE, table, mode="append", position=Position("source", 5))
    dao.write(MORE, table, mode="append")
    dao.run("expire", table, older_than=0, dry_run=False)
    assert lake.interface.read_position(table, source="source").version == 5
    assert lake.interface.read_position(table, source="source", branch="trial") is None


def test_nothing_is_deleted_while_the_outcome_is_unknown(dao, table, client, monkeypatch):
    dao.write(ROWS, table)
    dao.write(MORE, table, mode="overwrite")
    before = keys(client)
    catalog = client.catalogs.get()

    def gone(*_):
        raise CommitStateUnknownException("nothing is known")

    def unknown(*_):
        monkeypatch.setattr(catalog, "load_table", gone)
        gone()

    monkeypatch.setattr(catalog, "commit_table", unknown)
    with pytest.raises(TransientError, match="may have been made"):
        dao.run("expire", table, older_than=0, dry_run=False)
    monkeypatch.undo()
    assert (keys(client), len(versions(dao, table))) == (before, 2)


def test_a_writer_that_comes_between(dao, table, client, monkeypatch):
    """It keeps a file that the expiry was to delete."""
    first = dao.write(ROWS, table).version_after
    dao.write(MORE, table, mode="overwrite")
    catalog = client.catalogs.get()
    commit = catalog.commit_table

    def restored_first(*given):
        monkeypatch.undo()
        dao.run("restore", table, version=first)
        return commit(*given)

    monkeypatch.setattr(catalog, "commit_table", restored_first)
    dao.run("expire", table, older_than=0, dry_run=False)
    assert dao.read(table)["id"].to_pylist() == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_happened_all_that_is_kept_can_be_read(dao, lake, foreign, client, seed):
    random = Random(seed)
    table = TableObject("orders", lake)
    dao.write(ROWS, table)
    for number in range(12):
        ids = sorted({random.randrange(6) for _ in range(2)})
        match random.randrange(7):
            case 0:
                dao.write(pa.table({"id": ids}), table, mode="append")
            case 1:
                dao.delete(table, where=f"id = {ids[0]}")
            case 2:
                foreign.delete_equal(pa.table({"id": ids}), {"id": 1})
            case 3:
                dao.run("compact", table)
            case 4:
                dao.run("rewrite_manifests", table)
            case 5:
                dao.run("create_tag", table, name=f"t{number}", version=random.choice(versions(dao, table)))
            case 6:
                dao.run("expire", table, older_than=0, keep=random.randrange(1, 5), dry_run=False)
    dao.write(MORE, table, mode="append")
    known = client.open("orders").metadata.snapshots
    kept = {one.snapshot_id: dao.read(table, version=one.snapshot_id).num_rows for one in known}
    dao.run("expire", table, older_than=0, keep=2, dry_run=False)
    left = {one.snapshot_id for one in client.open("orders").metadata.snapshots}
    assert {version: dao.read(table, version=version).num_rows for version in left} == {one: kept[one] for one in left}
    orphans = dao.run("orphans", table, older_than=0)
    assert orphans.files == 0, "all that no version needs is gone"


@pytest.fixture
def aged(dao, table, client, monkeypatch):
    """Four versions, two of them on a branch, a tag of the first; then a way to let time go on, in milliseconds."""
    for branch in (None, None, "b", "b"):
        dao.write(MORE, table, mode="append", branch=branch)
    dao.run("create_tag", table, name="t", version=dao.history(table)[-1].version)
    newest = client.open("orders").metadata.snapshots[-1].timestamp_ms

    def go_on(later: int) -> None:
        monkeypatch.setattr("dao_iceberg._actions.expiring.now", lambda: newest + later)

    return go_on


def say(client, name: str, **ages) -> None:
    """Let a branch or tag say what of it stays."""
    table = client.open("orders").table
    ref = table.metadata.refs[name]
    update = SetSnapshotRefUpdate(ref_name=name, type=ref.snapshot_ref_type, snapshot_id=ref.snapshot_id, **ages)
    client.catalogs.get().commit_table(table, (), (update,))


def expired(dao, table, **given) -> tuple[int, list[str]]:
    details = dao.run("expire", table, **given).details
    return details["versions"], details["names"]


def test_a_branch_prevails_over_the_call_and_the_call_over_the_table(dao, table, client, aged):
    aged(1000_000)
    assert expired(dao, table) == (0, [])
    dao.run("set_properties", table, properties={"history.expire.max-snapshot-age-ms": 500_000})
    assert expired(dao, table) == (1, [])
    dao.run("set_properties", table, properties={"history.expire.min-snapshots-to-keep": 2})
    assert expired(dao, table) == (0, [])
    assert expired(dao, table, keep=1) == (1, [])
    assert expired(dao, table, keep=1, older_than=2000) == (0, [])
    say(client, "b", min_snapshots_to_keep=2)
    assert expired(dao, table, keep=1) == (0, [])
    say(client, "b", max_snapshot_age_ms=2000_000)
    assert expired(dao, table, keep=1, older_than=0) == (0, [])
    say(client, "b", max_snapshot_age_ms=1000)
    assert expired(dao, table, keep=1, older_than=2000, dry_run=False) == (1, [])
    assert (dao.count(table), dao.count(table, branch="b"), dao.count(table, tag="t")) == (2, 4, 1)


def test_branches_and_tags_get_too_old_but_main_never(dao, table, client, aged):
    dao.write(MORE, table, mode="append", branch="b", position=Position("s", 1))
    aged(1000_000)
    dao.run("set_properties", table, properties={"history.expire.max-ref-age-ms": 2000_000})
    assert expired(dao, table, older_than=0) == (2, [])
    say(client, "t", max_ref_age_ms=1000)
    assert expired(dao, table, older_than=9999) == (0, ["t"])
    dao.run("set_properties", table, properties={"history.expire.max-ref-age-ms": 1000})
    say(client, "t", max_ref_age_ms=2000_000)
    before = keys(client)
    assert expired(dao, table, older_than=0, dry_run=False) == (3, ["b"])
    assert (sorted(client.open("orders").metadata.refs), dao.count(table), dao.count(table, tag="t")) == (
        ["main", "t"],
        2,
        1,
    )
    assert not any("dao.positions" in name for name in client.open("orders").properties)
    assert len([one for one in before - keys(client) if one.endswith(".parquet")]) == 3
    say(client, "t", max_ref_age_ms=1000)
    assert expired(dao, table, older_than=9999, dry_run=False) == (0, ["t"])
    assert expired(dao, table, older_than=0, dry_run=False) == (1, [])
    assert dao.count(table) == 2


def test_versions_before_a_tag_are_in_no_line(dao, table, client, aged):
    for _ in range(2):
        dao.write(MORE, table, mode="append", branch="b")
    dao.run("create_tag", table, name="u", branch="b")
    dao.run("drop_branch", table, name="b")
    aged(1000_000)
    assert expired(dao, table, older_than=999) == (3, [])
    assert expired(dao, table, older_than=1001) == (0, [])
