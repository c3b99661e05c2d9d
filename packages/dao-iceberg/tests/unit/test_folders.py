"""Tables that no catalog names: folders, as other engines leave them, also such that were moved."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import ConfigError, DataError, NotFoundError, StoreError, UnsupportedError
from dao_files.manifest import MemoryTransport
from dao_iceberg._tables.io import Locations

DAO = DataAccessObject()


def folders(root, **more):
    return DataStore("folders", "iceberg", options={"root": str(root), "catalog": "hadoop", **more})


@pytest.fixture
def versions(lake):
    """Those of a table with changed columns, and the rows of each."""
    table = TableObject("shop/orders", lake, partition_by=["country"])
    rows = [{"id": 1, "country": "FI"}, {"id": 2, "country": "UK"}]
    first = DAO.write(rows, table).version_after
    second = DAO.upsert([{"id": 2, "country": "SE"}], table, keys="id").version_after
    DAO.run("evolve", table, rename={"country": "land"})
    third = DAO.delete(table, where="id = 1").version_after
    changed = [rows[0], {"id": 2, "country": "SE"}]
    return {first: rows, second: changed, third: [{"id": 2, "land": "SE"}]}


@pytest.fixture
def root(lake, versions):
    return lake.interface._client.transport.root


def root_files(folder):
    return [one for one in Path(folder).rglob("*") if one.is_file()]


def newest_of(folder):
    return max((one for one in root_files(folder) if one.name.endswith(".metadata.json")), key=lambda one: one.name)


def check(table, versions):
    first, second, newest = versions
    assert [one.version for one in DAO.history(table)] == [newest, second, first]
    for version, rows in versions.items():
        found = DAO.read(table, version=version)
        assert sorted(found.to_pylist(), key=repr) == sorted(rows, key=repr)
        assert DAO.count(table, version=version) == len(rows)
    assert DAO.read(table).to_pylist() == versions[newest]
    changes = DAO.read_changes(table, since=first, until=second)
    assert sorted(changes["_change_type"].to_pylist()) == ["delete", "insert"]


def test_a_folder_is_a_table(root, versions):
    table = TableObject("shop/orders", folders(root))
    check(table, versions)
    assert [one.key for one in DAO.list(table.data_store)] == ["shop/orders"]
    assert DAO.exists(table)
    missing = TableObject("shop/others", table.data_store)
    assert not DAO.exists(missing)
    with pytest.raises(NotFoundError, match=r"v1\.metadata\.json"):
        DAO.read(missing)


def test_a_folder_that_was_moved(root, versions, tmp_path):
    (tmp_path / "backup").mkdir()
    shutil.move(f"{root}/shop/orders", tmp_path / "backup" / "there")
    check(TableObject("there", folders(tmp_path / "backup")), versions)


def test_a_folder_that_was_copied_within_the_store(root, versions):
    shutil.copytree(f"{root}/shop/orders", f"{root}/copied/orders")
    for file in root_files(f"{root}/shop/orders"):
        file.unlink()
    check(TableObject("copied/orders", folders(root)), versions)


def test_its_metadata_may_be_the_key(root, versions):
    [first, *_], store = sorted(root_files(f"{root}/shop/orders/metadata"), key=lambda one: one.name), folders(root)
    table = TableObject(f"shop/orders/metadata/{first.name}", store)
    assert [one.version for one in DAO.history(table)] == [*versions][:1]
    assert DAO.exists(table)


def test_which_metadata_is_the_newest(root, versions):
    folder, table = f"{root}/shop/orders/metadata", TableObject("shop/orders", folders(root))
    newest = newest_of(folder)
    number, rest = newest.name.split("-", 1)
    shutil.copy(newest, f"{folder}/{number}-other.metadata.json")
    with pytest.raises(DataError, match="can't be told"):
        DAO.read(table)
    with open(f"{folder}/version-hint.text", "w") as hint:
        hint.write(f"{number}-{rest.partition('.')[0]}\n")
    check(table, versions)
    shutil.copy(newest, f"{folder}/v10.metadata.json")
    shutil.copy(newest, f"{folder}/v9.gz.metadata.json")
    assert DAO.read(table).num_rows == 1
    shutil.copy(newest, f"{folder}/v11.metadata.json.crc")
    shutil.copy(newest, f"{folder}/v12.metadata.json.tmp")
    assert table.data_store.interface._client.load("shop/orders")[1].metadata_location.endswith("/v10.metadata.json")


@pytest.mark.parametrize("name", ["v99.gz.metadata.json", "v99.metadata.json.gz", "00099-a.metadata.json"])
def test_metadata_may_be_compressed(root, versions, name):
    folder = f"{root}/shop/orders/metadata"
    newest = newest_of(folder)
    with gzip.open(f"{folder}/{name}", "wb") as made:
        made.write(newest.read_bytes())
    check(TableObject("shop/orders", folders(root)), versions)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"{}", b"\x1f\x8bno", b"\xff", b'{"format-version": 2}'])
def test_damaged_metadata(root, data):
    with open(f"{root}/shop/orders/metadata/v99.metadata.json", "wb") as made:
        made.write(data)
    with pytest.raises(StoreError, match="damaged|can't be used"):
        DAO.read(TableObject("shop/orders", folders(root)))


@pytest.mark.parametrize("column", [{"type": "variant"}, {"type": "timestamp_ns", "initial-default": "2020-01-01"}])
def test_metadata_that_is_newer_than_pyiceberg(root, column):
    newest = newest_of(f"{root}/shop/orders/metadata")
    metadata = json.loads(newest.read_text()) | {"format-version": 3, "next-row-id": 0}
    metadata["schemas"][-1]["fields"].append({"id": 9, "name": "new", "required": False, **column})
    newest.write_text(json.dumps(metadata))
    with pytest.raises(UnsupportedError, match=column["type"]):
        DAO.read(TableObject("shop/orders", folders(root)))
    newest.write_text(json.dumps(metadata | {"format-version": 9}))
    with pytest.raises(UnsupportedError, match="9"):
        DAO.read(TableObject("shop/orders", folders(root)))


@pytest.mark.parametrize("key", ["shop/orders", "new"])
@pytest.mark.parametrize(
    "change",
    [
        lambda table: DAO.write([{"id": 1}], table, mode="append"),
        lambda table: DAO.upsert([{"id": 1}], table, keys="id"),
        lambda table: DAO.run("register", table, metadata="shop/orders/metadata/v1.metadata.json"),
    ],
)
def test_it_can_only_be_read(root, key, change):
    before = root_files(root)
    with pytest.raises(UnsupportedError, match="read only"):
        change(TableObject(key, folders(root)))
    assert root_files(root) == before


@pytest.mark.parametrize(
    "change",
    [
        lambda table: DAO.delete(table),
        lambda table: DAO.delete(table, where="id = 2"),
        lambda table: DAO.move(table, TableObject("shop/new", table.data_store)),
        *(
            lambda table, action=action, more=more: DAO.run(action, table, **more)
            for action, more in {
                "compact": {},
                "expire": {"older_than": 0, "dry_run": False},
                "orphans": {"older_than": 0, "dry_run": False},
                "create_tag": {"name": "a"},
                "set_properties": {"properties": {"a": "b"}},
                "evolve": {"drop": ["land"]},
                "rewrite_manifests": {},
            }.items()
        ),
    ],
)
def test_nothing_of_it_can_be_changed(root, change):
    before = root_files(root)
    with pytest.raises(UnsupportedError, match="read only"):
        change(TableObject("shop/orders", folders(root)))
    assert root_files(root) == before


@pytest.mark.parametrize("ending", [".metadata.json", ".gz.metadata.json", ".metadata.json.gz"])
def test_a_folder_is_registered(root, versions, ending):
    """With its newest metadata, compressed or not; then it can be written."""
    newest = newest_of(f"{root}/shop/orders/metadata")
    write = gzip.open if "gz" in ending else open
    with write(newest.with_name(f"00099-x{ending}"), "wb") as made:
        made.write(newest.read_bytes())
    newest.unlink()
    for number, place in enumerate(("shop/orders", f"file://{root}/shop/orders/")):
        table = TableObject(
            f"again{number}", DataStore("other", "iceberg", options={"root": root, "catalog": "memory"})
        )
        DAO.run("register", table, metadata=place)
        check(table, versions)
    assert DAO.write([{"id": 7, "land": "NO"}], table, mode="append").rows_inserted == 1
    with pytest.raises(NotFoundError, match="v1.metadata.json"):
        DAO.run("register", TableObject("more", table.data_store), metadata="shop")


def test_snapshots_without_a_list_of_manifests(root, versions):
    """As version 1 had them long ago."""
    newest = newest_of(f"{root}/shop/orders/metadata")
    metadata = json.loads(newest.read_text())
    del metadata["snapshots"][0]["manifest-list"]
    newest.write_text(json.dumps(metadata))
    with pytest.raises(UnsupportedError, match="manifest-list"):
        DAO.read(TableObject("shop/orders", folders(root)))


def test_a_moved_table_of_a_catalog(root, versions, lake, tmp_path):
    """The location of another machine is mapped to a folder; what DAO wrote there would be found by nobody else."""
    old, moved = f"file://{root}/shop", {"moved": {f"file:{root}/shop/": "taken"}}
    shutil.move(f"{root}/shop", tmp_path / "new" / "taken")
    newest = newest_of(tmp_path / "new" / "taken" / "orders" / "metadata")
    key = f"taken/orders/metadata/{newest.name}"
    assert old in newest.read_text()
    store = DataStore("new", "iceberg", options={"root": str(tmp_path / "new"), **moved})
    table = TableObject("orders", store)
    DAO.run("register", table, metadata=key)
    check(table, versions)
    for change in (
        lambda: DAO.write([{"id": 1, "land": "a"}], table, mode="append"),
        lambda: DAO.run("create_tag", table, name="a"),
        lambda: DAO.delete(table),
    ):
        with pytest.raises(UnsupportedError, match="was moved"):
            change()
    other = DataStore("new", "iceberg", options={"root": str(tmp_path / "new")})
    with pytest.raises(UnsupportedError, match="'moved'"):
        DAO.read(TableObject("orders", other))


def test_files_of_a_folder_may_be_elsewhere(root, versions, tmp_path):
    """Such as those of a Hive table that Iceberg's metadata was made for in place."""
    names = {"data": f"{root}/shop/orders/data", "into": tmp_path / "kept" / "old"}
    (tmp_path / "kept").mkdir()
    shutil.move(names["data"], names["into"])
    shutil.move(f"{root}/shop/orders", tmp_path / "kept" / "orders")
    table = TableObject("orders", folders(tmp_path / "kept", moved={names["data"]: "old"}))
    check(table, versions)
    with pytest.raises(StoreError):
        DAO.read(TableObject("orders", folders(tmp_path / "kept")))


