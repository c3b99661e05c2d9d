"""Lossless conversion of Python values to Arrow arrays, level by level, so that errors name the path and the row.

``pyarrow.array`` alone is not enough: it turns ``[1.5]`` into ``1`` for an int64, drops struct keys that the type
lacks, truncates microseconds for a timestamp[ms], and coerces dates and datetimes, or text and bytes, to one type.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from itertools import accumulate, chain, repeat
from numbers import Integral, Real
from types import NoneType
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.types as pt

from dao.arrow.convert._bounds import Unbounded, check_bounds
from dao.arrow.convert._equal import same_type
from dao.arrow.convert._exact import ValueWouldChange, cast_exactly, describe, may_cast
from dao.arrow.convert._fillers import filled
from dao.arrow.convert._place import Place
from dao.arrow.convert._recognise import is_row_type, qualified_names
from dao.arrow.convert._records import row_values
from dao.arrow.convert._scalars import decimals, has_nanoseconds, nanoseconds, plain_scalars
from dao.errors import did_you_mean

__all__ = ["build_array"]

_EXACT: dict[type, str] = {
    bool: "bool", int: "int", float: "float", str: "str", bytes: "bytes", bytearray: "bytes", Decimal: "Decimal",
    dt.date: "date", dt.time: "time", dt.timedelta: "timedelta", UUID: "str", list: "list", tuple: "list", set: "list",
    frozenset: "list", dict: "dict",
}  # fmt: skip
_AS_THEY_ARE = {*_EXACT, NoneType, dt.datetime} - {UUID}
_MIXED = {frozenset({"int", "float"}): "float", frozenset({"int", "Decimal"}): "Decimal"}


def _kind(value: Any) -> str | None:
    """The name of a value's kind, which decides its Arrow type; ``None`` for a null."""
    known = _EXACT.get(type(value))
    if known is not None:
        return known
    if value is None or qualified_names(type(value))[0].endswith((".NAType", ".NaTType")):
        return None
    if isinstance(value, dt.datetime):
        return "datetime" if value.tzinfo is None else "datetime with a zone"
    if isinstance(value, Mapping) or is_row_type(type(value)):
        return "dict"
    if isinstance(value, Enum):
        return _kind(value.value)
    for parent, kind in (
        (bool, "bool"),
        (Integral, "int"),
        (Real, "float"),
        (str, "str"),
        (bytes, "bytes"),
        (Decimal, "Decimal"),
    ):
        if isinstance(value, parent):
            return kind
    for base in (dt.date, dt.time, dt.timedelta):
        if isinstance(value, base):
            return _EXACT[base]
    if isinstance(value, (Sequence, set, frozenset)) or hasattr(value, "__array__"):
        return "list"
    return type(value).__qualname__


def build_array(
    values: Sequence[Any], kind: pa.DataType | None, path: str, rows: Sequence[int] | None = None
) -> pa.Array:
    """Convert Python values to an array of the given type or, for ``None``, of an inferred one that holds them all.

    Args:
        values: numbers, text, dates, UUIDs (become text), enums (become their values), lists, dicts, records; nested.
        kind: the type, or ``None`` to infer it: int with float becomes double, int with Decimal decimal; naive
            datetimes timestamp[us], aware ones timestamp[us, tz=UTC], both in ns if a value needs it; dicts become
            structs with the fields in the order of first appearance.
        path: the column's name, for messages.
        rows: the row that each value belongs to, for messages; by default its index.

    Raises:
        DataError: values of different kinds, or a value that the type can't hold without loss, that contains itself or
            is nested too deeply; the message names the path and the row.
    """
    place = Place(path, rows)
    try:
        check_bounds(values)
    except Unbounded as fault:
        raise place.fault(fault.row, f"{_kind(values[fault.row])} value can't be stored: {fault}") from None
    return _build(values, kind, place)


def _build(values: Sequence[Any], kind: pa.DataType | None, place: Place) -> pa.Array:
    values = plain_scalars(values)
    found = _common(_kinds(values), values, place)
    if found is None and kind is not None and pt.is_struct(kind):
        return _structs(values, kind, place)
    if found == "dict" and not (kind is not None and pt.is_map(kind)):
        return _structs(values, kind, place)
    if found in ("list", "dict"):
        return _maps(values, kind, place) if kind is not None and pt.is_map(kind) else _lists(values, kind, place)
    return _leaves(values, found, kind, place)


def _kinds(values: Sequence[Any]) -> set[str]:
    """The kinds of the values, looked up once per type if the type alone decides."""
    kinds: set[str | None] = set()
    for kind in set(map(type, values)):
        known = _EXACT.get(kind)
        kinds |= {known} if known else {_kind(v) for v in values if type(v) is kind}
    return {kind for kind in kinds if kind is not None}


def _common(kinds: set[str], values: Sequence[Any], place: Place) -> str | None:
    if len(kinds) < 2:
        return next(iter(kinds), None)
    if frozenset(kinds) in _MIXED:
        return _MIXED[frozenset(kinds)]
    first, other = _first_conflict(values)
    raise place.fault(
        other,
        f"{_kind(values[other])} value {_short(values[other])}, where row {place.row(first)} has "
        f"{_kind(values[first])} value {_short(values[first])}; make them one type",
    )


