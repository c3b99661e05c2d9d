"""Tables that few stores support: they are read unchanged, or writing them is refused."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

__all__ = ["BAD_TEXTS", "EDGES", "REQUIRED_NULLS", "SIZES"]

_DAY_US = 86_400_000_000
_INNER = pa.struct([("v", pa.string()), ("n", pa.int32())])
_OUTER = pa.struct([("a", _INNER), ("b", _INNER)])
_X, _Y = {"v": "x", "n": 1}, {"v": "y", "n": 2}
_JSONS = pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}', None, "[1.50]"]))


def _days(*values: int) -> pa.Array:
    return pa.array(values, pa.int32()).view(pa.date32())


def _moments(zone: str | None, *days: int) -> pa.Array:
    return pa.array([day * _DAY_US for day in days], pa.int64()).view(pa.timestamp("us", zone))


def _dictionary(values: pa.Array) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array([0, 1, 0, None], pa.int8()), values)


_COLUMNS: dict[str, pa.Array] = {
    "date_before_year_1": _days(-719_893, 0),
    "date_after_year_9999": _days(2_932_897, 0),
    "moment_before_year_1": _moments(None, -719_893, 0),
    "moment_after_year_9999": _moments("UTC", 2_932_897, 0),
    "null_inner_struct": pa.array([{"a": None, "b": _X}, {"a": _Y, "b": None}, None, {"a": _X, "b": _Y}], _OUTER),
    "null_struct_in_list": pa.array([[{"a": None, "b": _X}, {"a": _Y, "b": _X}], None, [{"a": _X, "b": None}]],
                                    pa.list_(_OUTER)),
    "dictionary_of_lists": _dictionary(pa.array([["a"], ["b", None]])),
    "dictionary_of_structs": _dictionary(pa.array([_X, {"v": None, "n": 3}], _INNER)),
    "dictionary_inside": pa.StructArray.from_arrays([_dictionary(pa.array([7, 9]))], ["d"]),
    "interval": pa.array([(1, 2, 3), None], pa.month_day_nano_interval()),
    "json": _JSONS,
    "json_inside": pa.StructArray.from_arrays([_JSONS], ["j"]),
    "map_with_a_key_twice": pa.array([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int64())),
    "run_ends": pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), pa.array(["a", None])),
}  # fmt: skip

EDGES: Mapping[str, pa.Table] = {
    name: pa.table({"row": pa.array(range(len(column))), "value": column}) for name, column in _COLUMNS.items()
}
"""The tables by name, each with a column ``row`` to sort by."""

_BAD_TEXT = pa.Array.from_buffers(
    pa.string(), 2, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0\2\0\0\0"), pa.py_buffer(b"a\xff")]
)
BAD_TEXTS: Mapping[str, pa.Table] = {
    "plain": pa.table({"value": _BAD_TEXT}),
    "in_a_struct": pa.table({"value": pa.StructArray.from_arrays([_BAD_TEXT], ["x"])}),
    "in_a_dictionary": pa.table({"value": pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), _BAD_TEXT)}),
}
"""Tables with text that isn't UTF-8, which Arrow doesn't check, by name."""

_A_NULL = pa.array(["a", None])


def _required(column: pa.Array) -> pa.Table:
    return pa.Table.from_arrays([column], schema=pa.schema([pa.field("value", column.type, nullable=False)]))


REQUIRED_NULLS: Mapping[str, pa.Table] = {
    "plain": _required(_A_NULL),
    "in_the_values_of_a_dictionary": _required(pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int8()), _A_NULL)),
    "in_runs": _required(pa.RunEndEncodedArray.from_arrays(pa.array([1, 2], pa.int32()), _A_NULL)),
    "in_a_struct": pa.table(
        {"value": pa.StructArray.from_arrays([_A_NULL], fields=[pa.field("x", pa.string(), nullable=False)])}
    ),
    "in_a_map": pa.table(
        {
            "value": pa.MapArray.from_arrays(
                pa.array([0, 2], pa.int32()),
                pa.array(["k", "l"]),
                _A_NULL,
                type=pa.map_(pa.string(), pa.field("value", pa.string(), nullable=False)),
            )
        }
    ),
}
"""Tables with a null in a field that isn't nullable, by name. Arrow doesn't check, and counts only the plain one."""

SIZES = pa.table(
    {"size": pa.DictionaryArray.from_arrays(pa.array([2, 0], pa.int8()), ["small", "middle", "big"], ordered=True)}
)
"""Ordered categories, with the largest in the first row, and an unused one."""
