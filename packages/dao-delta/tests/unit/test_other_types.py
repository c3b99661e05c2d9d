"""Data files whose columns have other types or names than the table says: the file's values, or a typed error."""

from __future__ import annotations

import json
import shutil
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import StoreError, UnsupportedError
from dao_delta._snapshots import stored as _stored

DAO = DataAccessObject()
NTZ = {"readerFeatures": ["timestampNtz"], "writerFeatures": ["timestampNtz"]}
NEW = {"minReaderVersion": 3, "minWriterVersion": 7, **NTZ}
OLD = {"minReaderVersion": 1, "minWriterVersion": 2}


def made(folder: Path, fields: dict[str, Any], *files: pa.Table, nullable: bool = True, **writing: Any) -> TableObject:
    """A table whose log says that it has columns of some types in Delta's JSON, with these files."""
    schema = {"type": "struct", "fields": [field(name, kind, nullable) for name, kind in fields.items()]}
    actions: list[dict[str, Any]] = [
        {"protocol": NEW if "timestamp_ntz" in json.dumps(fields) else OLD},
        {"metaData": {
            "id": "x", "format": {"provider": "parquet", "options": {}}, "schemaString": json.dumps(schema),
            "partitionColumns": [], "configuration": {}, "createdTime": 0,
        }},
    ]  # fmt: skip
    shutil.rmtree(folder / "table", ignore_errors=True)
    (folder / "table" / "_delta_log").mkdir(parents=True)
    for number, rows in enumerate(files):
        path = folder / "table" / f"{number}.parquet"
        pq.write_table(rows, path, **writing)
        actions.append({"add": {
            "path": path.name, "partitionValues": {}, "size": path.stat().st_size, "modificationTime": number,
            "dataChange": True,
        }})  # fmt: skip
    (folder / "table" / "_delta_log" / f"{0:020d}.json").write_text("\n".join(map(json.dumps, actions)))
    return TableObject("table", DataStore("lake", "delta", options={"root": str(folder)}))


def field(name: str, kind: Any, nullable: bool = True) -> dict[str, Any]:
    return {"name": name, "type": kind, "nullable": nullable, "metadata": {}}


def struct(**kinds: Any) -> dict[str, Any]:
    return {"type": "struct", "fields": [field(name, kind) for name, kind in kinds.items()]}


def array(kind: Any) -> dict[str, Any]:
    return {"type": "array", "elementType": kind, "containsNull": True}


def mapped(kind: Any) -> dict[str, Any]:
    return {"type": "map", "keyType": "string", "valueType": kind, "valueContainsNull": True}


STORED: dict[pa.DataType, st.SearchStrategy[Any]] = {
    pa.bool_(): st.booleans(),
    **{
        kind(): st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) | st.integers(-2, 2)
        for kind, bits in ((pa.int8, 8), (pa.int16, 16), (pa.int32, 32), (pa.int64, 64))
    },
    **{
        kind(): st.integers(0, 2**bits - 1) | st.integers(0, 2)
        for kind, bits in ((pa.uint8, 8), (pa.uint16, 16), (pa.uint32, 32), (pa.uint64, 64))
    },
    pa.float32(): st.floats(width=32, allow_nan=False) | st.integers(-2, 2).map(float),
    pa.float64(): st.floats(allow_nan=False) | st.integers(-2, 2).map(float),
    pa.string(): st.sampled_from(["", "1", "true", "2020-01-01", "é"]),
    pa.binary(): st.sampled_from([b"", b"1", b"\xff", "é".encode()]),
    pa.binary(2): st.sampled_from([b"ab", b"\xff\x00"]),
    pa.date32(): st.dates(),
    pa.decimal128(5, 2): st.decimals(-999, 999, places=2),
    pa.decimal128(20, 4): st.decimals(-(10**15), 10**15, places=4) | st.decimals(-9, 9, places=0),
    **{
        pa.timestamp(unit, zone): st.datetimes(timezones=st.just(UTC) if zone else st.none()).map(
            lambda moment, unit=unit: moment.replace(microsecond=0) if unit == "ms" else moment
        )
        for unit in ("ms", "us")
        for zone in (None, "UTC")
    },
    pa.timestamp("ns"): st.integers(0, 2000) | st.just(1000),
    pa.timestamp("ns", "UTC"): st.integers(0, 2000) | st.just(1000),
    pa.time64("us"): st.times(),
    pa.null(): st.none(),
}
KINDS = ["boolean", "byte", "short", "integer", "long", "float", "double", "decimal(5,2)", "decimal(10,0)",
         "decimal(38,4)", "string", "binary", "date", "timestamp", "timestamp_ntz"]  # fmt: skip
