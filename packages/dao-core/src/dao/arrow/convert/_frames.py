"""pandas DataFrames, as Arrow streams without pandas' own metadata."""

from __future__ import annotations

import sys
from typing import Any

import pyarrow as pa

from dao.arrow.convert._columns import column_array
from dao.errors import DataError

__all__ = ["open_pandas", "was_nullable"]

_MARK = {b"dao.pandas": b"nullable"}
"""What a field says whose column was of pandas' Int64 and the like, so that it comes back so without nulls as well."""


def open_pandas(frame: Any, schema: pa.Schema | None = None) -> pa.RecordBatchReader:
    """The levels of a frame's index that have a name, then its columns.

    Args:
        frame: the DataFrame.
        schema: the types that objects become; other columns keep their own.

    Raises:
        DataError: column names that are no text, are there twice or have several levels; an index without a name that
            is no count of the rows, or whose name is a column's, with other values; an object column whose values are
            of several types.
    """
    _check_columns(frame)
    index = _index_columns(frame)
    kinds = {} if schema is None else {field.name: field.type for field in schema}
    columns = [*index.items(), *frame.items()]
    arrays = [column_array(values, kinds.get(name), name) for name, values in columns]
    fields = [
        pa.field(name, array.type, metadata=_MARK if _is_nullable(values.dtype) else None)
        for (name, values), array in zip(columns, arrays, strict=True)
    ]
    return pa.table(arrays, schema=pa.schema(fields)).to_reader()


def was_nullable(field: pa.Field) -> bool:
    """Whether a column came from one of pandas' nullable types of integers or truth values."""
    return bool(field.metadata) and _MARK.items() <= field.metadata.items()


def _is_nullable(dtype: Any) -> bool:
    return hasattr(dtype, "na_value") and hasattr(dtype, "numpy_dtype") and dtype.kind in ("i", "u", "b")


def _check_columns(frame: Any) -> None:
    if frame.columns.nlevels > 1:
        raise DataError("the DataFrame's columns have several levels: give each one name, such as '_'.join(levels)")
    other = [name for name in frame.columns if not isinstance(name, str)]
    if other:
        raise DataError(
            f"the DataFrame has columns whose names are no text: {', '.join(map(repr, other[:5]))}; "
            "frame.columns = frame.columns.astype(str) makes text of them"
        )
    twice = sorted(set(frame.columns[frame.columns.duplicated()]))
    if twice:
        raise DataError(f"the DataFrame has columns of one name: {', '.join(map(repr, twice))}; rename them")


def _index_columns(frame: Any) -> dict[str, Any]:
    """The levels of the index that are columns of their own; all of them, or the DataFrame is refused."""
    if _is_default(frame.index):
        return {}
    columns: dict[str, Any] = {}
    for level, name in enumerate(frame.index.names):
        values = frame.index.get_level_values(level)
        if not isinstance(name, str) or name in columns:
            raise DataError(_nameless(frame.index, level, name))
        if name not in frame.columns:
            columns[name] = values.to_series()
        elif not values.equals(sys.modules["pandas"].Index(frame[name])):
            raise DataError(
                f"the DataFrame's index and a column are both named {name!r} and differ: "
                "rename one, or reset_index(drop=True)"
            )
    return columns


def _is_default(index: Any) -> bool:
    """Whether an index only counts the rows, from wherever: slices and the chunks of ``read_csv`` count on."""
    if index.nlevels > 1 or index.name is not None:
        return False
    pandas = sys.modules["pandas"]
    counts = isinstance(index, pandas.RangeIndex) or not len(index)
    return counts or (index.dtype.kind in "iu" and index.equals(pandas.RangeIndex(len(index))))


def _nameless(index: Any, level: int, name: Any) -> str:
    which = f"level {level} of the DataFrame's index" if index.nlevels > 1 else "the DataFrame's index"
    shown = ", ".join(map(repr, index.get_level_values(level)[:3]))
    fault = "has no name" if name is None else f"has the name {name!r}" + ("" if isinstance(name, str) else ", no text")
    if isinstance(name, str):
        fault += " that another level has"
    return (
        f"{which} ({shown}{', ...' if len(index) > 3 else ''}) {fault}, so no column can hold it: "
        "frame.rename_axis('name') keeps it as a column, frame.reset_index(drop=True) drops it"
    )
