"""Schemas of files: of many at once, with names that are there twice, and with very many columns."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
import pytest
from format_files import load, save
from pyarrow import fs

from dao.errors import DataError
from dao.tables import Selection
from dao_files.formats import _shape as shape
from dao_files.formats import get_format
from dao_files.formats._shape import unify

LOCAL = fs.LocalFileSystem()


def required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def struct(*fields: pa.Field) -> pa.DataType:
    return pa.struct(list(fields))


X, Y = required("x", pa.int64()), pa.field("y", pa.int64())


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ([X], [Y], [X.with_nullable(True), Y]),
        ([X, Y], [Y], [X.with_nullable(True), Y]),
        ([X, Y], [Y, X], [X, Y]),
        ([X], [X.with_nullable(True)], [X.with_nullable(True)]),
        ([X], [required("x", pa.int32())], [X]),
        ([X], [required("X", pa.int64())], [X.with_nullable(True), pa.field("X", pa.int64())]),
        ([required("s", struct(X))], [required("s", struct(X, Y))], [required("s", struct(X, Y))]),
        ([required("s", struct(X))], [required("s", struct(Y))], [required("s", struct(X.with_nullable(True), Y))]),
        ([required("s", struct(X))], [Y], [pa.field("s", struct(X)), Y]),
        (
            [required("l", pa.list_(struct(X)))],
            [required("l", pa.list_(struct(Y)))],
            [required("l", pa.list_(struct(X.with_nullable(True), Y)))],
        ),
    ],
)
def test_a_column_that_a_file_lacks_is_nullable(
    first: list[pa.Field], second: list[pa.Field], expected: list[pa.Field]
) -> None:
    assert unify([pa.schema(first), pa.schema(second)]).equals(pa.schema(expected))
    other = unify([pa.schema(second), pa.schema(first)])
    assert {field.name: field.nullable for field in other} == {field.name: field.nullable for field in expected}


@pytest.mark.parametrize("name", ["parquet", "arrow", "arrow_stream"])
def test_what_is_read_of_files_that_differ_can_be_written(name: str, tmp_path: Path) -> None:
    form = get_format(name)
    tables = pa.table({"x": [1]}, schema=pa.schema([X])), pa.table({"y": [2]})
    paths = [str(tmp_path / f"{number}.{name}") for number in range(2)]
    for path, table in zip(paths, tables, strict=True):
        with open(path, "wb") as sink, form.writer(sink, table.schema) as writer:
            writer.write(table.to_batches()[0])
    found = form.read_table(paths, LOCAL)
    assert found.schema.equals(pa.schema([X.with_nullable(True), Y]))
    assert found.to_pylist() == [{"x": 1, "y": None}, {"x": None, "y": 2}]
    found.validate(full=True)


@pytest.mark.parametrize(
    "other", [pa.array([2**62 + 1]), pa.array([Decimal("12345678901234567890.17")])], ids=["integers", "decimals"]
)
def test_types_without_a_common_type_are_read_by_a_declared_one(other: pa.Array, tmp_path: Path) -> None:
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for path, column in zip(paths, (pa.array([0.1]), other), strict=True):
        pq.write_table(pa.table({"v": column}), path)
    with pytest.raises(
        DataError, match=r"2.parquet: column 'v': .*several types.* schema= with a decimal or text type"
    ):
        load(*paths)
    found = load(*paths, schema=pa.schema([("v", pa.decimal128(38, 17))]))
    assert found["v"].to_pylist() == [Decimal("0.1"), other[0].as_py()]
    assert load(*paths, schema=pa.schema([("v", pa.string())]))["v"].to_pylist() == ["0.1", str(other[0].as_py())]


def _write_ipc(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(path, table.schema) as writer:
        writer.write_table(table)


WRITERS: Mapping[str, Callable[[pa.Table, Path], Any]] = {
    "parquet": pq.write_table,
    "arrow": _write_ipc,
    "orc": lambda table, path: pa.orc.write_table(table, str(path)),
}


@pytest.mark.parametrize("name", WRITERS)
def test_a_file_with_columns_of_one_name_is_refused(name: str, tmp_path: Path) -> None:
    twice = pa.table([pa.array([1]), pa.array(["x"]), pa.array([2.5])], names=["a", "a", "b"])
    WRITERS[name](twice, tmp_path / "x")
    form, path = get_format(name), str(tmp_path / "x")
    expected = r"x: the columns 'a' occur more than once"
    for schema in (None, pa.schema([("b", pa.float64())])):
        with pytest.raises(DataError, match=expected):
            form.read_table([path], LOCAL, schema=schema)
        with pytest.raises(DataError, match=expected):
            form.scan([path], LOCAL, schema=schema).read_all()


@pytest.mark.parametrize("where", ["i IS NULL", "i > 100", "i = 5", "u IS NULL"])
@pytest.mark.parametrize("name", ["parquet", "arrow"])
def test_a_predicate_that_no_row_of_a_part_meets_beside_extension_types(name: str, where: str, tmp_path: Path) -> None:
    uuids = pa.ExtensionArray.from_storage(pa.uuid(), pa.array([bytes(16)] * 3, pa.binary(16)))
    json = pa.ExtensionArray.from_storage(pa.json_(), pa.array(["{}", "1", None]))
    columns = {
        "u": uuids,
        "s": pa.StructArray.from_arrays([uuids], ["x"]),
        "l": pa.ListArray.from_arrays(pa.array([0, 1, 2, 3], pa.int32()), json),
    }
    parts = [pa.table({"i": ids, **columns}) for ids in ([1, 2, 3], [4, 5, 6])]
    form, path = get_format(name), str(tmp_path / "x")
    with open(path, "wb") as sink, form.writer(sink, parts[0].schema) as writer:
        for part in parts:
            writer.write(part.to_batches()[0])
            writer.flush()
    expected = 1 if where == "i = 5" else 0
    assert form.read_table([path], LOCAL, selection=Selection(where=where)).num_rows == expected
    assert form.scan([path], LOCAL, selection=Selection(where=where)).read_all().num_rows == expected


class _NameLookups(ast.NodeVisitor):
    """Finds where each turn of a loop makes or searches a list of all columns' names."""

    def __init__(self) -> None:
        self.lines: list[int] = []
        self._turns = 0

    def _loop(self, once: ast.AST, turns: Iterable[ast.AST]) -> None:
        self.visit(once)
        self._turns += 1
        for node in turns:
            self.visit(node)
        self._turns -= 1

    def visit_For(self, node: ast.For) -> None:
        self._loop(node.iter, node.body)

    def _comprehension(self, node: Any) -> None:
        first, *others = node.generators
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        self._loop(first.iter, [*first.ifs, *others, *made])

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension  # noqa: N815

    def visit_Compare(self, node: ast.Compare) -> None:
        for operator, right in zip(node.ops, node.comparators, strict=True):
            searched = isinstance(operator, ast.In | ast.NotIn) and isinstance(right, ast.Attribute)
            if self._turns and searched and right.attr in ("names", "column_names"):
                self.lines.append(node.lineno)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func
        searches = isinstance(called, ast.Attribute) and called.attr in ("count", "index")
        if self._turns and searches and getattr(called.value, "attr", None) in ("names", "column_names"):
            self.lines.append(node.lineno)
        self.generic_visit(node)


