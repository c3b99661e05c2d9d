"""A hypothesis strategy for arbitrary tables."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.types as pt
from hypothesis import strategies as st

from dao.capabilities import TYPES
from dao.errors import DataError, did_you_mean
from dao.testing._tables.cases import DAY, FIRST_DAY, FIRST_DAY_OF_1900, LAST_DAY, LONG_NAME, ODD_NAMES, PER_SECOND
from dao.testing._tables.features import features_of

__all__ = ["tables"]

_LEAVES: tuple[pa.DataType, ...] = (
    pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64(),
    pa.float32(), pa.float64(), pa.decimal128(5, 2), pa.decimal128(18, 6), pa.decimal128(38, 0), pa.decimal128(38, 18),
    pa.decimal256(76, 20), pa.string(), pa.large_string(), pa.string_view(), pa.binary(), pa.large_binary(),
    pa.binary_view(), pa.binary(4), pa.date32(), pa.date64(), pa.time32("s"), pa.time32("ms"), pa.time64("us"),
    pa.time64("ns"), *(pa.timestamp(u, z) for u in PER_SECOND for z in (None, "UTC", "Europe/Berlin")),
    *(pa.duration(u) for u in PER_SECOND), pa.null(), pa.dictionary(pa.int32(), pa.string()),
)  # fmt: skip
_DAY_IN_2261 = 106_650


def tables(*, without: Collection[str] = (), max_rows: int = 8, max_columns: int = 4) -> st.SearchStrategy[pa.Table]:
    """Generate arbitrary tables: the types of `CASES` but float16, nested up to two levels deep.

    Views and dictionaries are drawn as columns of their own only, not inside nested types.

    Args:
        without: the features, of :data:`~dao.capabilities.TYPES`, that the tables must not require.
        max_rows: the maximum number of rows, in one or two chunks; the minimum is 0, or 1 without ``no_rows``.
        max_columns: the maximum number of columns; the minimum is 1.

    Raises:
        DataError: an unknown feature.
    """
    for name in without:
        if name not in TYPES:
            raise DataError(f"without has an unknown {name!r}: {did_you_mean(name, TYPES)}")
    return _tables(frozenset(without), max_rows, max_columns)


@st.composite
def _tables(draw: st.DrawFn, without: frozenset[str], max_rows: int, max_columns: int) -> pa.Table:
    names = draw(st.lists(_names(without), min_size=1, max_size=max_columns, unique_by=lambda name: name.casefold()))
    fields = [draw(_fields(name, without, depth=2)) for name in names]
    rows = draw(st.integers(int("no_rows" in without), max_rows))
    columns = [
        pa.array(draw(st.lists(_cells(field, without), min_size=rows, max_size=rows)), field.type) for field in fields
    ]
    table = pa.Table.from_arrays(columns, schema=pa.schema(fields))
    cut = draw(st.integers(0, rows))
    return pa.concat_tables([table.slice(0, cut), table.slice(cut)]) if 0 < cut < rows else table


def _names(without: frozenset[str]) -> st.SearchStrategy[str]:
    plain = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).map(lambda name: f"c_{name}")
    odd = [] if "odd_names" in without else ODD_NAMES
    long = [] if "long_names" in without else [LONG_NAME]
    return plain | st.sampled_from([*odd, *long]) if odd or long else plain


@st.composite
def _fields(draw: st.DrawFn, name: str, without: frozenset[str], depth: int) -> pa.Field:
    kind = draw(_types(without, depth))
    required = "not_null" not in without and not pt.is_null(kind) and draw(st.booleans())
    return pa.field(name, kind, nullable=not required)


@st.composite
def _types(draw: st.DrawFn, without: frozenset[str], depth: int) -> pa.DataType:
    leaf = st.sampled_from([kind for kind in _LEAVES if features_of(kind).isdisjoint(without)])
    shapes = [s for s in ("list", "large_list", "fixed_size_list", "struct", "map") if s not in without]
    if depth == 0 or not shapes or draw(st.integers(0, 3)):
        return draw(leaf)
    shape = draw(st.sampled_from(shapes))
    # In a null struct pa.array() makes invalid dictionaries, and pyarrow 26 can't write the views of one to Parquet.
    inside = without | {"dictionary", "string_view", "binary_view"}
    if shape == "struct":
        return pa.struct([draw(_fields(name, inside, depth - 1)) for name in ("a", "b")[: draw(st.integers(1, 2))]])
    if shape == "map":
        keys = [k for k in (pa.string(), pa.int32(), pa.int64()) if features_of(k).isdisjoint(without)]
        return pa.map_(draw(st.sampled_from(keys)), draw(_fields("value", inside, depth - 1)))
    item = draw(_fields("item", inside, depth - 1))
    if shape == "fixed_size_list":
        return pa.list_(item, 2)
    return pa.list_(item) if shape == "list" else pa.large_list(item)


def _cells(field: pa.Field, without: frozenset[str]) -> st.SearchStrategy[Any]:
    values = _values(field.type, without)
    return values if not field.nullable or _never_null(field.type, without) else st.none() | values


def _never_null(kind: pa.DataType, without: frozenset[str]) -> bool:
    """Whether a null of this type requires an excluded feature; in a null struct all members are null."""
    if pt.is_fixed_size_list(kind):
        return "null_fixed_size_list" in without
    return pt.is_struct(kind) and ("null_struct" in without or any(_never_null(f.type, without) for f in kind))


def _values(kind: pa.DataType, without: frozenset[str]) -> st.SearchStrategy[Any]:
    """Generate values for ``pa.array(values, kind)``; temporal values are integers in the unit of their type."""
    if pt.is_nested(kind):
        return _nested_values(kind, without)
    if pt.is_integer(kind):
        bits = kind.bit_width
        return (
            st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if str(kind)[0] == "i" else st.integers(0, 2**bits - 1)
        )
    if pt.is_floating(kind):
        return _floats(kind.bit_width, without)
    if pt.is_decimal(kind):
        most = 10**kind.precision - 1
        return st.integers(-most, most).map(lambda n: Decimal(((n < 0), tuple(map(int, str(abs(n)))), -kind.scale)))
    if pt.is_temporal(kind):
        return _times(kind, without)
    least = int("empty_text" in without)
    if pt.is_fixed_size_binary(kind):
        return st.binary(min_size=kind.byte_width, max_size=kind.byte_width)
    if str(kind).endswith(("binary", "binary_view")):
        return st.binary(min_size=least, max_size=12)
    if pt.is_boolean(kind):
        return st.booleans()
    if pt.is_null(kind):
        return st.none()
    letters = st.characters(exclude_categories=["Cs", "Cc"] if "control_text" in without else ["Cs"])
    return st.text(letters, min_size=least, max_size=12)


def _floats(bits: Any, without: frozenset[str]) -> st.SearchStrategy[float]:
    floats = st.floats(
        width=bits,
        allow_nan="nan" not in without,
        allow_infinity="infinity" not in without,
        allow_subnormal="subnormal" not in without,
    )
    return floats.map(lambda x: abs(x) if x == 0 else x) if "negative_zero" in without else floats


def _times(kind: pa.DataType, without: frozenset[str]) -> st.SearchStrategy[int]:
    first = FIRST_DAY_OF_1900 if "early_dates" in without else FIRST_DAY
    last = _DAY_IN_2261 if "late_dates" in without else LAST_DAY
    if pt.is_date32(kind):
        return st.integers(first, last)
    if pt.is_date64(kind):
        return st.integers(first, last).map(lambda day: day * DAY * 1000)
    scale = PER_SECOND[kind.unit]
    if pt.is_time(kind):
        return st.integers(0, DAY * scale - 1)
    if pt.is_duration(kind):
        return st.integers(-(2**60), 2**60)
    low, high = first * DAY * scale, (last + 1) * DAY * scale - 1
    return st.integers(max(low, -(2**63) + 1), min(high, 2**63 - 1))


def _nested_values(kind: pa.DataType, without: frozenset[str]) -> st.SearchStrategy[Any]:
    if pt.is_dictionary(kind):
        return _values(kind.value_type, without)
    if pt.is_struct(kind):
        return st.fixed_dictionaries({field.name: _cells(field, without) for field in kind})
    least = int("empty_list" in without)
    if pt.is_map(kind):
        pairs = st.tuples(_values(kind.key_type, without), _cells(kind.item_field, without))
        return st.lists(pairs, min_size=least, max_size=2, unique_by=lambda pair: pair[0])
    if pt.is_fixed_size_list(kind):
        return st.lists(_cells(kind.value_field, without), min_size=kind.list_size, max_size=kind.list_size)
    return st.lists(_cells(kind.value_field, without), min_size=least, max_size=3)