@pytest.mark.parametrize("moved", [{"": "a"}, {"/": "a"}, {"s3://old": "../a"}, {"s3://old": "/a"}])
def test_where_files_were_moved_to(tmp_path, moved):
    with pytest.raises(ConfigError, match="moved"):
        folders(tmp_path, moved=moved).interface  # noqa: B018


@pytest.mark.parametrize("base", ["s3://old/house", "s3a://old/house/", "s3n://old/house"])
def test_spellings_of_a_location(base):
    locations = Locations(MemoryTransport(), moved={base: "here", "s3://old/house/b": "", "/tmp/a": "c"})
    assert locations.key_of("s3://old/house/a/x.parquet") == "here/a/x.parquet"
    assert locations.key_of("s3a://old/house/b/x.parquet") == "x.parquet"
    assert [locations.key_of(f"{one}/tmp/a/x") for one in ("", "file:", "file://")] == ["c/x"] * 3
    for place in ("s3://old/houses/x", "s3://old/house", "s3://old/house/../x", "gs://old/house/x", "/tmp/ab/x"):
        with pytest.raises(UnsupportedError, match="outside"):
            locations.key_of(place)


def test_an_empty_table(tmp_path, lake):
    table = TableObject("empty", lake)
    DAO.write(pa.table({"id": pa.array([], pa.int64())}), table)
    root = lake.interface._client.transport.root
    [file] = [one for one in root_files(f"{root}/empty/metadata") if one.name.endswith(".metadata.json")]
    metadata = json.loads(file.read_text())
    metadata |= {"snapshots": [], "refs": {}, "current-snapshot-id": -1, "location": "s3a://gone/empty"}
    file.write_text(json.dumps(metadata))
    found = TableObject("empty", folders(root))
    assert DAO.read(found).schema.names == ["id"]
    assert DAO.count(found) == 0
