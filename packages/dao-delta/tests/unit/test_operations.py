"""Operations of run that deltalake does: what they leave, and what they refuse."""

from __future__ import annotations

import os
from datetime import timedelta

import pyarrow as pa
import pytest
from deltalake import DeltaTable, TableFeatures

from dao import DataError, NotFoundError, StoreError, UnsupportedError


def ids(*values):
    return pa.table({"id": pa.array(values, pa.int64())})


def read_ids(dao, table, **given):
    return sorted(dao.read(table, **given)["id"].to_pylist())


@pytest.fixture
def five(dao, table):
    """A table of five files and five versions."""
    for number in range(5):
        dao.write(ids(number), table, mode="append" if number else "error")
    return table


def test_compact_leaves_the_rows_in_one_file(dao, five, path):
    result = dao.run("compact", five)
    assert (result.version_before, result.version_after) == (4, 5)
    assert result.details["files_removed"] == 5
    assert len(DeltaTable(path).file_uris()) == 1
    assert read_ids(dao, five) == [0, 1, 2, 3, 4]
    assert read_ids(dao, five, version=2) == [0, 1, 2]


def test_compact_of_what_is_compact_makes_no_version(dao, table):
    dao.write(ids(1), table)
    result = dao.run("compact", table)
    assert (result.version_before, result.version_after) == (0, 0)


def test_z_order_wants_columns_that_are_there(dao, five):
    with pytest.raises(DataError, match="nobody"):
        dao.run("z_order", five, columns=["nobody"])
    dao.run("z_order", five, columns="id")
    assert read_ids(dao, five) == [0, 1, 2, 3, 4]


def test_vacuum_deletes_what_old_versions_need_and_what_no_version_names(dao, five, path):
    dao.run("compact", five)
    with open(os.path.join(path, "part-left-by-a-killed-writer.parquet"), "wb") as file:
        file.write(b"half a file")
    seen = dao.run("vacuum", five, older_than=0)
    assert (seen.files, seen.details["dry_run"]) == (6, True)
    assert read_ids(dao, five, version=1) == [0, 1]
    done = dao.run("vacuum", five, older_than=timedelta(0), dry_run=False)
    assert (done.files, done.details["dry_run"]) == (6, False)
    assert read_ids(dao, five) == [0, 1, 2, 3, 4]
    with pytest.raises(NotFoundError):
        dao.read(five, version=1)


def test_vacuum_keeps_what_is_young(dao, five, path):
    dao.run("compact", five)
    assert dao.run("vacuum", five, dry_run=False).files == 0
    assert read_ids(dao, five, version=0) == [0]


def test_restore_makes_a_new_version(dao, five):
    moment = dao.history(five)[3].timestamp  # of version 1
    assert dao.run("restore", five, version=2).version_after == 5
    assert read_ids(dao, five) == [0, 1, 2]
    assert dao.run("restore", five, as_of=moment).version_after == 6
    assert read_ids(dao, five) == [0, 1]
    assert read_ids(dao, five, version=4) == [0, 1, 2, 3, 4]
    for asked in ({"version": 99}, {"version": -1}):
        with pytest.raises(NotFoundError):
            dao.run("restore", five, **asked)
    with pytest.raises(DataError):
        dao.run("restore", five)


def test_a_checkpoint_is_read_from(dao, five, path):
    dao.run("checkpoint", five)
    for version in range(5):
        os.unlink(os.path.join(path, "_delta_log", f"{version:020d}.json"))
    assert read_ids(dao, five) == [0, 1, 2, 3, 4]


def test_every_hundredth_version_writes_a_checkpoint(dao, table, path):
    dao.write(ids(0), table)
    dao.run("set_properties", table, properties={"delta.checkpointInterval": 3})
    for number in range(1, 4):
        dao.write(ids(number), table, mode="append")
    assert [name for name in os.listdir(os.path.join(path, "_delta_log")) if "checkpoint.parquet" in name] == [
        "00000000000000000003.checkpoint.parquet"
    ]


def test_properties_are_kept_and_honoured(dao, table, path):
    dao.write(ids(1), table)
    dao.run("set_properties", table, properties={"delta.appendOnly": True})
    assert DeltaTable(path).metadata().configuration["delta.appendOnly"] == "true"
    dao.write(ids(2), table, mode="append")
    with pytest.raises(UnsupportedError, match="append-only"):
        dao.write(ids(3), table, mode="overwrite")


def test_repair_takes_lost_files_out(dao, five, path):
    lost = DeltaTable(path).file_uris()[0]
    os.unlink(lost)
    with pytest.raises(StoreError, match="repair"):
        dao.read(five)
    assert len(dao.run("repair", five).details["files_lost"]) == 1
    with pytest.raises(StoreError):
        dao.read(five)
    dao.run("repair", five, dry_run=False)
    assert dao.count(five) == len(read_ids(dao, five)) == 4


@pytest.mark.parametrize("operation", ["compact", "vacuum", "checkpoint", "repair"])
def test_a_table_that_is_not_there(dao, table, operation):
    with pytest.raises(NotFoundError):
        dao.run(operation, table)


@pytest.mark.parametrize("target_size", [0, -1, 1 << 63, True])
def test_a_file_has_a_size(dao, five, target_size):
    for operation, more in (("compact", {}), ("z_order", {"columns": "id"})):
        with pytest.raises(DataError, match="target_size: found"):
            dao.run(operation, five, target_size=target_size, **more)


def test_what_deltalake_cant_write_is_no_conflict(dao, five, path):
    DeltaTable(path).alter.add_feature(TableFeatures.DomainMetadata, allow_protocol_versions_increase=True)
    with pytest.raises(UnsupportedError, match="deltalake can't do this to 'orders': .*DomainMetadata"):
        dao.run("compact", five)


def test_the_current_version_is_restored_by_doing_nothing(dao, five):
    result = dao.run("restore", five, version=4)
    assert (result.version_before, result.version_after) == (4, 4)


def test_a_version_that_is_gone_is_the_same_error_to_restore_and_to_read(dao, five):
    dao.run("compact", five)
    dao.run("vacuum", five, older_than=0, dry_run=False)
    for act in (lambda: dao.read(five, version=1), lambda: dao.run("restore", five, version=1)):
        with pytest.raises(
            NotFoundError, match="version 1 of 'orders' isn't kept any more: vacuum deleted files of it"
        ):
            act()


@pytest.mark.parametrize("since", ["0", "2026-01-01"])
def test_a_text_is_no_version(dao, five, since):
    with pytest.raises(NotFoundError, match="no version .*: versions are numbers from 0, and moments are a date"):
        dao.read_changes(five, since=since)
