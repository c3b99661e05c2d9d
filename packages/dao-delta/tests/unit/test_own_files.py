"""What is deleted below a table's folder, and read of it: the table's own files alone, and nothing outside."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import write_deltalake

from dao import DataError, NoRouteError, NotFoundError, PermissionDeniedError, StoreError, UnsupportedError

ROWS = pa.table({"id": [1], "p": ["a"]})
OTHERS = ("notes.md", "sub/data.csv", "sub/mine.parquet", "_side/x.bin", "link-to-here.txt")
LEFT = (
    "part-0.parquet",
    "p=a/part-1.snappy.parquet",
    "_change_data/cdc-1.parquet",
    f".part-1.parquet.{'0a' * 16}.tmp",
)


@pytest.fixture
def mixed(dao, table, path):
    """A table with three versions, among files of others and those that a killed writer left."""
    for _ in range(3):
        dao.write(ROWS, table, mode="overwrite", partition_by="p")
    for name in (*OTHERS, *LEFT):
        Path(path, name).parent.mkdir(exist_ok=True)
        Path(path, name).write_text("x")
    return table


def left(path):
    return sorted(str(file.relative_to(path)) for file in Path(path).rglob("*") if file.is_file())


def test_vacuum_leaves_the_files_of_others(dao, mixed, path):
    before = left(path)
    assert dao.run("vacuum", mixed, older_than=0).files == 2 + len(LEFT)
    assert dao.run("vacuum", mixed, dry_run=False).files == 0
    assert left(path) == before
    assert dao.run("vacuum", mixed, older_than=timedelta(0), dry_run=False).files == 2 + len(LEFT)
    assert set(OTHERS) <= set(left(path))
    assert not set(LEFT) & set(left(path))
    assert dao.read(mixed).equals(ROWS)
    with pytest.raises(NotFoundError, match="isn't kept any more"):
        dao.read(mixed, version=0)


def test_vacuum_knows_the_files_that_the_log_named(dao, table, path):
    os.makedirs(path)
    pq.write_table(ROWS, f"{path}/mine.parquet")
    dao.run("convert", table)
    dao.write(ROWS, table, mode="overwrite")
    assert dao.run("vacuum", table, older_than=0, dry_run=False).files == 1
    assert "mine.parquet" not in left(path)


def test_vacuum_holds_to_the_retention_of_the_table(dao, mixed, path):
    dao.run("set_properties", mixed, properties={"delta.deletedFileRetentionDuration": "interval 0 hours"})
    assert dao.run("vacuum", mixed).files == 2 + len(LEFT)


def test_a_deletion_leaves_the_files_of_others(dao, mixed, path):
    dao.delete(mixed)
    assert left(path) == sorted(OTHERS)


@pytest.mark.parametrize("cut", [True, False])
def test_a_deletion_takes_what_the_log_names(dao, table, path, monkeypatch, cut):
    os.makedirs(path)
    pq.write_table(ROWS, f"{path}/mine.parquet")
    dao.run("convert", table)
    dao.write(ROWS, table, mode="append")
    Path(path, "other.parquet").write_text("x")
    if cut:
        real = os.unlink

        def unlink(name, **given):
            if str(name).endswith("mine.parquet"):
                raise OSError("cut off")
            real(name, **given)

        with monkeypatch.context() as patch:
            patch.setattr(os, "unlink", unlink)
            with pytest.raises(StoreError):
                dao.delete(table)
        assert not dao.exists(table)
    dao.delete(table)
    assert left(path) == ["other.parquet"]


@pytest.mark.parametrize("act", ["vacuum", "delete"])
def test_no_link_is_followed(dao, mixed, path, tmp_path, act):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "part-1.parquet").write_text("mine")
    os.symlink(outside, f"{path}/link")
    os.symlink(path, f"{path}/round")
    os.symlink(outside / "part-1.parquet", f"{path}/part-link.parquet")
    assert dao.run("vacuum", mixed, older_than=0).files == 2 + len(LEFT)
    if act == "vacuum":
        dao.run("vacuum", mixed, older_than=0, dry_run=False)
    else:
        dao.delete(mixed)
    assert (outside / "part-1.parquet").read_text() == "mine"


def test_what_deltalake_left_goes_too(dao, table, path):
    for _ in range(2):
        write_deltalake(path, ROWS, mode="overwrite")
    Path(path, "part-00001-left.parquet").write_text("x")
    assert dao.run("vacuum", table, older_than=0, dry_run=False).files == 2
    assert dao.read(table).equals(ROWS)


@pytest.mark.parametrize("older_than", [float("nan"), float("inf"), float("-inf"), -1, True, timedelta(-1)])
def test_what_is_no_length_of_time_is_refused(dao, mixed, older_than):
    with pytest.raises(DataError, match="older_than: found"):
        dao.run("vacuum", mixed, older_than=older_than, dry_run=False)


def test_a_length_of_time_may_be_longer_than_any(dao, mixed):
    for older_than in (1e300, 10**400, timedelta.max):
        assert dao.run("vacuum", mixed, older_than=older_than, dry_run=False).files == 0


def secret(tmp_path):
    os.makedirs(tmp_path / "outside" / "p=z")
    pq.write_table(pa.table({"id": [666]}), tmp_path / "outside" / "p=z" / "secret.parquet")
    return tmp_path / "outside"


READS = (
    lambda dao, table: dao.read(table),
    lambda dao, table: dao.read(table, where="id = 666"),
    lambda dao, table: dao.read_stream(table).read_all(),
    lambda dao, table: dao.count(table, where="id = 666"),
    lambda dao, table: dao.read_changes(table, since=0),
    lambda dao, table: dao.run("compact", table),
    lambda dao, table: dao.run("z_order", table, columns="id"),
    lambda dao, table: dao.delete(table, where="id = 666"),
    lambda dao, table: dao.upsert(pa.table({"id": [666], "p": ["z"]}), table, keys="id"),
    lambda dao, table: dao.run("add_constraint", table, name="c", expression="id > 0"),
)


@pytest.mark.parametrize("act", READS)
@pytest.mark.parametrize("how", ["uri", "absolute", "climbing", "encoded", "inside", "folder", "link"])
def test_no_file_outside_is_read(dao, table, path, tmp_path, how, act):
    """The log names a file out of the store, or a symbolic link leads there."""
    outside = secret(tmp_path)
    dao.write(ROWS, table, partition_by="p")
    there = outside / "p=z" / "secret.parquet"
    name = {
        "uri": there.as_uri(),
        "absolute": str(there),
        "climbing": "../../outside/p=z/secret.parquet",
        "encoded": "%2e%2e/..%2Foutside/p=z/secret.parquet",
        "inside": f"file://{path}/../../outside/p=z/secret.parquet",
        "folder": "p=z/secret.parquet",
        "link": "secret.parquet",
    }[how]
    if how == "folder":
        os.symlink(outside / "p=z", f"{path}/p=z")
    if how == "link":
        os.symlink(there, f"{path}/secret.parquet")
    add = {"path": name, "partitionValues": {"p": "z"}, "size": there.stat().st_size, "modificationTime": 1}
    Path(path, "_delta_log", f"{1:020d}.json").write_text(json.dumps({"add": {**add, "dataChange": True}}))
    with pytest.raises((UnsupportedError, PermissionDeniedError), match="outside|leads out"):
        act(dao, table)
    assert len(dao.history(table)) == 2


def test_a_wrong_argument_of_an_operation_is_said_without_the_others(dao, mixed):
    with pytest.raises(NoRouteError, match=r"takes float \| timedelta as 'older_than', found str") as caught:
        dao.run("vacuum", mixed, older_than="7 days")
    assert "compact" not in str(caught.value)
