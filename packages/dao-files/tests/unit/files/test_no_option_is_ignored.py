"""Every option of every format has an effect or is refused: on a file, and on a table that remembers its types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pyarrow as pa
import pytest
from attrs import frozen

from dao import DataAccessObject
from dao.errors import DaoError
from dao_files.formats import FORMATS, _parquet, get_format

MOMENT = pa.array([1_700_000_000_000_001, None, 1_700_000_000_000_001], pa.timestamp("us"))
ROWS = pa.table(
    {
        "id": [1, None, 3],
        "share": [0.5, 2.25, None],
        "name": ["x", "", None],
        "good": [True, False, None],
        "day": pa.array([20_000, None, 20_002], pa.date32()),
        "at": MOMENT,
    }
)
MANY = pa.table({"id": range(50_000), "name": [f"name {number % 100}" for number in range(50_000)]})
UNKNOWN = object()


@frozen
class Case:
    """An option of a call, with what it has an effect on.

    Attributes:
        value: of the option.
        beside: options that both calls have.
        rows: what is written.
        lines: of a read: the file that is read instead of one with ``rows``, in a table too.
        written: of a read: options that the file is written with.
        damage: of a read: changes the file.
    """

    value: Any
    beside: dict[str, Any] = attrs.field(factory=dict)
    rows: pa.Table = ROWS
    lines: bytes | None = None
    written: dict[str, Any] = attrs.field(factory=dict)
    damage: Callable[[bytes], bytes] = lambda data: data


def flip(found: bytes) -> Callable[[bytes], bytes]:
    def damage(data: bytes) -> bytes:
        assert data.count(found) >= 1
        return data.replace(found, found[:-1] + b"\xff")

    return damage


TEXTS = pa.table({"name": ["first", "second"]})
NUMBERS = pa.table({"id": [1], "name": ["x"]})

READS: dict[str, dict[str, Case]] = {
    "csv": {
        "delimiter": Case(";"),
        "quote": Case("'"),
        "escape": Case("\\", lines=b'id,name\n1,"a\\"b"\n', rows=NUMBERS),
        "header": Case(False),
        "skip_rows": Case(1),
        "comment": Case("#", lines=b"id,name\n#1,x\n2,y\n", rows=NUMBERS),
        "skip_blank_lines": Case(False, lines=b"name\nx\n\ny\n", rows=TEXTS),
        "encoding": Case("latin-1", lines="id,name\n1,é\n".encode(), rows=NUMBERS),
        "null_values": Case(["x"], lines=b"id,name\n1,x\n2,y\n", rows=NUMBERS),
        "true_values": Case(["yes"], lines=b"good\ntrue\n", rows=ROWS.select(["good"]).slice(0, 2)),
        "false_values": Case(["no"], lines=b"good\nfalse\n", rows=ROWS.select(["good"]).slice(0, 2)),
        "quoted_nulls": Case(True),
        "decimal_point": Case(","),
        "thousands": Case(",", lines=b'id,name\n"1,250",x\n', rows=NUMBERS),
        "date_format": Case("%d.%m.%Y"),
        "timestamp_format": Case("%d.%m.%Y"),
        "types": Case({"id": "string"}),
        "infer_types": Case(False),
        "infer_rows": Case(1, lines=b"id,name\n" + b"1,x\n" * 1_000_000 + b"2.5,y\n", rows=NUMBERS),
        "max_record_bytes": Case(1),
        "compression": Case("gzip"),
    },
    "ndjson": {
        "infer_rows": Case(1, lines=b'{"id": 1}\n{"id": 2.5}\n', rows=NUMBERS.select(["id"])),
        "max_record_bytes": Case(1),
        "compression": Case("gzip"),
    },
    "json": {
        "infer_rows": Case(1, lines=b'[{"id": 1}, {"id": 2.5}]', rows=NUMBERS.select(["id"])),
        "max_record_bytes": Case(1, rows=MANY),
        "compression": Case("gzip"),
    },
    "parquet": {
        "checksums": Case(
            True,
            rows=TEXTS,
            written={"checksums": True, "compression": "none", "statistics": False, "dictionary": False},
            damage=flip(b"second"),
        ),
        "int96_unit": Case("s", written={"int96_timestamps": True}),
        "read_dictionary": Case(["name"]),
        "max_decompression_ratio": Case(1, rows=MANY),
    },
    "avro": {"max_block_bytes": Case(1)},
    "arrow": {"validate": Case(False, rows=TEXTS, damage=flip(b"second"))},
    "arrow_stream": {"validate": Case(False, rows=TEXTS, damage=flip(b"second"))},
    "orc": {},
}
"""A read by the option has other rows, types or errors than one without."""

WRITES: dict[str, dict[str, Case]] = {
    "csv": {
        "delimiter": Case(";"),
        "quote": Case("'"),
        "escape": Case("\\", rows=pa.table({"name": ["a\\b"]})),
        "header": Case(False),
        "skip_rows": Case(1, beside={"header": ROWS.column_names}),
        "comment": Case("#", rows=pa.table({"name": ["#x"]})),
        "skip_blank_lines": Case(False, rows=ROWS.select(["id"])),
        "encoding": Case("utf-16"),
        "null_values": Case(["-"]),
        "true_values": Case(["yes"]),
        "false_values": Case(["no"]),
        "quoted_nulls": Case(True),
        "decimal_point": Case(",", beside={"delimiter": ";"}),
        "date_format": Case("%d.%m.%Y"),
        "timestamp_format": Case("%d.%m.%Y"),
        "compression": Case("gzip"),
        "quoting": Case("all"),
        "line_terminator": Case("\r\n"),
    },
    "ndjson": {
        "compression": Case("gzip"),
        "nan": Case("text", rows=pa.table({"share": [float("nan")]})),
        "indent": Case(2),
    },
    "parquet": {
        "compression": Case("snappy"),
        "compression_level": Case(19, rows=MANY),
        "row_group_rows": Case(1),
        "row_group_bytes": Case(1 << 16, rows=MANY),
        "statistics": Case(False),
        "page_index": Case(False),
        "dictionary": Case(False, rows=MANY),
        "data_page_size": Case(100, rows=MANY),
        "dictionary_page_size": Case(100, rows=MANY),
        "max_rows_per_page": Case(1),
        "data_page_version": Case("2.0"),
        "format_version": Case("1.0"),
        "encoding": Case({"name": "DELTA_BYTE_ARRAY"}),
        "bloom_filters": Case(["name"]),
        "coerce_timestamps": Case("ms", beside={"allow_truncated_timestamps": True}),
        "allow_truncated_timestamps": Case(True, beside={"coerce_timestamps": "ms"}),
        "int96_timestamps": Case(True),
        "store_schema": Case(False),
        "checksums": Case(True),
    },
    "avro": {
        "compression": Case("none"),
        "compression_level": Case(0, rows=MANY),
        "sync_interval": Case(100, rows=MANY),
        "avro_schema": Case({"type": "record", "name": "other", "fields": [{"name": "id", "type": ["null", "long"]}]}),
        "record_name": Case("other"),
    },
    "arrow": {"compression": Case("zstd", rows=MANY)},
    "arrow_stream": {"compression": Case("zstd", rows=MANY)},
    "orc": {
        "compression": Case("snappy", rows=MANY),
        "compression_block_size": Case(1 << 17, rows=MANY),
        "compression_strategy": Case("compression", rows=MANY),
        "stripe_size": Case(1, rows=MANY),
        "row_index_stride": Case(100, rows=MANY),
        "dictionary_key_size_threshold": Case(1.0, rows=MANY),
        "bloom_filter_columns": Case(["name"]),
        "bloom_filter_fpp": Case(0.5, beside={"bloom_filter_columns": ["name"]}, rows=MANY),
    },
}
"""A write by the option has other bytes or errors than one without."""
WRITES["json"] = {**WRITES["ndjson"]}

NOTHING_TO_INFER = {("csv", "infer_rows"), ("ndjson", "infer_rows"), ("json", "infer_rows")}
"""They say how many rows are read for types: none are where a table remembers them."""


def options(format: str, direction: str) -> Iterator[str]:
    for one in attrs.fields(get_format(format).Options):
        if one.metadata.get("direction", direction) == direction:
            yield one.name


def test_all_options_of_all_formats_are_looked_at() -> None:
    assert {name: set(options(name, "reading")) for name in FORMATS} == {name: {*READS[name]} for name in FORMATS}
    assert {name: set(options(name, "writing")) for name in FORMATS} == {name: {*WRITES[name]} for name in FORMATS}


@pytest.fixture
def dao() -> DataAccessObject:
    objects = {"file": {"type": "file"}, "table": {"type": "table"}}
    return DataAccessObject({"lake": {"interface": "memory", "objects": objects}})


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except DaoError as error:
        return error.message


def path_of(format: str, name: str = "rows") -> str:
    return f"{name}{get_format(format).suffixes[0]}"


@pytest.mark.parametrize(("format", "option"), [(name, one) for name in READS for one in READS[name]])
@pytest.mark.parametrize("kind", ["file", "table"])
def test_a_read_honours_or_refuses(
    kind: str, format: str, option: str, dao: DataAccessObject, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = READS[format][option]
    monkeypatch.setattr(_parquet, "_SUSPICIOUS_BYTES", 0)
    path = path_of(format, "table/rows" if kind == "table" else "rows")
    if kind == "table":
        dao.write(case.rows, "lake.table", format=format)
    content = case.lines
    if content is None:
        dao.write(case.rows, "lake.file", path=path_of(format, "made"), format=format, **case.written)
        content = case.damage(dao.read("lake.file", path=path_of(format, "made"), into="bytes"))
    dao.write(content, "lake.file", path=path)

    def read(**given: Any) -> tuple[str, str]:
        arguments = {} if kind == "table" else {"path": path}
        found = dao.read(f"lake.{kind}", format=format, **arguments, **case.beside, **given)
        return str(found.schema), repr(found.to_pylist())

    same = outcome(read) == outcome(lambda: read(**{option: case.value}))
    assert same == (kind == "table" and (format, option) in NOTHING_TO_INFER)


@pytest.mark.parametrize(("format", "option"), [(name, one) for name in WRITES for one in WRITES[name]])
@pytest.mark.parametrize("kind", ["file", "table"])
def test_a_write_honours_or_refuses(kind: str, format: str, option: str, dao: DataAccessObject) -> None:
    case = WRITES[format][option]

    def write(**given: Any) -> list[bytes]:
        arguments = {} if kind == "table" else {"path": path_of(format)}
        dao.write(case.rows, f"lake.{kind}", mode="overwrite", format=format, **arguments, **case.beside, **given)
        keys = [path_of(format)] if kind == "file" else [info.key for info in dao.list("lake.table")]
        return [without_marks(dao.read("lake.file", path=key, into="bytes"), format) for key in keys]

    assert outcome(write) != outcome(lambda: write(**{option: case.value}))


def without_marks(data: bytes, format: str) -> bytes:
    """Bytes without the random mark between blocks of Avro."""
    return data.replace(data[-16:], b"") if format == "avro" else data


@pytest.mark.parametrize("kind", ["table", "file"])
def test_dictionaries_are_returned_inside_columns_too(kind: str, dao: DataAccessObject) -> None:
    pairs = pa.array([[("k", "v")]], pa.map_(pa.string(), pa.string()))
    rows = pa.table({"a": [["x"]], "b": [{"c": "y", "d": 1}], "e": pairs})
    path = {} if kind == "table" else {"path": "rows.parquet"}
    dao.write(rows, f"lake.{kind}", format="parquet", **path)
    named = ["a.list.element", "b.c", "e.key_value.value"]

    def stream(*roles: Any, **given: Any) -> pa.Table:
        return dao.read_stream(*roles, **given).read_all()

    for read in (dao.read, stream):
        found = read(f"lake.{kind}", read_dictionary=named, **path)
        assert [str(one.type).count("dictionary<") for one in found.schema] == [1, 1, 1]
        assert found.to_pylist() == rows.to_pylist()
        found = read(f"lake.{kind}", read_dictionary=named, columns=["b"], where="b.c = 'y'", **path)
        assert [str(one.type).count("dictionary<") for one in found.schema] == [1]
        assert found.num_rows == 1


def test_dictionaries_are_of_texts_in_files(dao: DataAccessObject) -> None:
    dao.write(ROWS, "lake.table", format="parquet", partition_by="good")
    for option, message in (("id", "stored as int64"), ("good", "no column 'good'"), ("nme", "did you mean 'name'")):
        for call in (dao.read, dao.schema):
            with pytest.raises(DaoError, match=message):
                call("lake.table", read_dictionary=[option])
    assert pa.types.is_dictionary(dao.schema("lake.table", read_dictionary=["name"]).field("name").type)
    with pytest.raises(DaoError, match="column 'name' is int64 in the schema"):
        dao.read("lake.table", read_dictionary=["name"], schema={"name": "int64"}, columns=["name"])
    found = dao.read("lake.table", read_dictionary=["name"], schema={"name": "string"}, columns=["name"])
    assert pa.types.is_dictionary(found.schema.field("name").type)


def test_no_dictionaries_are_returned_by_changes(dao: DataAccessObject) -> None:
    dao.write(ROWS, "lake.table", format="parquet")
    changes: list[Callable[..., Any]] = [
        lambda **given: dao.delete("lake.table", where="id = 1", **given),
        lambda **given: dao.upsert(ROWS.slice(0, 1), "lake.table", keys="id", **given),
    ]
    for change in changes:
        with pytest.raises(DaoError, match="for rows that are returned, so this change would ignore it"):
            change(format="parquet", read_dictionary=["name"])


def test_dictionaries_that_an_object_declares_are_not_stored() -> None:
    objects = {"t": {"type": "table", "format": "parquet", "read_dictionary": ["name"], "keys": ["id"]}}
    objects["plain"] = {"type": "table", "format": "parquet", "prefix": "t"}
    dao = DataAccessObject({"lake": {"interface": "memory", "objects": objects}})
    dao.write(NUMBERS, "lake.t")
    dao.write(NUMBERS, "lake.t", mode="append")
    dao.upsert(pa.table({"id": [2], "name": ["y"]}), "lake.t")
    assert pa.types.is_dictionary(dao.read("lake.t").schema.field("name").type)
    assert dao.schema("lake.plain").equals(NUMBERS.schema)


@pytest.mark.parametrize("properties", [{}, {"schema": {"id": "int64", "name": "string"}}])
def test_columns_of_numbers_are_not_declared_to_be_texts(properties: dict[str, Any]) -> None:
    objects = {"t": {"type": "table", "format": "csv", "infer_types": False, **properties}}
    dao = DataAccessObject({"lake": {"interface": "memory", "objects": objects}})
    for mode in ("error", "overwrite", "append"):
        with pytest.raises(DaoError, match="'infer_types': False is text for every column, but column 'id' is int64"):
            dao.write(NUMBERS, "lake.t", mode=mode)
    assert not dao.exists("lake.t")


def test_types_beside_texts_are_read_back_from_partitions_too() -> None:
    objects = {"t": {"type": "table", "format": "csv", "infer_types": False, "types": {"id": "int64"}}}
    dao = DataAccessObject({"lake": {"interface": "memory", "objects": objects}})
    rows = NUMBERS.append_column("part", pa.array([7], pa.int64()))
    dao.write(rows, "lake.t", partition_by="part")
    dao.write(rows, "lake.t", mode="append")
    assert dao.read("lake.t").to_pylist() == rows.to_pylist() * 2


def test_rows_are_counted_by_the_options_of_the_call(dao: DataAccessObject) -> None:
    dao.write(pa.table({"name": ["x", "#y"]}), "lake.table", format="csv")
    assert dao.count("lake.table") == 2
    for given in ({"header": ["name"]}, {"comment": "#", "quote": None}):
        assert dao.count("lake.table", **given) == dao.read("lake.table", **given).num_rows != 2
