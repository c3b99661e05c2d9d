"""Tables with text as views, as polars hands them over: Arrow can't compare, take or filter these, DAO can."""

from __future__ import annotations

import polars as pl
import pyarrow as pa
import pytest

from dao.data_object import FileObject, TableObject
from dao_files import FilesInterface

T = TableObject("t")
FRAME = pl.DataFrame({"id": ["a", "b", "c"], "k": ["x", "y", "x"], "l": [["q"], [], None]})
MORE = pl.DataFrame({"id": ["b", "z"], "k": ["y", "w"], "l": [["n"], ["m"]]})


@pytest.mark.parametrize("by", [None, "k"])
@pytest.mark.parametrize("keys", ["id", ["id", "k"]])
def test_every_action(store: FilesInterface, by: str | None, keys: str | list[str]) -> None:
    store.write(FRAME, T, format="parquet", partition_by=by)
    schema = store.schema(T)
    assert schema.field("id").type == pa.string_view()
    done = store.upsert(MORE, T, keys=keys)
    assert (done.rows_updated, done.rows_inserted) == (1, 1)
    assert store.delete(T, where="id = 'a' AND k < 'y'").rows_deleted == 1
    store.write(MORE.head(1).with_columns(id=pl.lit("p")), T, mode="append")
    assert store.schema(T).equals(schema)
    found = store.read(T, where="k >= 'x' AND id <> 'c'")
    assert found.schema.equals(schema)
    assert sorted(found.to_pylist(), key=lambda row: row["id"]) == [
        {"id": "b", "k": "y", "l": ["n"]},
        {"id": "p", "k": "y", "l": ["n"]},
    ]
    assert store.read_stream(T, where="id = 'z'", columns=["l"], limit=1).read_all().to_pydict() == {"l": [["m"]]}
    assert store.count(T, where="k = 'x'") == 1


def test_one_file(store: FilesInterface) -> None:
    x = FileObject("x.parquet")
    store.write(FRAME, x)
    store.upsert(MORE, x, keys="id")
    store.delete(x, where="id = 'a'")
    assert store.read(x, where="id > 'b'").column("id").to_pylist() == ["c", "z"]
