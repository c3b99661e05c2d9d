"""Floats and decimals of a schema: the same number by its shortest text, or an error."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dao.arrow.convert import cast_column, to_reader
from dao.errors import DataError
from dao.testing._tables import tables

NAN = float("nan")


def shortest(value, kind):
    """The number that the shortest decimal text of a float of that type is."""
    return Decimal(pa.array([value], kind).cast(pa.string())[0].as_py())


TENTHS = [Decimal(n) / 10 for n in range(-99, 100)]


SHAPES = {
    "column": (lambda kind: kind, lambda v: v),
    "list": (pa.list_, lambda v: [v]),
    "large list to list": (
        lambda kind: (pa.large_list if pa.types.is_decimal(kind) else pa.list_)(kind),
        lambda v: [v],
    ),
    "list view": (pa.list_view, lambda v: [v]),
    "fixed size list": (lambda kind: pa.list_(kind, 1), lambda v: [v]),
    "fixed size list to list": (
        lambda kind: pa.list_(kind, 1) if pa.types.is_decimal(kind) else pa.list_(kind),
        lambda v: [v],
    ),
    "struct": (lambda kind: pa.struct([("a", kind)]), lambda v: {"a": v}),
    "struct in another order": (
        lambda kind: pa.struct([("a", kind), ("b", pa.int8())][:: -1 if pa.types.is_decimal(kind) else 1]),
        lambda v: {"a": v, "b": 1},
    ),
    "map": (lambda kind: pa.map_(pa.string(), kind), lambda v: [("k", v)]),
    "list of structs": (lambda kind: pa.list_(pa.struct([("a", kind)])), lambda v: [{"a": v}]),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("decimal", [pa.decimal128(20, 1), pa.decimal256(60, 3), pa.decimal64(10, 1)], ids=str)
def test_a_decimal_becomes_the_nearest_double_and_back_at_any_depth(shape, decimal):
    """Arrow's own cast turns Decimal("0.7") into 0.7000000000000001."""
    into, value = SHAPES[shape]
    decimals = pa.array([None, *map(value, TENTHS)], into(decimal))
    doubles = pa.array([None, *(value(float(d)) for d in TENTHS)], into(pa.float64()))
    assert cast_column(decimals, pa.field("v", doubles.type)).equals(doubles)
    assert cast_column(doubles, pa.field("v", decimals.type)).to_pylist() == decimals.to_pylist()
    assert cast_column(decimals.slice(1, 1), pa.field("v", doubles.type)).to_pylist() == [value(-9.9)]


def test_decimals_in_dictionaries_and_runs_become_the_nearest_double():
    encoded = pa.array(TENTHS, pa.decimal128(5, 1)).dictionary_encode()
    assert cast_column(encoded, pa.field("v", pa.float64())).to_pylist() == list(map(float, TENTHS))
    wanted = pa.dictionary(pa.int16(), pa.float64())
    assert cast_column(encoded, pa.field("v", wanted)).to_pylist() == list(map(float, TENTHS))
    runs = pa.run_end_encoded(pa.int32(), pa.float64())
    assert cast_column(encoded, pa.field("v", runs)).to_pylist() == list(map(float, TENTHS))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("value", "given", "wanted"),
    [
        (0.30000000000000004, pa.float64(), pa.decimal128(20, 1)),
        (NAN, pa.float64(), pa.decimal128(20, 1)),
        (-float("inf"), pa.float64(), pa.decimal256(60, 1)),
        (1e300, pa.float64(), pa.decimal256(76, 1)),
        (Decimal("0.12345678901234567890"), pa.decimal128(20, 20), pa.float64()),
        (Decimal("0.3000000000000000444"), pa.decimal128(20, 19), pa.float64()),
        (Decimal("0.123456789"), pa.decimal128(9, 9), pa.float32()),
        (Decimal("1e60"), pa.decimal256(61, 0), pa.float32()),
        (Decimal("0.1"), pa.decimal128(9, 1), pa.float16()),
    ],
    ids=str,
)
def test_a_float_and_a_decimal_of_another_text_are_not_the_same_value(shape, value, given, wanted):
    into, nested = SHAPES[shape]
    array = pa.array([None, nested(value)], into(given))
    with pytest.raises(DataError, match=r"column 'v': .* would change the value"):
        cast_column(array, pa.field("v", into(wanted)))


@pytest.mark.parametrize(
    ("value", "given", "wanted", "same"),
    [
        (Decimal("0.1"), pa.decimal128(5, 1), pa.float32(), pa.scalar(0.1, pa.float32()).as_py()),
        (Decimal("0.5"), pa.decimal128(5, 1), pa.float16(), 0.5),
        (0.1, pa.float32(), pa.decimal128(5, 1), Decimal("0.1")),
    ],
)
def test_decimals_become_narrow_floats_of_the_same_text(value, given, wanted, same):
    assert cast_column(pa.array([value], given), pa.field("v", wanted)).to_pylist() == [same]


NUMBERS = [
    pa.int8(),
    pa.int32(),
    pa.int64(),
    pa.uint16(),
    pa.uint64(),
    pa.float32(),
    pa.float64(),
    pa.decimal128(10, 2),
    pa.decimal128(38, 10),
]


@settings(deadline=None)
@given(table=tables(max_columns=1), wanted=st.sampled_from(NUMBERS))
def test_numbers_are_cast_exactly_or_not_at_all(table, wanted):
    """The values, as Python sees them, are equal before and after; whatever is lost is an error."""
    column = table.column(0)
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type)):
        return
    plain = table.cast(pa.schema([pa.field(f.name, f.type) for f in table.schema]))
    try:
        after = to_reader(plain, schema=pa.schema([(table.column_names[0], wanted)])).read_all().column(0)
    except DataError:
        return
    for old, new in zip(column.to_pylist(), after.to_pylist(), strict=True):
        if isinstance(old, float) and isinstance(new, Decimal):
            assert new == shortest(old, column.type)
        elif isinstance(old, Decimal) and isinstance(new, float):
            assert old == shortest(new, wanted)
        else:
            assert old == new or (old != old and new != new)
