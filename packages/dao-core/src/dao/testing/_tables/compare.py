"""Exact comparison of tables, with readable differences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.arrow.convert._exact import ValueWouldChange, cast_exactly, may_cast
from dao.arrow.convert._incoming import to_reader
from dao.capabilities import RELAXATIONS
from dao.errors import DataError, did_you_mean
from dao.testing._tables.features import children_of

__all__ = ["same_table"]


_SHOWN = 10


def same_table(actual: Any, expected: Any, *, ordered: bool = True, relax: Collection[str] = ()) -> None:
    """Check that two tables are the same; the AssertionError has the differences.

    Compared are the names and the order of the columns, their types and nullability, the number of rows, and each
    value: NaN equals NaN, -0.0 doesn't equal 0.0, null is neither NaN nor empty. Chunks, metadata and the names of list
    items are ignored.

    Args:
        actual: the table that was read: anything tabular.
        expected: the table that was expected: anything tabular.
        ordered: whether the order of the rows matters; if not, the number of equal rows still does.
        relax: the differences of types to allow, of :data:`dao.capabilities.RELAXATIONS`.

    Raises:
        AssertionError: the tables differ; the message has the first differences.
        DataError: an unknown relaxation.

    >>> same_table(pa.table({"a": [2, 1]}), pa.table({"a": [1, 2]}), ordered=False)
    >>> same_table(pa.table({"a": [0.0]}), pa.table({"a": [-0.0]}))
    Traceback (most recent call last):
    AssertionError: the tables differ:
      column 'a', row 0: 0.0 instead of -0.0
    """
    for name in relax:
        if name not in RELAXATIONS:
            raise DataError(f"relax has an unknown {name!r}: {did_you_mean(name, RELAXATIONS)}")
    got, wanted = (t if isinstance(t, pa.Table) else to_reader(t).read_all() for t in (actual, expected))
    differences = list(_schema_differences(got.schema, wanted.schema, frozenset(relax)))
    if not differences:
        differences = list(_row_differences(got, wanted, ordered))
    if differences:
        more = f"\n  and {len(differences) - _SHOWN} more" if len(differences) > _SHOWN else ""
        raise AssertionError("the tables differ:" + "".join(f"\n  {d}" for d in differences[:_SHOWN]) + more)


def _schema_differences(got: pa.Schema, wanted: pa.Schema, relax: frozenset[str]) -> Iterator[str]:
    if got.names != wanted.names:
        missing = [n for n in wanted.names if n not in got.names]
        extra = [n for n in got.names if n not in wanted.names]
        if missing or extra:
            yield from (f"column {name!r} is missing" for name in missing)
            yield from (f"column {name!r} should not be there" for name in extra)
        else:
            yield f"the columns are in the order {got.names} instead of {wanted.names}"
        return
    for mine, theirs in zip(got, wanted, strict=True):
        if not _may_be(mine.type, theirs.type, relax):
            yield f"column {mine.name!r} is {mine.type} instead of {theirs.type}"
        elif mine.nullable != theirs.nullable and not (mine.nullable and "nullability" in relax):
            yield f"column {mine.name!r} is {'nullable' if mine.nullable else 'not null'}, and should be the other"


def _may_be(got: pa.DataType, wanted: pa.DataType, relax: frozenset[str]) -> bool:
    """Whether a column of type ``wanted`` may be read as type ``got``."""
    if got.equals(wanted) or (pt.is_null(wanted) and "null" in relax):
        return True
    if pt.is_dictionary(wanted) and "dictionary" in relax:
        inner = got.value_type if pt.is_dictionary(got) else got
        return _may_be(inner, wanted.value_type, relax)
    if isinstance(wanted, pa.BaseExtensionType):
        return "uuid" in relax and _may_be(got, wanted.storage_type, relax)
    if pt.is_timestamp(wanted) and pt.is_timestamp(got):
        return _may_be_moment(got, wanted, relax)
    if pt.is_nested(wanted) and (_layout(got) == _layout(wanted) or _may_be_list(got, wanted, relax)):
        return _may_be_inside(got, wanted, relax)
    return any(rule(got, wanted) for name, rule in _RULES.items() if name in relax)


def _layout(kind: pa.DataType) -> tuple[Any, ...]:
    return (kind.id, getattr(kind, "list_size", None), getattr(kind, "keys_sorted", None))


def _may_be_list(got: pa.DataType, wanted: pa.DataType, relax: frozenset[str]) -> bool:
    lists = (pt.is_list, pt.is_large_list)
    if not any(test(got) for test in lists):
        return False
    if pt.is_fixed_size_list(wanted):
        return "fixed_size" in relax
    return "layout" in relax and any(test(wanted) for test in lists)


def _may_be_inside(got: pa.DataType, wanted: pa.DataType, relax: frozenset[str]) -> bool:
    mine, theirs = children_of(got), children_of(wanted)
    if pt.is_struct(wanted) and [f.name for f in mine] != [f.name for f in theirs]:
        return False
    return all(
        _may_be(a.type, b.type, relax) and (a.nullable == b.nullable or (a.nullable and "nullability" in relax))
        for a, b in zip(mine, theirs, strict=True)
    )


_TEXTS = (pt.is_string, pt.is_large_string, pt.is_string_view)
_BYTES = (pt.is_binary, pt.is_large_binary, pt.is_binary_view)
_UNITS = ("s", "ms", "us", "ns")


def _both(tests: Any, got: pa.DataType, wanted: pa.DataType) -> bool:
    return any(t(got) for t in tests) and any(t(wanted) for t in tests)


def _other_integer(got: pa.DataType, wanted: pa.DataType) -> bool:
    return _both([pt.is_integer], got, wanted) and got.bit_width >= wanted.bit_width


def _wider_decimal(got: pa.DataType, wanted: pa.DataType) -> bool:
    return _both([pt.is_decimal], got, wanted) and got.precision >= wanted.precision and got.scale == wanted.scale


def _finer(got: pa.DataType, wanted: pa.DataType) -> bool:
    if pt.is_date64(wanted):
        return bool(pt.is_date32(got))
    return any(_both([t], got, wanted) for t in (pt.is_time, pt.is_duration)) and _has_finer_unit(got, wanted)


def _has_finer_unit(got: pa.DataType, wanted: pa.DataType) -> bool:
    return _UNITS.index(got.unit) > _UNITS.index(wanted.unit)


def _may_be_moment(got: pa.TimestampType, wanted: pa.TimestampType, relax: frozenset[str]) -> bool:
    """A timestamp may have both another unit and another zone, where both may differ."""
    unit = got.unit == wanted.unit or ("units" in relax and _has_finer_unit(got, wanted))
    zone = got.tz == wanted.tz or ("zones" in relax and bool(got.tz and wanted.tz))
    return unit and zone


_RULES: dict[str, Any] = {
    "layout": lambda got, wanted: _both(_TEXTS, got, wanted) or _both(_BYTES, got, wanted),
    "fixed_size": lambda got, wanted: pt.is_fixed_size_binary(wanted) and any(t(got) for t in _BYTES),
    "integers": _other_integer,
    "floats": lambda got, wanted: _both([pt.is_floating], got, wanted) and got.bit_width > wanted.bit_width,
    "decimals": _wider_decimal,
    "units": _finer,
}


def _row_differences(got: pa.Table, wanted: pa.Table, ordered: bool) -> Iterator[str]:
    if got.num_rows != wanted.num_rows:
        yield f"{got.num_rows} rows instead of {wanted.num_rows}"
        if ordered:
            return
    pairs = [_as_wanted(got.column(i), wanted.column(i)) for i in range(wanted.num_columns)]
    if ordered:
        for name, (mine, theirs) in zip(wanted.column_names, pairs, strict=True):
            yield from _column_differences(name, mine, theirs)
    else:
        yield from _compare_unordered(pairs)


def _as_wanted(got: pa.ChunkedArray, wanted: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """Both columns as single arrays, cast to one type if that is lossless."""
    mine, theirs = _whole(got), _whole(wanted)
    if mine.type.equals(theirs.type) or may_cast(theirs.type, mine.type) is not None:
        return mine, theirs
    try:
        return mine, cast_exactly(theirs, mine.type)
    except ValueWouldChange:
        return mine, theirs


def _whole(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    whole = whole.storage if isinstance(whole.type, pa.BaseExtensionType) else whole
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


def _column_differences(name: str, got: pa.Array, wanted: pa.Array) -> Iterator[str]:
    if got.type.equals(wanted.type) and not _has_floats(got.type) and got.equals(wanted):
        return
    for row, (a, b) in enumerate(zip(_keys(got), _keys(wanted), strict=True)):
        if a != b:
            yield f"column {name!r}, row {row}: {_show(got[row])} instead of {_show(wanted[row])}"


def _show(value: Any) -> str:
    try:
        text = repr(value.as_py())
    except (ValueError, ImportError, OverflowError):
        text = str(value)
    return "null" if not value.is_valid else text if len(text) <= 80 else text[:80] + "..."


def _compare_unordered(pairs: list[tuple[pa.Array, pa.Array]]) -> Iterator[str]:
    mine, theirs = (list(zip(*(_keys(pair[side]) for pair in pairs), strict=True)) for side in (0, 1))
    for side, keys, others, what in ((0, mine, theirs, "should not be there"), (1, theirs, mine, "is missing")):
        surplus = Counter(keys) - Counter(others)
        for row, key in enumerate(keys):
            if surplus[key]:
                times = f" {surplus.pop(key)} times" if surplus[key] > 1 else ""
                surplus[key] = 0
                yield f"the row ({', '.join(_show(pair[side][row]) for pair in pairs)}) {what}{times}"


def _has_floats(kind: pa.DataType) -> bool:
    return bool(pt.is_floating(kind)) or any(_has_floats(child.type) for child in children_of(kind))


def _keys(array: pa.Array) -> list[Hashable]:
    """A hashable key per value, equal exactly if the values are the same; None for a null."""
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return _keys(array.storage)
    if pt.is_dictionary(kind):
        return _keys(array.dictionary_decode())
    if pt.is_struct(kind):
        return _valid(
            array, [tuple(key) for key in zip(*map(_keys, array.flatten()), strict=True)] or [()] * len(array)
        )
    if pt.is_map(kind) or pt.is_nested(kind):
        return _keys_of_lists(array)
    if pt.is_floating(kind):
        return _keys_of_floats(array)
    if pt.is_temporal(kind):
        return list(_raw(array).to_pylist())
    return list(array.to_pylist())


def _valid(array: pa.Array, keys: list[Any]) -> list[Hashable]:
    return [key if valid else None for key, valid in zip(keys, array.is_valid().to_pylist(), strict=True)]


def _keys_of_lists(array: pa.Array) -> list[Hashable]:
    keys = []
    for row in range(len(array)):
        values = array[row].values if array[row].is_valid else None
        keys.append(None if values is None else tuple(_keys(values)))
    return list(keys)


def _keys_of_floats(array: pa.Array) -> list[Hashable]:
    """The bits of the floats, so that -0.0 differs from 0.0; all NaNs have the same key."""
    raw = {16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64()}[array.type.bit_width]
    nan = pc.is_nan(array).to_pylist()
    return ["nan" if is_nan else bits for is_nan, bits in zip(nan, array.view(raw).to_pylist(), strict=True)]


def _raw(array: pa.Array) -> pa.Array:
    if array.type.bit_width not in (32, 64):
        return array
    return array.view(pa.int32() if array.type.bit_width == 32 else pa.int64())
