"""Tables of text formats keep their types, whatever files other programs add: these fit them, or are refused."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from dao.data_object import TableObject
from dao.errors import DaoError, DataError, StoreError, UnsupportedError
from dao_files import FilesInterface

T = TableObject("t")
SCHEMA = pa.schema(
    [
        pa.field("id", pa.int8(), nullable=False),
        ("price", pa.decimal128(5, 2)),
        ("code", pa.string()),
        ("view", pa.string_view()),
    ]
)
OWN: list[dict[str, Any]] = [{"id": 1, "price": Decimal("1.50"), "code": "007", "view": "v"}]
FOREIGN: dict[str, Any] = {"id": 2, "price": Decimal("2.50"), "code": "008", "view": "w"}
FORMATS = ("csv", "json", "ndjson")
CHANGES: dict[str, Callable[[FilesInterface], Any]] = {
    "append": lambda store: store.write(rows(*OWN), T, mode="append"),
    "evolve": lambda store: store.write(rows(*OWN), T, mode="append", schema_mode="evolve"),
    "upsert": lambda store: store.upsert(rows(*OWN), T, keys="id"),
    "delete": lambda store: store.delete(T, where="id = 1"),
    "overwrite_partitions": lambda store: store.write(rows(*OWN), T, mode="overwrite_partitions"),
}
READS: dict[str, Callable[[FilesInterface], Any]] = {
    "read": lambda store: store.read(T),
    "columns": lambda store: store.read(T, columns=["id"]),
    "where": lambda store: store.read(T, columns=["id"], where="view = 'w'"),
    "stream": lambda store: store.read_stream(T, columns=["id"]).read_all(),
    "count": lambda store: store.count(T),
}


def rows(*given: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(given), SCHEMA)


def text(format: str, **values: object) -> bytes:
    """The row of another program, with spellings of its own: 2.5 is 2.50."""
    if format == "csv":
        return f"{','.join(values)}\n{','.join(map(str, values.values()))}\n".encode()
    return json.dumps(values).encode() + b"\n"


def put(store: FilesInterface, format: str, content: bytes, folder: str = "") -> None:
    store.write_bytes(content, T, path=f"t/{folder}zz.{format}", mode="overwrite")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("change", [name for name in CHANGES if name != "overwrite_partitions"])
def test_files_of_others_are_read_by_the_types_of_the_table(store: FilesInterface, format: str, change: str) -> None:
    store.write(rows(*OWN), T, format=format)
    values = {"view": "w", "id": 2, "price": 2.5, "code": "008"}  # in another order
    put(store, format, text(format, **values))
    assert store.schema(T).equals(SCHEMA)
    for expected in ([*OWN, FOREIGN], {"append": [*OWN, *OWN, FOREIGN], "evolve": [*OWN, *OWN, FOREIGN]}.get(change)):
        found = store.read(T)
        assert found.schema.equals(SCHEMA)
        if expected is not None:
            assert sorted(found.to_pylist(), key=lambda row: row["id"]) == expected
            CHANGES[change](store)
    assert store.read(T, where="id = 2").to_pylist() == [FOREIGN]
    assert store.schema(T).equals(SCHEMA)


@pytest.mark.parametrize("format", FORMATS)
def test_partitions_too(store: FilesInterface, format: str) -> None:
    store.write(rows(*OWN), T, format=format, partition_by="code")
    put(store, format, text(format, id=2, price=2.5, view="w"), "code=008/")
    CHANGES["overwrite_partitions"](store)
    found = store.read(T)
    assert found.schema.equals(SCHEMA)
    assert sorted(found.to_pylist(), key=lambda row: row["id"]) == [*OWN, FOREIGN]
    put(store, format, text(format, id=3, price=3.555, view="w"), "code=009/")
    for call in CHANGES.values():
        with pytest.raises(DaoError, match=rf"t/code=009/zz\.{format}"):
            call(store)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    "wrong",
    [{"id": "x"}, {"id": 300}, {"price": "2.555"}, {"id": ""}],
    ids=["text", "too great", "more digits", "null"],
)
def test_values_that_do_not_fit_are_refused(store: FilesInterface, format: str, wrong: dict[str, Any]) -> None:
    store.write(rows(*OWN), T, format=format)
    values = {"id": 2, "price": 2.5, "code": "008", "view": "w", **wrong}
    put(store, format, text(format, **{n: None if format != "csv" and v == "" else v for n, v in values.items()}))
    before = store.list(T)
    for call in [*CHANGES.values()][:-1]:
        with pytest.raises((DataError, StoreError), match=rf"t/zz\.{format}: .*column '{next(iter(wrong))}'"):
            call(store)
    with pytest.raises((DataError, StoreError), match=rf"t/zz\.{format}"):
        store.read(T)
    assert [*store.list(T)] == [*before]


STRANGERS = {
    "another delimiter": ("csv", b"id;price;code;view\n2;2.5;008;w\n"),
    "a column more": ("csv", text("csv", id=2, price=2.5, code="008", view="w", more=1)),
    "no header": ("csv", b"2,2.5,008,w\n"),
    "an ndjson column more": ("ndjson", text("ndjson", id=2, price=2.5, code="008", view="w", more=1)),
    "other ndjson columns": ("ndjson", b'{"a": 1}\n'),
    "a json column more": ("json", b'[{"id": 2, "more": 1}]'),
}


@pytest.mark.parametrize(("format", "content"), STRANGERS.values(), ids=STRANGERS)
def test_columns_that_the_table_does_not_have_are_refused(store: FilesInterface, format: str, content: bytes) -> None:
    store.write(rows(*OWN), T, format=format)
    put(store, format, content)
    for call in (*READS.values(), *[*CHANGES.values()][:-1]):
        with pytest.raises(DataError, match=rf"t/zz\.{format}: .*which the table doesn't have"):
            call(store)
    gc.collect()  # the errors hold readers of the old files
    store.write(rows(*OWN), T, mode="overwrite")
    assert store.read(T).equals(rows(*OWN))


def test_a_declared_schema_reads_further_columns(store: FilesInterface) -> None:
    store.write(rows(*OWN), T, format="csv")
    put(store, "csv", text("csv", id=2, price=2.5, code="008", view="w", more="09"))
    wider = SCHEMA.append(pa.field("more", pa.string()))
    more = [{**OWN[0], "more": None}, {**FOREIGN, "more": "09"}]
    assert sorted(store.read(T, schema=wider).to_pylist(), key=lambda row: row["id"]) == more
    data = pa.Table.from_pylist([{**OWN[0], "id": 3, "more": "x"}], wider)
    store.write(data, T, mode="append", schema_mode="evolve", schema=wider)
    assert sorted(store.read(T).to_pylist(), key=lambda row: row["id"]) == [*more, *data.to_pylist()]


def test_columns_that_a_file_lacks_are_null(store: FilesInterface) -> None:
    store.write(rows(*OWN), T, format="csv")
    put(store, "csv", text("csv", id=2, code="008"))
    CHANGES["append"](store)
    assert store.read(T, where="id = 2").to_pylist() == [{"id": 2, "price": None, "code": "008", "view": None}]
    put(store, "csv", text("csv", code="008"))
    for call in (READS["read"], READS["columns"], CHANGES["append"]):
        with pytest.raises(DataError, match=r"t/zz\.csv: column 'id' may not be null"):
            call(store)


def test_a_table_that_remembers_nothing_is_not_rewritten_by_types_that_its_texts_show(store: FilesInterface) -> None:
    put(store, "csv", text("csv", id=2, code="008"))
    for change in ("upsert", "delete"):
        with pytest.raises(UnsupportedError, match="hold no types"):
            CHANGES[change](store)