NESTED: list[tuple[Any, Any, Any]] = [
    (lambda kind: kind, lambda kind: kind, lambda value: value),
    (lambda kind: struct(a=kind), lambda kind: pa.struct({"a": kind}), lambda value: {"a": value}),
    (array, pa.list_, lambda value: [value]),
    (mapped, lambda kind: pa.map_(pa.string(), kind), lambda value: [("k", value)]),
]


def exact(value: Any) -> Any:
    """What two equal values of different types are both, in which no others are."""
    match value:
        case None | bool():
            return str(value)
        case int() | float() | Decimal():
            return Decimal(value) if abs(value) < float("inf") else str(value)
        case str() | bytes():
            return value.encode() if isinstance(value, str) else value
        case datetime():
            return "at", (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC)
        case date():
            return "at", datetime(value.year, value.month, value.day, tzinfo=UTC)
        case dict():
            return {name: exact(one) for name, one in value.items()}
        case list() | tuple():
            return [exact(one) for one in value]
    return repr(value)


@given(data=st.data())
def test_values_are_those_of_the_file_or_refused(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    stored = data.draw(st.sampled_from(list(STORED)))
    kind = data.draw(st.sampled_from(KINDS))
    in_log, in_file, wrap = data.draw(st.sampled_from(NESTED))
    values = [wrap(value) for value in data.draw(st.lists(STORED[stored] | st.none(), min_size=1, max_size=4))]
    rows = pa.table({"id": range(len(values)), "v": pa.array(values, in_file(stored))})
    writing = {"store_schema": data.draw(st.booleans()), "use_deprecated_int96_timestamps": data.draw(st.booleans())}
    table = made(tmp_path_factory.getbasetemp() / "types", {"id": "long", "v": in_log(kind)}, rows, **writing)
    expected = [exact(value) for value in rows["v"].to_pylist()]
    for read in (
        lambda: DAO.read(table),
        lambda: DAO.read(table, columns=["v"], where="id >= 0"),
        lambda: DAO.read_stream(table).read_all(),
        lambda: DAO.read_changes(table),
        lambda: [DAO.run("z_order", table, columns=["id"]), DAO.read(table).sort_by("id")][1],
    ):
        with suppress(UnsupportedError):
            found = read()
            assert [exact(value) for value in found["v"].to_pylist()] == expected


@pytest.mark.parametrize(
    ("values", "kind", "wide"),
    [
        (pa.array([1, None], pa.int8()), "long", pa.int64()),
        (pa.array([1, -(2**31)], pa.int32()), "long", pa.int64()),
        (pa.array([1, 2**32 - 1], pa.uint32()), "long", pa.int64()),
        (pa.array([1, 2**31 - 1], pa.int32()), "double", pa.float64()),
        (pa.array([0.1, None], pa.float32()), "double", pa.float64()),
        (pa.array([1, -5], pa.int16()), "decimal(10,2)", pa.decimal128(10, 2)),
        (pa.array([Decimal("1.25")]), "decimal(10,4)", pa.decimal128(10, 4)),
        (pa.array([datetime(2022, 1, 1)], pa.timestamp("ms", "UTC")), "timestamp", pa.timestamp("us", "UTC")),
        (pa.array([{"a": 1}, None], pa.struct({"a": pa.int32()})), struct(a="long", b="string"),
         pa.struct({"a": pa.int64(), "b": pa.string()})),
    ],
)  # fmt: skip
def test_wider_types_of_the_table_are_right_and_can_be_rewritten(
    tmp_path: Path, values: pa.Array, kind: Any, wide: pa.DataType
) -> None:
    table = made(tmp_path, {"v": kind}, pa.table({"v": values}), pa.table({"v": values}))
    expected = [*values.cast(wide).to_pylist()] * 2
    assert DAO.read(table)["v"].to_pylist() == expected
    assert DAO.run("compact", table).details == {"files_removed": 2, "files_added": 1}
    assert DAO.read(table)["v"].to_pylist() == expected


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (pa.array([1.5]), "long"), (pa.array(["1"]), "long"), (pa.array([2**40]), "integer"),
        (pa.array([0.1]), "float"), (pa.array([True]), "long"), (pa.array([1]), "boolean"),
        (pa.array([1]), "string"), (pa.array([b"\xff"]), "string"), (pa.array([2**53 + 1]), "double"),
        (pa.array([1]), "date"), (pa.array([1]), "timestamp"), (pa.array([datetime(2022, 1, 1, 7)]), "date"),
        (pa.array([1], pa.timestamp("ns")), "timestamp"), (pa.array([1], pa.duration("us")), "long"),
        (pa.array([1]), array("long")),
        (pa.array([datetime(2022, 1, 1, tzinfo=UTC)]), "timestamp_ntz"), (pa.array([Decimal("1.25")]), "decimal(10,1)"),
        (pa.array([{"a": 1.5}]), struct(a="long")), (pa.array([[1.5]]), array("long")),
    ],
)  # fmt: skip
def test_other_values_are_refused_by_every_way_to_them(tmp_path: Path, values: pa.Array, kind: Any) -> None:
    table = made(tmp_path, {"id": "long", "v": kind}, pa.table({"id": [1], "v": values}))
    for call in (DAO.read, lambda one: DAO.read_stream(one).read_all(), DAO.read_changes):
        with pytest.raises(UnsupportedError, match=r"0\.parquet' has .* in column 'v', which is .* in the table"):
            call(table)
    with pytest.raises(UnsupportedError, match="deltalake would change"):
        DAO.run("compact", table)
    with pytest.raises(UnsupportedError, match=r"0\.parquet' has .* in column 'v', which is .* in the table"):
        DAO.run("add_constraint", table, name="c", expression="v IS NOT NULL")
    assert DAO.read(table, columns=["id"])["id"].to_pylist() == [1]


