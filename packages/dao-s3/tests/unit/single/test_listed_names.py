"""Whatever a listing names can be read, looked for and deleted under that name, copies of tables too."""

from __future__ import annotations

from fakes import FakeTransport

from dao import DataAccessObject, DataStore, DataStoreRegistry, FileObject, TableObject
from dao_s3._interface import S3Interface


class OverFake(S3Interface):
    def _make_transport(self) -> FakeTransport:
        return FakeTransport()


def test_the_files_of_a_copied_table_are_found_by_their_names() -> None:
    store = DataStore("lake", OverFake())
    dao = DataAccessObject(registry=DataStoreRegistry([store]))
    table, copied = (TableObject(name, store, format="parquet") for name in ("t", "u"))
    dao.write([{"a": 1}], table)
    dao.copy(table, copied)
    [info] = dao.list(copied)
    file = FileObject("f", store, key=info.key)
    assert dao.exists(file)
    assert len(dao.read(file, into="bytes")) == info.size
    assert dao.read(file, into="pylist") == [{"a": 1}]
    assert "u/part-" in dao.run("presign", file)
    dao.delete(file)
    assert not dao.exists(file)
    assert dao.count(table) == 1
