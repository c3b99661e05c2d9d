from __future__ import annotations

import pyarrow as pa
import pytest

from dao.data_object import DataObject, FileObject, TableObject
from dao.errors import DataError, NotFoundError, UnsupportedError
from dao_files import FilesInterface

T = TableObject("t")
ROWS = pa.table({"id": [1, 2, 3, None], "day": ["mo", "tu", "mo", "mo"]})


def test_rows_for_which_the_predicate_is_true_go(store: FilesInterface) -> None:
    store.write(ROWS, T, format="parquet")
    done = store.delete(T, where="id >= 2")
    assert (done.rows_deleted, done.rows_inserted, done.version_after) == (2, 0, 2)
    assert store.read(T).column("id").to_pylist() == [1, None], "a null predicate keeps its row"
    assert store.count(T) == 2


@pytest.mark.parametrize("where", ["NOT (id >= 2)", "id = 2 OR day = 'mo'", "id IS NULL", "NOT (id IS NULL)"])
@pytest.mark.parametrize("by", [None, "day"])
def test_what_goes_and_what_stays_is_everything(store: FilesInterface, where: str, by: str | None) -> None:
    store.write(ROWS, T, format="parquet", partition_by=by)
    going = store.read(T, where=where).to_pylist()
    done = store.delete(T, where=where)
    assert done.rows_deleted == len(going) > 0
    left = store.read(T).to_pylist()
    assert sorted([*going, *left], key=str) == sorted(ROWS.to_pylist(), key=str)
    assert store.count(T) == len(left)


def test_other_files_are_not_touched(store: FilesInterface) -> None:
    for start in (0, 100, 200):
        store.write(pa.table({"id": list(range(start, start + 10))}), T, mode="append", format="parquet")
    before = {info.key for info in store.list(T)}
    done = store.delete(T, where="id BETWEEN 105 AND 209")
    assert (done.rows_deleted, done.files) == (15, 1)
    assert len(before & {info.key for info in store.list(T)}) == 1


def test_no_such_row_makes_no_version(store: FilesInterface) -> None:
    store.write(ROWS, T, format="parquet")
    done = store.delete(T, where="id = 99")
    assert (done.rows_deleted, done.version_after) == (0, 1)
    assert len(store.history(T)) == 1


@pytest.mark.parametrize("by", [None, "day"])
@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_all_rows_leave_an_empty_table(store: FilesInterface, by: str | None, format: str) -> None:
    full = ROWS.slice(0, 3)
    store.write(full, T, format=format, partition_by=by)
    assert store.delete(T, where="true").rows_deleted == 3
    assert store.read(T).equals(full.slice(0, 0))
    store.write(full, T, mode="append")
    assert store.count(T) == 3


def test_by_partition(store: FilesInterface) -> None:
    store.write(ROWS, T, format="parquet", partition_by="day")
    done = store.delete(T, where="day = 'mo'")
    assert (done.rows_deleted, done.files) == (3, 0)


def test_rows_of_one_file(store: FilesInterface) -> None:
    x = FileObject("x.parquet")
    store.write(ROWS, x)
    assert store.delete(x, where="id = 1").rows_deleted == 1
    assert store.read(x).num_rows == 3
    assert store.delete(x, where="true").rows_deleted == 3
    assert store.read(x).equals(ROWS.slice(0, 0))


def test_a_whole_object(store: FilesInterface) -> None:
    store.write(ROWS, T, format="parquet")
    store.write_bytes(b"x", FileObject("f"))
    done = store.delete(T)
    assert (done.rows_deleted, done.version_before, done.version_after) == (4, 1, None)
    assert not store.exists(T)
    store.delete(FileObject("f"))
    for gone in (T, FileObject("f")):
        with pytest.raises(NotFoundError):
            store.delete(gone)
        with pytest.raises(NotFoundError):
            store.delete(gone, where="true", format="parquet")


def test_one_file_by_path(store: FilesInterface) -> None:
    users = DataObject("users")
    for name in ("a", "b"):
        store.write_bytes(b"id\n1\n", users, path=f"users/{name}.csv")
    store.delete(users, path="users/a.csv")
    assert [info.key for info in store.list(users)] == ["users/b.csv"]
    with pytest.raises(NotFoundError):
        store.delete(users, path="users/a.csv")
    with pytest.raises(DataError, match="directory"):
        store.delete(users, path="users")


def test_kinds_and_arguments(store: FilesInterface) -> None:
    store.write(ROWS, T, format="parquet")
    with pytest.raises(DataError, match="directory"):
        store.delete(FileObject("t"))
    with pytest.raises(DataError, match="delimiter"):
        store.delete(T, delimiter=";")
    with pytest.raises(DataError):
        store.delete(T, where="nope = 1")
    assert store.count(T) == 4


def test_text_without_types_is_not_rewritten(store: FilesInterface) -> None:
    store.write_bytes(b"id,code\n1,007\n2,008\n", T, path="t/a.csv")
    with pytest.raises(UnsupportedError, match="schema="):
        store.delete(T, where="id = 1")
    store.delete(T, where="id = 1", schema={"id": int, "code": str})
    assert store.read(T).to_pydict() == {"id": [2], "code": ["008"]}