def test_names_may_differ_by_the_case_of_letters_at_every_level(tmp_path: Path) -> None:
    part = pa.struct({"A": pa.int64()})
    rows = pa.table({"ID": [1], "S": pa.array([{"A": 2}], part), "L": pa.array([[{"A": 3}]], pa.list_(part))})
    table = made(tmp_path, {"id": "long", "s": struct(a="long"), "l": array(struct(a="long"))}, rows)
    expected = [{"id": 1, "s": {"a": 2}, "l": [{"a": 3}]}]
    assert DAO.read(table).to_pylist() == expected
    assert DAO.read_changes(table).select(["id", "s", "l"]).to_pylist() == expected
    assert DAO.read(table, columns=["s"], where="id = 1")["s"].to_pylist() == [{"a": 2}]
    DAO.upsert(pa.table({"id": [1], "s": [{"a": 9}]}), table, keys="id", schema_mode="evolve")
    assert DAO.read(table).to_pylist() == [{"id": 1, "s": {"a": 9}, "l": [{"a": 3}]}]


def test_names_that_the_case_of_letters_leaves_open_are_refused(tmp_path: Path) -> None:
    table = made(tmp_path, {"id": "long"}, pa.table({"ID": [1], "Id": [2]}))
    for call in (DAO.read, DAO.read_changes):
        with pytest.raises(UnsupportedError, match=r"0\.parquet.*'id'.*'ID', 'Id'"):
            call(table)
    assert DAO.read(made(tmp_path, {"id": "long"}, pa.table({"ID": [1], "id": [2]})))["id"].to_pylist() == [2]


def test_a_column_that_is_lacking_may_be_null_or_is_refused(tmp_path: Path) -> None:
    files = [pa.table({"id": [1], "v": [2]}), pa.table({"id": [3]})]
    assert DAO.read(made(tmp_path, {"id": "long", "v": "long"}, *files)).sort_by("id").to_pylist() == [
        {"id": 1, "v": 2}, {"id": 3, "v": None}
    ]  # fmt: skip
    for more in ([], [pa.table({"ID": [4], "v": [5]})]):
        table = made(tmp_path, {"id": "long", "v": "long"}, *files, *more, nullable=False)
        with pytest.raises(UnsupportedError, match=r"1\.parquet' lacks column 'v'"):
            DAO.read(table)
        assert DAO.read(table, columns=["id"]).num_rows == 2 + len(more)


