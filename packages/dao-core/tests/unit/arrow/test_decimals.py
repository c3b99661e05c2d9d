"""Decimals are cast to equal ones, or refused: Arrow itself makes other numbers of those that are too long."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao.arrow.convert import cast_column
from dao.errors import DataError

LONG = "1" * 30
WRAPS = pa.decimal128(38, 10)
"""By way of whole numbers of 128 bits, LONG in this type is 9026401034829572072098728881.4695365632."""


@pytest.mark.parametrize(
    "array",
    [
        pa.array([Decimal(LONG)]),
        pa.array([LONG]),
        pa.array([LONG], pa.large_string()),
        pa.array([LONG]).dictionary_encode(),
        pa.array([1.1111e29]),
        pa.array(["0.0000000000000000000000000000000001"]),
        pa.array([1e-40]),
        pa.array(["1e-400"]),
    ],
    ids=lambda array: f"{array.type} {array[0]}",
)
@pytest.mark.parametrize("is_nested", [False, True])
def test_decimals_that_arrow_would_change(array, is_nested):
    kind = WRAPS
    if is_nested:
        array, kind = pa.ListArray.from_arrays([0, 1], array), pa.list_(kind)
    with pytest.raises(DataError, match="would change the value"):
        cast_column(array, pa.field("d", kind), 0)


def test_whole_numbers_that_arrow_would_change():
    with pytest.raises(DataError, match="would change the value 1111111111"):
        cast_column(pa.array([1, 1_111_111_111], pa.int32()), pa.field("d", pa.decimal128(38, 30)), 0)


KINDS = ((pa.decimal32, 9), (pa.decimal64, 18), (pa.decimal128, 38), (pa.decimal256, 76))


@st.composite
def types(draw):
    make, most = draw(st.sampled_from(KINDS))
    precision = draw(st.integers(1, most))
    return make(precision, draw(st.integers(0, precision)))


@given(kind=types(), into=types(), data=st.data())
def test_what_is_cast_is_equal(kind, into, data):
    largest = 10 ** data.draw(st.integers(1, kind.precision)) - 1
    with localcontext(prec=200):
        value = Decimal(data.draw(st.integers(-largest, largest))).scaleb(-kind.scale)
        fits = value == round(value, into.scale) and abs(value) < Decimal(10) ** (into.precision - into.scale)
        for array in (pa.array([value], kind), pa.array([format(value, "f")]), pa.array([[value]], pa.list_(kind))):
            nested = pa.types.is_list(array.type)
            field = pa.field("d", pa.list_(into) if nested else into)
            if not fits:
                with pytest.raises(DataError):
                    cast_column(array, field)
                continue
            found = cast_column(array, field)[0].as_py()
            assert (found[0] if nested else found) == value
