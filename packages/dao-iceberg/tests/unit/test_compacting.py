"""``compact`` and ``rewrite_manifests`` change no row, for readers of rows and of changes, and leave no deletes."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import ManifestContent

from dao import TableObject
from dao.errors import NotFoundError

ROWS = pa.table({"id": pa.array(range(6), pa.int64()), "name": ["a", "b", None, "d", "e", "f"]})


def appended(dao, table, times: int = 4) -> int:
    for number in range(times):
        made = dao.write(pa.table({"id": [number], "name": [f"n{number % 2}"]}), table, mode="append")
    return made.version_after


def test_small_files_become_one(dao, table, foreign):
    before = appended(dao, table)
    result = dao.run("compact", table)
    assert (result.version_before, result.details) == (before, {"files_removed": 4, "files_added": 1})
    assert (result.rows_inserted, result.rows_deleted, result.files) == (0, 0, 1)
    assert dao.read(table)["id"].to_pylist() == [0, 1, 2, 3]
    assert (dao.history(table)[0].operation, len(foreign.data_files)) == ("replace", 1)
    assert dao.read_changes(table, since=before).num_rows == 0
    again = dao.run("compact", table)
    assert (again.version_after, again.details) == (result.version_after, {"files_removed": 0, "files_added": 0})


def test_large_files_stay(dao, table, foreign):
    appended(dao, table)
    size = foreign.data_files[0].file.file_size_in_bytes
    assert dao.run("compact", table, target_size=size).details["files_removed"] == 0
    with foreign.now.table.transaction() as transaction:
        transaction.set_properties({"write.target-file-size-bytes": str(size)})
    assert dao.run("compact", table).details["files_removed"] == 0
    assert dao.run("compact", table, target_size=size * 4).details["files_removed"] == 4


def test_deletes_go_with_their_files(dao, table, foreign):
    dao.write(ROWS, table)
    foreign.delete_positions(foreign.data_files[0].path, [0])
    foreign.delete_equal(pa.table({"id": [1, 3]}), {"id": 1})
    dao.write(pa.table({"id": [1], "name": ["again"]}), table, mode="append")
    before = dao.history(table)[0].version
    rows = sorted(dao.read(table)["id"].to_pylist())
    assert dao.run("compact", table).details == {"files_removed": 4, "files_added": 1}
    assert sorted(dao.read(table)["id"].to_pylist()) == rows == [1, 2, 4, 5]
    assert not foreign.now.has_deletes
    assert sorted(dao.read(table, version=before)["id"].to_pylist()) == rows
    assert dao.read_changes(table, since=before).num_rows == 0


def test_deletes_that_others_need_stay(dao, table, foreign):
    dao.write(pa.table({"id": pa.array(range(50_000), pa.int64())}), table)
    dao.write(pa.table({"id": [1, 2]}), table, mode="append")
    big, small = sorted(foreign.data_files, key=lambda one: -one.file.record_count)
    foreign.delete_positions(small.path, [0])
    foreign.delete_positions(big.path, [7], bounds=False)
    size = big.file.file_size_in_bytes
    foreign.delete_equal(pa.table({"id": [5, 2]}), {"id": 1})
    expected = sorted(dao.read(table)["id"].to_pylist())
    with foreign.now.table.transaction() as transaction:
        transaction.set_properties({"dao.test": "x"})
    assert dao.run("compact", table, target_size=size).details["files_removed"] == 5
    assert sorted(dao.read(table)["id"].to_pylist()) == expected
    assert len(expected) == 50_000 - 2 - 1


def test_partitions_are_compacted_each_and_older_ones_brought_up(dao, lake, foreign):
    table = TableObject("orders", lake, partition_by=["name"])
    appended(dao, table)
    assert dao.run("compact", table).details == {"files_removed": 4, "files_added": 2}
    assert {tuple(one.file.partition) for one in foreign.data_files} == {("n0",), ("n1",)}
    with foreign.now.table.update_spec() as update:
        update.remove_field("name")
        update.add_field("id", "bucket[1]", "id_bucket")
    assert dao.run("compact", table).details == {"files_removed": 2, "files_added": 1}
    assert {one.file.spec_id for one in foreign.data_files} == {foreign.now.spec.spec_id}
    assert sorted(dao.read(table)["id"].to_pylist()) == [0, 1, 2, 3]


def test_another_writer_does_not_make_it_write_twice(dao, table, client, monkeypatch):
    appended(dao, table)
    catalog = client.catalogs.get()
    commit = catalog.commit_table
    others = [True]

    def second(*given):
        if others:
            others.pop()
            dao.write(pa.table({"id": [9], "name": ["x"]}), table, mode="append")
            raise CommitFailedException("another was first")
        return commit(*given)

    monkeypatch.setattr(catalog, "commit_table", second)
    written = []
    writer = client.transport.writer
    monkeypatch.setattr(client.transport, "writer", lambda key, **more: (written.append(key), writer(key, **more))[1])
    result = dao.run("compact", table)
    assert result.details == {"files_removed": 4, "files_added": 1}
    assert sorted(dao.read(table)["id"].to_pylist()) == [0, 1, 2, 3, 9]
    assert len([key for key in written if key.endswith(".parquet")]) == 2


def test_rows_that_another_writer_deletes_meanwhile_stay_deleted(dao, table, client, monkeypatch):
    appended(dao, table)
    catalog = client.catalogs.get()
    commit = catalog.commit_table
    others = [True]

    def second(*given):
        if others:
            others.pop()
            dao.delete(table, where="id = 2")
            raise CommitFailedException("another was first")
        return commit(*given)

    monkeypatch.setattr(catalog, "commit_table", second)
    assert dao.run("compact", table).details == {"files_removed": 3, "files_added": 1}
    assert sorted(dao.read(table)["id"].to_pylist()) == [0, 1, 3]


def test_a_branch_alone_is_compacted(dao, table, foreign):
    appended(dao, table)
    dao.write(pa.table({"id": [9], "name": ["x"]}), table, mode="append", branch="audit")
    assert dao.run("compact", table, branch="audit").details == {"files_removed": 5, "files_added": 1}
    assert (len(foreign.data_files), dao.count(table, branch="audit"), dao.count(table)) == (4, 5, 4)
    for name in ("compact", "rewrite_manifests"):
        with pytest.raises(NotFoundError):
            dao.run(name, table, branch="nowhere")
        with pytest.raises(NotFoundError):
            dao.run(name, TableObject("nothing", table.data_store))


def test_manifests_become_few(dao, table, foreign, client):
    before = appended(dao, table, 5)
    foreign.delete_equal(pa.table({"id": [3]}), {"id": 1})
    foreign.delete_positions(foreign.data_files[0].path, [0])
    dao.write(pa.table({"id": [3], "name": ["x"]}), table, mode="append")
    rows = sorted(dao.read(table)["id"].to_pylist())
    files = {one.path for one in foreign.data_files}
    result = dao.run("rewrite_manifests", table)
    assert result.details == {"manifests_removed": 8, "manifests_added": 2}
    assert sorted(one.content for one in foreign.now.manifests) == [ManifestContent.DATA, ManifestContent.DELETES]
    assert ({one.path for one in foreign.data_files}, sorted(dao.read(table)["id"].to_pylist())) == (files, rows)
    assert dao.read_changes(table, since=result.version_before).num_rows == 0
    assert dao.read_changes(table, since=before).num_rows == 3
    assert dao.run("rewrite_manifests", table).details == {"manifests_removed": 0, "manifests_added": 0}


def test_manifests_of_a_size_stay(dao, table, foreign):
    appended(dao, table, 4)
    with foreign.now.table.transaction() as transaction:
        transaction.set_properties(
            {"commit.manifest.target-size-bytes": str(foreign.now.manifests[0].manifest_length * 2)}
        )
    assert dao.run("rewrite_manifests", table).details == {"manifests_removed": 4, "manifests_added": 2}
    assert dao.count(table) == 4
