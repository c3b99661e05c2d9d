"""Manifests of many commits become one, which changes no row, for readers of rows and of changes."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pyiceberg.manifest import ManifestContent, ManifestEntryStatus

from dao import TableObject

FEW = {"commit.manifest.min-count-to-merge": "4"}


def appended(dao, table, first: int, count: int, **more) -> list[int]:
    return [
        dao.write(pa.table({"id": [number], "name": [f"n{number % 2}"]}), table, mode="append", **more).version_after
        for number in range(first, first + count)
    ]


def facts(foreign) -> dict[str, tuple]:
    """What each file has from the commit that it came with."""
    return {
        one.path: (one.entry.snapshot_id, one.entry.sequence_number, one.entry.file_sequence_number, one.file.spec_id)
        for one in foreign.data_files
    }


def test_many_become_one_and_files_keep_their_numbers(dao, table, foreign, client):
    versions = appended(dao, table, 0, 4, properties=FEW)
    before = facts(foreign)
    assert len(foreign.now.manifests) == 4
    versions += appended(dao, table, 4, 1)
    assert sorted(len(client.reader.all(one)) for one in foreign.now.manifests) == [1, 4]
    assert before.items() <= facts(foreign).items()
    assert [number for _, number, _, _ in facts(foreign).values()] == [5, 4, 3, 2, 1]
    statuses = {one.entry.snapshot_id: one.entry.status for one in foreign.data_files}
    assert statuses.pop(versions[-1]) == ManifestEntryStatus.ADDED
    assert set(statuses.values()) == {ManifestEntryStatus.EXISTING}
    assert sorted(dao.read(table)["id"].to_pylist()) == list(range(5))
    assert sorted(foreign.now.table.scan().to_arrow()["id"].to_pylist()) == list(range(5))
    assert [dao.read_changes(table, since=one)["id"].to_pylist() for one in versions] == [
        list(range(number + 1, 5)) for number in range(5)
    ]
    assert [sorted(dao.read(table, version=one)["id"].to_pylist()) for one in versions] == [
        list(range(number + 1)) for number in range(5)
    ]


def test_files_that_go_with_the_same_commit_are_told_as_gone(dao, table, foreign, client):
    versions = appended(dao, table, 0, 4, properties=FEW)
    result = dao.delete(table, where="id = 1")
    [manifest] = foreign.now.manifests
    entries = [one.entry for one in client.reader.all(manifest)]
    assert sorted(one.status for one in entries) == [ManifestEntryStatus.EXISTING] * 3 + [ManifestEntryStatus.DELETED]
    assert [one.snapshot_id for one in entries if one.status == ManifestEntryStatus.DELETED] == [result.version_after]
    changes = dao.read_changes(table, since=versions[-1])
    assert changes.select(["id", "_change_type"]).to_pylist() == [{"id": 1, "_change_type": "delete"}]
    appended(dao, table, 4, 3)
    assert sorted(dao.read(table)["id"].to_pylist()) == [0, 2, 3, 4, 5, 6]
    assert dao.run("expire", table, older_than=0, dry_run=False).details["versions"] == 7
    assert sorted(dao.read(table)["id"].to_pylist()) == [0, 2, 3, 4, 5, 6]


def test_deletes_and_older_partitions_stay_apart(dao, table, foreign):
    appended(dao, table, 0, 3, properties=FEW)
    foreign.delete_equal(pa.table({"id": [1]}), {"id": 1})
    with foreign.now.table.update_spec() as update:
        update.add_field("id", "bucket[2]", "id_bucket")
    appended(dao, table, 3, 5)
    kinds = sorted((one.partition_spec_id, one.content) for one in foreign.now.manifests)
    assert kinds == [(0, ManifestContent.DATA)] * 3 + [(0, ManifestContent.DELETES)] + [(1, ManifestContent.DATA)] * 2
    assert sorted(dao.read(table)["id"].to_pylist()) == [0, 2, 3, 4, 5, 6, 7]
    assert dao.read(table, where="id = 5")["id"].to_pylist() == [5]


def test_full_ones_stay_and_the_rest_waits(dao, lake, foreign):
    table = TableObject("orders", lake)
    appended(dao, table, 0, 1)
    size = foreign.now.manifests[0].manifest_length
    with foreign.now.table.transaction() as transaction:
        transaction.set_properties({**FEW, "commit.manifest.target-size-bytes": str(5 * size)})
    appended(dao, table, 1, 30)
    lengths = [one.manifest_length for one in foreign.now.manifests]
    assert max(lengths) <= 5 * size
    assert 2 <= len(lengths) < 20
    assert sorted(dao.read(table)["id"].to_pylist()) == list(range(31))


@pytest.mark.parametrize("properties", [{**FEW, "commit.manifest-merge.enabled": "false"}, {}])
def test_none_is_merged_where_it_is_off_or_they_are_few(dao, table, foreign, properties):
    appended(dao, table, 0, 6, properties=properties)
    assert len(foreign.now.manifests) == 6
