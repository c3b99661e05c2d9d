"""Conversion of pandas DataFrames to Arrow streams, without pandas' own metadata."""

from __future__ import annotations

import sys
from typing import Any

import pyarrow as pa

from dao.arrow.convert._columns import column_array
from dao.errors import DataError

__all__ = ["open_pandas", "was_nullable"]

_MARK = {b"dao.pandas": b"nullable"}
"""Field metadata for columns of pandas' nullable types, such as Int64: restores the type even without nulls."""


def open_pandas(frame: Any, schema: pa.Schema | None = None) -> pa.RecordBatchReader:
    """Convert a DataFrame to a stream: the named levels of its index, then its columns.

    Args:
        frame: the DataFrame.
        schema: the types for object columns; other columns keep their own.

    Raises:
        DataError: column names that aren't text, are repeated or have several levels; an index that has no name and
            doesn't just number the rows, or that has the name of a column with other values; an object column whose
            values are of several types.
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
    """Whether a column was of one of pandas' nullable integer or boolean types."""
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
    """The index levels that become columns; a level that can't become one is refused with a DataError."""
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
    """Whether an index only numbers the rows, from any start: slices and chunks of ``read_csv`` don't start at 0."""
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