def _searched(source: str) -> list[int]:
    found = _NameLookups()
    found.visit(ast.parse(source))
    return found.lines


def test_what_searches_names_in_each_turn_is_found() -> None:
    assert _searched("[name for name in names if name in schema.names]") == [1]
    assert _searched("for field in schema:\n    if field.name not in table.column_names: pass") == [2]
    assert _searched("{name for name in self.names if self.names.count(name) > 1}") == [1]
    assert _searched("known = set(schema.names)\n[name for name in schema.names if name in known]") == []


FORMATS = Path(shape.__file__).parent
WIDE = sorted(FORMATS.glob("*.py"))


@pytest.mark.parametrize("path", WIDE, ids=lambda path: path.stem)
def test_no_loop_over_columns_searches_all_their_names(path: Path) -> None:
    """Tables of 50,000 columns are read: what is quadratic in their number takes minutes."""
    assert _searched(path.read_text()) == []


@pytest.mark.parametrize(("kind", "text"), [(pa.float64(), "1e400"), (pa.float32(), "0.1234567890123")], ids=str)
def test_a_partition_that_its_declared_type_would_round_is_refused(
    kind: pa.DataType, text: str, tmp_path: Path
) -> None:
    path = save(pa.table({"id": [1]}), tmp_path / "a.parquet")
    for value, refused in (("0.1", False), (text, True)):
        known = {"partitions": [{"p": value}], "partition_schema": pa.schema([("p", kind)])}
        if refused:
            with pytest.raises(DataError, match=f"partition column 'p': {kind} would round {text}"):
                load(path, **known)
        else:
            assert load(path, **known)["p"].to_pylist() == [pa.scalar(0.1).cast(kind, safe=False).as_py()]
