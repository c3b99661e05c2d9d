"""Digests of rows and requests: equal for the same call however its rows are laid out, else different."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao.arrow.convert import cast_array
from dao.errors import DataError, UnsupportedError
from dao.tables import RequestDigest, RowsDigest
from dao.testing._tables import tables

SMALL = pa.int32()


def digest(table: pa.Table | pa.RecordBatch, sizes: Iterable[int] = ()) -> str:
    """The digest of a table, whose rows come in batches of these sizes."""
    rows = pa.Table.from_batches([table]) if isinstance(table, pa.RecordBatch) else table
    found, start = RowsDigest(rows.schema), 0
    for size in (*sizes, rows.num_rows):
        for batch in rows.slice(start, size).to_batches():
            found.update(batch)
        start += size
    return found.hexdigest()


def column(array: pa.Array) -> str:
    return digest(pa.table({"c": array}))


def garbled(array: pa.Array) -> pa.Array:
    """The same array with other bytes below its nulls, in front of it and behind it, and with a bitmap."""
    kind = array.type
    if pa.types.is_fixed_size_binary(kind) or pa.types.is_decimal(kind) or pa.types.is_integer(kind):
        width = kind.byte_width
        valid, content = array.is_valid(), bytearray(memoryview(array.buffers()[1] or b""))
        for row, ok in enumerate(valid.to_pylist()):
            if not ok:
                content[row * width : (row + 1) * width] = b"\x5a" * width
        bitmap = valid.buffers()[1]
        return pa.Array.from_buffers(kind, len(array), [bitmap, pa.py_buffer(bytes(content))])
    return array


@given(tables(max_rows=12), st.lists(st.integers(0, 5), max_size=6))
def test_batches_and_slices_dont_matter(table: pa.Table, sizes: list[int]) -> None:
    whole = table.combine_chunks()
    assert digest(whole, sizes) == digest(whole) == digest(table)
    padded = pa.concat_tables([whole, whole, whole]).combine_chunks()
    assert digest(padded.slice(whole.num_rows, whole.num_rows)) == digest(whole)


@given(tables(max_rows=12))
def test_a_copy_through_ipc_is_the_same(table: pa.Table) -> None:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=3)
    assert digest(pa.ipc.open_stream(sink.getvalue()).read_all()) == digest(table)


@given(tables(max_rows=6), tables(max_rows=6))
def test_other_rows_are_other_rows(one: pa.Table, other: pa.Table) -> None:
    same = one.schema.equals(other.schema) and one.combine_chunks().equals(other.combine_chunks())
    if not same:
        # Floats that are equal or not by value may be neither by their bits: NaN, -0.0.
        assert digest(one) != digest(other) or str(one.to_pylist()) == str(other.to_pylist())


@given(tables(max_rows=8), st.data())
def test_each_row_counts(table: pa.Table, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, table.num_rows))
    rest = pa.concat_tables([table.slice(0, row), table.slice(row + 1)])
    if row < table.num_rows:
        assert digest(rest) != digest(table)


@pytest.mark.parametrize(
    "kind", [pa.int32(), pa.uint64(), pa.decimal128(9, 2), pa.binary(3), pa.decimal32(3, 1)], ids=str
)
def test_what_is_below_nulls_doesnt_matter(kind: pa.DataType) -> None:
    values: list[Any] = [b"abc", None, b"xyz"] if kind == pa.binary(3) else [1, None, 2]
    if pa.types.is_decimal(kind):
        values = [None if value is None else Decimal(value) for value in values]
    array = pa.array(values, kind)
    other = garbled(array)
    assert other.buffers()[1] != array.buffers()[1]
    assert column(other) == column(array)


def test_garbage_below_null_texts_lists_and_structs_doesnt_matter() -> None:
    hidden = pa.array([False, True, False])
    texts = pa.Array.from_buffers(
        pa.string(), 3, [pa.array([True, False, True]).buffers()[1], *pa.array(["a", "garbage", "b"]).buffers()[1:]]
    )
    assert column(texts) == column(pa.array(["a", None, "b"]))
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 3, 4], SMALL), pa.array([1, 8, 9, 2]), mask=hidden)
    assert column(lists) == column(pa.array([[1], None, [2]]))
    structs = pa.StructArray.from_arrays([pa.array([1, 9, 2])], ["a"], mask=hidden)
    assert column(structs) == column(pa.array([{"a": 1}, None, {"a": 2}]))


def test_an_all_valid_bitmap_doesnt_matter() -> None:
    array = pa.array([1, 2, 3])
    mapped = pa.Array.from_buffers(array.type, 3, [pa.py_buffer(b"\xff"), array.buffers()[1]])
    assert column(mapped) == column(array)


@pytest.mark.parametrize(
    ("kind", "others"),
    [
        (
            pa.string(),
            [
                pa.large_string(),
                pa.string_view(),
                pa.dictionary(pa.int8(), pa.string()),
                pa.dictionary(pa.int32(), pa.large_string()),
                pa.run_end_encoded(SMALL, pa.string()),
            ],
        ),
        (pa.binary(), [pa.large_binary(), pa.binary_view()]),
        (pa.list_(pa.string()), [pa.large_list(pa.string()), pa.list_view(pa.string()), pa.list_(pa.large_string())]),
        (pa.struct([("a", pa.string())]), [pa.struct([("a", pa.string_view())])]),
        (pa.map_(pa.string(), pa.string()), [pa.map_(pa.string(), pa.large_string())]),
    ],
    ids=lambda kind: str(kind) if isinstance(kind, pa.DataType) else "",
)
def test_layouts_dont_matter(kind: pa.DataType, others: list[pa.DataType]) -> None:
    values: dict[str, list[Any]] = {
        "string": ["a", None, "", "longer than a view holds", "a"],
        "binary": [b"a", None, b"\0\xff"],
        "list<": [["a", None], None, [], ["b"]],
        "struct": [{"a": "x"}, None, {"a": None}],
        "map": [[("a", "x")], None, [("b", None)]],
    }
    array = pa.array(next(rows for start, rows in values.items() if str(kind).startswith(start)), kind)
    for other in others:
        assert column(cast_array(array, other)) == column(array), other
        assert column(cast_array(array, other).slice(1)) == column(array.slice(1)), other


def test_nulls_in_a_dictionary_are_nulls() -> None:
    array = pa.DictionaryArray.from_arrays(pa.array([0, 1, None]), pa.array(["a", None]))
    assert column(array) == column(pa.array(["a", None, None]))


def test_nullability_and_metadata_dont_matter() -> None:
    plain = pa.table({"c": [1]})
    field = pa.field("c", pa.int64(), nullable=False, metadata={"k": "v"})
    assert digest(plain.cast(pa.schema([field], metadata={"pandas": "{}"}))) == digest(plain)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (pa.array([1, 2]), pa.array([2, 1])),
        (pa.array([1], pa.int32()), pa.array([1], pa.int64())),
        (pa.array([None], pa.int64()), pa.array([0], pa.int64())),
        (pa.array([None, 1]), pa.array([1, None])),
        (pa.array(["ab", "c"]), pa.array(["a", "bc"])),
        (pa.array([""]), pa.array([None], pa.string())),
        (pa.array([[1], [2, 3]]), pa.array([[1, 2], [3]])),
        (pa.array([[]], pa.list_(pa.int64())), pa.array([None], pa.list_(pa.int64()))),
        (pa.array([[None]], pa.list_(pa.int64())), pa.array([[]], pa.list_(pa.int64()))),
        (pa.array([{"a": None}], pa.struct([("a", SMALL)])), pa.array([None], pa.struct([("a", SMALL)]))),
        (pa.array([0.0]), pa.array([-0.0])),
        (pa.nulls(1), pa.nulls(2)),
        (pa.array([b"a"]), pa.array(["a"])),
        (pa.array([True, False]), pa.array([False, True])),
        (pa.array([1], pa.timestamp("us")), pa.array([1], pa.timestamp("us", "UTC"))),
    ],
)
def test_what_differs_differs(one: pa.Array, other: pa.Array) -> None:
    assert column(one) != column(other)


def test_names_order_and_absent_columns_matter() -> None:
    rows = pa.table({"a": [1], "b": [1]})
    found = {digest(rows), digest(rows.select(["b", "a"])), digest(rows.rename_columns(["a", "c"]))}
    assert len(found | {digest(rows.select(["a"])), digest(rows.slice(0, 0)), digest(rows.select([]))}) == 6


def test_rows_beyond_a_slice_count() -> None:
    many = pa.table({"c": pc.cast(pa.array(range(150_000)), pa.string())})
    assert digest(many, [65_536, 7]) == digest(many)
    assert digest(many.slice(1)) != digest(many)


def test_unions_are_refused() -> None:
    union = pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1])])
    with pytest.raises(UnsupportedError, match="idempotency_key: column 'c' is a union"):
        RowsDigest(pa.schema([("c", pa.list_(union.type))]))


def test_layouts_that_arrow_cant_decode_are_refused() -> None:
    """pyarrow 26 has no cast of a map with such entries; if one comes, this layout is digested like any other."""
    items = pa.list_(pa.field("item", pa.int32(), nullable=False), 2)
    kind = pa.map_(pa.string(), pa.struct([("f", items), ("v", pa.string_view())]))
    rows = pa.table({"c": pa.array([[("k", {"f": None, "v": "x"})], None], kind)})
    with pytest.raises(UnsupportedError, match="idempotency_key: column 'c' of type map"):
        digest(rows)


def test_requests_differ_by_action_arguments_and_rows() -> None:
    rows = RowsDigest(pa.schema({"id": pa.int64()}))
    first = RequestDigest.of("write", {"mode": "append"}, rows)
    assert first == RequestDigest.of("write", {"mode": "append", "path": None}, rows)
    found = {
        first.text,
        RequestDigest.of("upsert", {"mode": "append"}, rows).text,
        RequestDigest.of("write", {"mode": "overwrite"}, rows).text,
        RequestDigest.of("write", {"mode": "append", "keys": ["id"]}, rows).text,
        RequestDigest.of("write", {"mode": "append", "keys": [["id"]]}, rows).text,
        RequestDigest.of("write", {"mode": "append", "header": True}, rows).text,
        RequestDigest.of("write", {"mode": "append", "header": "True"}, rows).text,
        RequestDigest.of("write", {"mode": "append"}).text,
    }
    rows.update(pa.record_batch({"id": [1]}))
    assert len(found | {RequestDigest.of("write", {"mode": "append"}, rows).text}) == 9


def test_a_request_says_what_differs() -> None:
    one, other = RowsDigest(pa.schema({"id": pa.int64()})), RowsDigest(pa.schema({"id": pa.int32()}))
    first = RequestDigest.of("write", {"mode": "append"}, one)
    assert first.difference(first.text) == ""
    assert RequestDigest.of("write", {}, one).difference(first.text) == "the action or an argument differs"
    rows = "the rows, their order or their types differ"
    assert RequestDigest.of("write", {"mode": "append"}, other).difference(first.text) == rows
    assert RequestDigest.of("upsert", {}, other).difference(first.text) == f"the action or an argument and {rows}"


def test_a_request_has_a_number_of_63_bits() -> None:
    numbers = {RequestDigest.of("delete", {"where": f"id = {n}"}).number for n in range(100)}
    assert len(numbers) == 100
    assert all(0 <= number < 2**63 for number in numbers)


def test_lists_mappings_and_schemas_are_arguments_and_others_are_not() -> None:
    schema = pa.schema({"a": pa.string()})
    one = RequestDigest.of("delete", {"schema": schema, "keys": ("a", "b"), "types": {"x": 1, "a": 2}})
    large = schema.set(0, pa.field("a", pa.large_string()))
    assert one == RequestDigest.of("delete", {"types": {"a": 2, "x": 1}, "keys": ["a", "b"], "schema": large})
    with pytest.raises(DataError, match="odd: found a object"):
        RequestDigest.of("delete", {"odd": object()})