def _first_conflict(values: Sequence[Any]) -> tuple[int, int]:
    seen: dict[str, int] = {}
    for index, value in enumerate(values):
        kind = _kind(value)
        if kind is None:
            continue
        seen.setdefault(kind, index)
        if len(seen) > 1 and frozenset(seen) not in _MIXED:
            return next(iter(seen.values())), index
    raise AssertionError("there is a conflict, or this would not be called")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:60] + "..."


def _leaves(values: Sequence[Any], found: str | None, kind: pa.DataType | None, place: Place) -> pa.Array:
    if isinstance(kind, pa.BaseExtensionType):
        return _made(values, kind, place)
    if found is None:
        return pa.nulls(len(values), kind or pa.null())
    values = _plain(values)
    values = decimals(values) if found == "Decimal" else values
    if found in _UNHELD:
        _refuse_unheld(values, found, place)
    if found in _INSTANTS and has_nanoseconds(values):
        array = _of_nanoseconds(values, found, place)
    else:
        array = _made(values, _leaf_type(found, kind), place)
    if kind is None:
        return array
    reason = may_cast(array.type, kind)
    if reason is not None:
        index = next(i for i, v in enumerate(values) if v is not None)
        raise place.fault(index, f"{found} value {_short(values[index])} can't be {describe(kind)}: {reason}")
    try:
        return cast_exactly(array, kind, round_floats=True)
    except ValueWouldChange as fault:
        raise place.fault(fault.row, str(fault)) from fault.__cause__


def _plain(values: Sequence[Any]) -> Sequence[Any]:
    """Replace enums by their value, UUIDs by text and pandas' nulls by None; returns the list itself if it has none."""
    special = {kind for kind in set(map(type, values)) if kind not in _AS_THEY_ARE}
    if not special:
        return values
    return [_plain_value(v) if type(v) in special else v for v in values]


def _plain_value(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID):
        return str(value)
    return None if _kind(value) is None else value


def _leaf_type(found: str, kind: pa.DataType | None) -> pa.DataType | None:
    """The type to build the values with, before any cast; ``None`` to let Arrow infer it."""
    if found in _INSTANTS:
        return _INSTANTS[found]("us")
    if found in ("int", "Decimal") and kind is not None and pt.is_decimal(kind):
        return kind  # exact: Arrow refuses to cut digits
    return None


_INSTANTS: dict[str, Callable[[str], pa.DataType]] = {
    "datetime": pa.timestamp,
    "datetime with a zone": lambda unit: pa.timestamp(unit, "UTC"),
    "timedelta": pa.duration,
}


def _of_nanoseconds(values: Sequence[Any], found: str, place: Place) -> pa.Array:
    """Build instants or durations in nanoseconds: Arrow uses the first value's unit for all, and truncates others."""
    counts = [nanoseconds(v) for v in values]
    for index, count in enumerate(counts):
        if count is not None and not -(2**63) <= count < 2**63:
            raise place.fault(
                index, f"{found} value {_short(values[index])} can't be held in nanoseconds, which others here need"
            )
    return pa.array(counts, pa.int64()).cast(_INSTANTS[found]("ns"))


_UNHELD: dict[str, tuple[Callable[[Any], bool], str]] = {
    "time": (lambda v: v.tzinfo is not None, "has a zone, which no type of times can hold"),
    "Decimal": (lambda v: not v.is_finite(), "is not finite, as all decimals in Arrow are; None is a null"),
}
"""The kinds with values that no Arrow type holds: a test for these values, and the reason."""


def _refuse_unheld(values: Sequence[Any], found: str, place: Place) -> None:
    is_unheld, reason = _UNHELD[found]
    for index, value in enumerate(values):
        if value is not None and is_unheld(value):
            raise place.fault(index, f"{found} value {_short(value)} {reason}")


_UNFIT = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeEncodeError)


def _made(values: Sequence[Any], kind: pa.DataType | None, place: Place) -> pa.Array:
    try:
        return pa.array(values, type=kind)
    except OverflowError:
        return _made_unsigned(values, place)
    except _UNFIT as error:
        index = _first_unfit(values, kind)
        what = "" if kind is None else f" can't be {describe(kind)}"
        raise place.fault(
            index, f"{_kind(values[index])} value {_short(values[index])}{what}: {_first_line(error)}"
        ) from error


def _made_unsigned(values: Sequence[Any], place: Place) -> pa.Array:
    """Build integers beyond int64 as uint64; refused if one is negative or larger."""
    try:
        return pa.array(values, type=pa.uint64())
    except (OverflowError, pa.ArrowInvalid, pa.ArrowTypeError) as error:
        index = next(i for i, v in enumerate(values) if v is not None and not -(2**63) <= v < 2**63)
        raise place.fault(
            index, f"int value {_short(values[index])} does not fit 64 bits with the others; use Decimal"
        ) from error


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200]


