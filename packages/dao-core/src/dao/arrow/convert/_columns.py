"""One column of numpy, pandas or another library as an Arrow array, with objects converted as strictly as lists.

``pyarrow.array`` infers the type of an object array from its first value: a datetime among dates loses its time, True
among floats becomes 1.0, a text among bytes becomes bytes. So objects are converted value by value, as lists are.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from dao.arrow.convert._values import build_array
from dao.errors import DataError

__all__ = ["column_array", "refuse_objects"]

_UNFIT = (
    pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, TypeError, ValueError, OverflowError,
    UnicodeEncodeError,
)  # fmt: skip


def column_array(values: Any, kind: pa.DataType | None, name: str) -> Any:
    """Convert one column to a ``pyarrow.Array`` or ``ChunkedArray``, without a copy if the library and type allow it.

    Args:
        values: a list, tuple or range; a one-dimensional numpy array; a Series of pandas or Polars; an Arrow array.
        kind: the type of the result for lists and objects; ``None`` to infer one that holds all values. Typed arrays
            keep their own type.
        name: the column's name, for messages.

    Raises:
        DataError: values of different kinds, or of a type that Arrow lacks; the message names the column.
    """
    if isinstance(values, (list, tuple, range)):
        return build_array(list(values), kind, name)
    try:
        if isinstance(values, (pa.Array, pa.ChunkedArray)):
            return values
        if hasattr(values, "iloc"):
            return _series(values, kind, name)
        if type(values).__module__.partition(".")[0] == "pandas":  # an Index, or an array of pandas' own types
            return _series(sys.modules["pandas"].Series(values), kind, name)
        # A Series of any library has the numpy protocol too, but only the Arrow protocol preserves its type.
        if not hasattr(values, "__arrow_c_stream__"):
            return _numpy(values, kind, name)
        refuse_objects(name, getattr(values, "dtype", None))
        return pa.chunked_array(values)
    except _UNFIT as error:
        raise DataError(f"column {name!r}: {type(values).__name__} can't be made an Arrow array: {error}") from error


def refuse_objects(name: str, dtype: Any) -> None:
    """Refuse the Polars type Object, nested too: Polars exports the memory addresses of such values, as bytes.

    Raises:
        DataError: the column has that type; the message names it.
    """
    if type(dtype).__module__.startswith("polars.") and dtype == sys.modules["polars"].Object:
        raise DataError(
            f"column {name!r} is of Polars' type Object, which has no values outside this process: "
            "cast it to a type that says what it holds, such as frame.with_columns(polars.Series(name, values))"
        )
    for inner in [getattr(dtype, "inner", None), *(field.dtype for field in getattr(dtype, "fields", ()))]:
        if inner is not None:
            refuse_objects(name, inner)


def _series(values: Any, kind: pa.DataType | None, name: str) -> Any:
    """Convert a pandas Series; NaN, NaT and NA become nulls, as they are missing values in pandas."""
    dtype = values.dtype
    if type(dtype).__name__ == "SparseDtype":
        return _series(values.sparse.to_dense(), kind, name)
    if type(dtype).__name__ == "CategoricalDtype":
        return _categories(values, name)
    _refuse_bare(name, dtype)
    if getattr(dtype, "kind", "") == "O" and type(dtype).__module__.startswith("numpy"):
        return build_array(_without_nan(values), kind, name)
    if getattr(dtype, "kind", "") == "c":
        return _numpy(values.to_numpy(), kind, name)
    return pa.array(values, from_pandas=True)


def _refuse_bare(name: str, dtype: Any) -> None:
    """Refuse the types of pandas whose values Arrow has as bare numbers, with no word of what they are."""
    instead = _INSTEAD.get(type(dtype).__name__)
    if instead is not None:
        raise DataError(f"column {name!r} is of pandas' type {dtype}, which no store has: give {instead}")


_INSTEAD = {
    "PeriodDtype": "their beginnings, by .dt.to_timestamp(), or their names, by .astype(str)",
    "IntervalDtype": "their ends as two columns, by .array.left and .array.right, or their names, by .astype(str)",
}


def _without_nan(values: Any) -> list[Any]:
    nulls = values.isna()
    return values.tolist() if not nulls.any() else [None if n else v for v, n in zip(values, nulls, strict=True)]


def _categories(values: Any, name: str) -> pa.Array:
    accessor = values.cat
    codes = accessor.codes
    dictionary = column_array(accessor.categories.to_series(), None, name)
    dictionary = dictionary.combine_chunks() if isinstance(dictionary, pa.ChunkedArray) else dictionary
    indices = pa.array(codes.to_numpy(), mask=(codes == -1).to_numpy())
    return pa.DictionaryArray.from_arrays(indices, dictionary, ordered=accessor.ordered)


_LONG_UNITS = ("W", "D", "h", "m")  # numpy's units that Arrow lacks
_SHORT_UNITS = ("ps", "fs", "as")


def _numpy(values: Any, kind: pa.DataType | None, name: str) -> pa.Array:
    numpy = sys.modules["numpy"]
    array = numpy.asanyarray(values)
    if array.ndim != 1:
        raise DataError(f"column {name!r}: an array of {array.ndim} dimensions is no column: give a list of lists")
    if array.dtype.kind == "O":
        return build_array(array.tolist(), kind, name)
    if array.dtype.kind == "c":
        raise DataError(f"column {name!r} is {array.dtype}, which Arrow has not: give .real and .imag as two columns")
    if array.dtype.names:
        return build_array([_record(row, array.dtype.names) for row in array], kind, name)
    if array.dtype.kind in "mM":
        array = _in_arrow_unit(numpy, array, name)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    return pa.array(array, from_pandas=False)


def _record(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: row[name] for name in names}


def _in_arrow_unit(numpy: Any, array: Any, name: str) -> Any:
    """Convert datetime64 and timedelta64 to a unit that Arrow has, exactly; datetime64 in days or longer are dates."""
    unit, _ = numpy.datetime_data(array.dtype)
    date = array.dtype.kind == "M"
    if date and unit in ("Y", "M", "W"):
        return array.astype("M8[D]")
    if unit == "generic" or (not date and unit in ("Y", "M")):
        raise DataError(f"column {name!r} is {array.dtype}, a span of no fixed length: give it a unit, such as 'D'")
    wanted = "s" if unit in _LONG_UNITS else "ns" if unit in _SHORT_UNITS else unit
    if date and unit == "D" and numpy.datetime_data(array.dtype)[1] == 1:
        return array
    plain = array.astype(f"{array.dtype.kind}8[{wanted}]")
    if not ((plain == array) | numpy.isnat(array)).all():
        raise DataError(f"column {name!r} is {array.dtype}, and holds a value that {wanted} can't hold exactly")
    return plain