def test_a_footer_is_read_once_and_none_of_own_files(tmp_path: Path) -> None:
    table = made(tmp_path, {"id": "long", "v": "long"}, *(pa.table({"id": [1], "v": [2]}) for _ in range(3)))
    opened: list[str] = []
    open_file = _stored.StoredFiles._open

    def noted(self: Any, file: Any, *rest: Any) -> Any:
        opened.append(file.path)
        return open_file(self, file, *rest)

    with mock.patch.object(_stored.StoredFiles, "_open", noted):
        for _ in range(2):
            DAO.read(table)
        assert sorted(opened) == ["0.parquet", "1.parquet", "2.parquet"]
        DAO.write(pa.table({"id": [5], "v": [6]}), table, mode="append")
        assert DAO.read(table)["id"].to_pylist().count(5) == 1
        assert len(opened) == 3
        DAO.write(pa.table({"id": [5], "v": [6], "w": [7]}), table, mode="append", schema_mode="evolve")
        DAO.write(pa.table({"id": [6], "v": [6]}), table, mode="append", schema_mode="evolve")
        assert DAO.read(table, where="id > 4").num_rows == 3
        assert len(opened) == 4  # the one of DAO's own that has fewer columns
    assert not (tmp_path / "table" / opened[-1]).name.startswith("part-00000-")


def test_files_that_the_log_rules_out_are_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = made(tmp_path, {"id": "long"}, pa.table({"id": [1]}), pa.table({"id": [2]}))
    log = tmp_path / "table" / "_delta_log" / f"{0:020d}.json"
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    for number, line in enumerate(lines[2:], 1):
        line["add"]["stats"] = json.dumps({"numRecords": 1, "minValues": {"id": number}, "maxValues": {"id": number}})
    log.write_text("\n".join(map(json.dumps, lines)))
    monkeypatch.setattr("dao_delta._snapshots.misread._FEW", 1)
    (tmp_path / "table" / "0.parquet").write_bytes(b"no Parquet")
    assert DAO.read(table, where="id = 2")["id"].to_pylist() == [2]
    with pytest.raises(StoreError, match="damaged"):
        DAO.read(table, where="id = 1")


def test_own_files_of_other_columns_are_no_exception(tmp_path: Path) -> None:
    """A log that brings back files without their columns."""
    table = made(tmp_path, {"v": "long"})
    DAO.write(pa.table({"v": [1.5]}), table, mode="overwrite")
    log = tmp_path / "table" / "_delta_log"
    add = next(line for line in (log / f"{1:020d}.json").read_text().splitlines() if '"add"' in line)
    metadata = next(line for line in (log / f"{0:020d}.json").read_text().splitlines() if '"metaData"' in line)
    (log / f"{2:020d}.json").write_text(metadata)
    assert "1.5" in add
    with pytest.raises(UnsupportedError, match="has double in column 'v', which is int64"):
        DAO.read(table)


@pytest.mark.parametrize("values", [pa.array([1]), pa.array([1.5])])
@pytest.mark.parametrize("inside", [True, False])
def test_files_of_a_shallow_clone_are_looked_at_where_the_store_has_them(
    tmp_path: Path, values: pa.Array, inside: bool
) -> None:
    table = made(tmp_path, {"v": "long"}, pa.table({"v": values}))
    clone = TableObject("clone", table.data_store)
    shutil.copytree(tmp_path / "table" / "_delta_log", tmp_path / "clone" / "_delta_log")
    log = tmp_path / "clone" / "_delta_log" / f"{0:020d}.json"
    uri = (tmp_path / "table" / "0.parquet").as_uri() if inside else "file:///elsewhere/0.parquet"
    log.write_text(log.read_text().replace('"path": "0.parquet"', f'"path": "{uri}"'))
    if inside and values.type == pa.int64():
        assert DAO.read(clone)["v"].to_pylist() == [1]
        return
    with pytest.raises(UnsupportedError, match="outside the table"):
        DAO.read(clone)