def _first_unfit(values: Sequence[Any], kind: pa.DataType | None) -> int:
    """The index of the first value that Arrow can't convert, found by bisection over prefixes."""
    low, high = 0, len(values)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            pa.array(values[:middle], type=kind)
            low = middle
        except _UNFIT:
            high = middle
    return low


def _rows_of_items(values: Sequence[Any], place: Place) -> list[int]:
    """The row that each item of the lists belongs to."""
    return list(chain.from_iterable(repeat(place.row(i), len(v)) for i, v in enumerate(values) if v is not None))


def _offsets(values: Sequence[Any]) -> pa.Array:
    """The offsets of the lists, null for null lists, and the end of the last one."""
    starts = list(accumulate((0 if v is None else len(v) for v in values), initial=0))
    nulls = [v is None for v in values] + [False]
    return pa.array([None if null else start for start, null in zip(starts, nulls, strict=True)], pa.int32())


def _structs(values: Sequence[Any], kind: pa.DataType | None, place: Place) -> pa.Array:
    if kind is not None and not pt.is_struct(kind):
        index = next(i for i, v in enumerate(values) if v is not None)
        raise place.fault(index, f"dict value {_short(values[index])} can't be {describe(kind)}")
    plain = set(map(type, values)) <= {dict, NoneType}
    mappings = values if plain else [None if v is None else row_values(v) for v in values]
    found = dict.fromkeys(chain.from_iterable(m for m in mappings if m is not None))
    names = list(found) if kind is None else [f.name for f in kind]
    _check_keys(mappings, found, names, place)
    types: list[Any] = [None] * len(names) if kind is None else [f.type for f in kind]
    children = [
        _build([None if m is None else m.get(name) for m in mappings], t, place.below(f".{name}"))
        for name, t in zip(names, types, strict=True)
    ]
    members = [pa.field(n, c.type) for n, c in zip(names, children, strict=True)] if kind is None else list(kind)
    if not members:
        return pa.array([None if m is None else {} for m in mappings], pa.struct([]))
    masked = [v is None for v in values]
    children = [filled(child, member, masked) for child, member in zip(children, members, strict=True)]
    return pa.StructArray.from_arrays(children, fields=members, mask=pa.array(masked, pa.bool_()))


def _check_keys(mappings: Sequence[Any], found: Mapping[Any, Any], names: Sequence[str], place: Place) -> None:
    for name in found:
        if not isinstance(name, str) or name not in names:
            index = next(i for i, m in enumerate(mappings) if m is not None and name in m)
            hint = did_you_mean(name, names) if isinstance(name, str) else "names are text"
            raise place.fault(index, f"field {name!r} is not known ({hint})")


def _lists(values: Sequence[Any], kind: pa.DataType | None, place: Place) -> pa.Array:
    if kind is not None and not _is_list(kind):
        index = next(i for i, v in enumerate(values) if v is not None)
        raise place.fault(index, f"list value {_short(values[index])} can't be {describe(kind)}")
    if kind is not None and pt.is_fixed_size_list(kind):
        return _fixed_size_lists(values, kind, place)
    item = None if kind is None else kind.value_type
    flat = list(chain.from_iterable(v for v in values if v is not None))
    items = _build(flat, item, place.below("[]", _rows_of_items(values, place)))
    if kind is not None and pt.is_large_list(kind):
        return pa.LargeListArray.from_arrays(_offsets(values).cast(pa.int64()), items, type=kind)
    return pa.ListArray.from_arrays(_offsets(values), items, type=kind)


def _is_list(kind: pa.DataType) -> bool:
    return bool(pt.is_list(kind) or pt.is_large_list(kind) or pt.is_fixed_size_list(kind))


def _fixed_size_lists(values: Sequence[Any], kind: pa.DataType, place: Place) -> pa.Array:
    size = kind.list_size
    for index, value in enumerate(values):
        if value is not None and len(value) != size:
            raise place.fault(
                index, f"list value {_short(value)} has {len(value)} items, where {describe(kind)} has {size}"
            )
    padded = [[None] * size if v is None else v for v in values]  # a null list occupies its slots too
    flat = list(chain.from_iterable(padded))
    items = _build(flat, kind.value_type, place.below("[]", _rows_of_items(padded, place)))
    return pa.FixedSizeListArray.from_arrays(items, type=kind, mask=pa.array([v is None for v in values], pa.bool_()))


def _maps(values: Sequence[Any], kind: pa.DataType, place: Place) -> pa.Array:
    pairs = [None if v is None else list(v.items()) if isinstance(v, Mapping) else list(v) for v in values]
    flat = [pair for entry in pairs if entry is not None for pair in entry]
    rows = _rows_of_items(pairs, place)
    keys = _build([k for k, _ in flat], kind.key_type, place.below(".key", rows))
    items = _build([v for _, v in flat], kind.item_type, place.below(".value", rows))
    maps = pa.MapArray.from_arrays(_offsets(pairs), keys, items)
    return maps if same_type(maps.type, kind) else maps.cast(kind)
