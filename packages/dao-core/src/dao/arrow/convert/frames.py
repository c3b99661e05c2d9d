"""pandas DataFrames, as Arrow streams without pandas' own metadata."""

from __future__ import annotations

import sys
from typing import Any

import pyarrow as pa

from dao.errors import DataError

__all__ = ["open_pandas"]


def open_pandas(frame: Any) -> pa.RecordBatchReader:
    """The levels of a frame's index that have a name, then its columns.

    Raises:
        DataError: column names that are there twice or have several levels; an index whose name is a column's, with
            other values; an object column whose values are of several types.
    """
    _check_columns(frame)
    named = _named_levels(frame)
    try:
        table = pa.Table.from_pandas(frame.reset_index(level=named) if named else frame, preserve_index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError) as error:
        # pyarrow names the column in the error's last argument: "Conversion failed for column a with type object".
        raise DataError("; ".join(str(arg) for arg in error.args)) from error
    metadata = {k: v for k, v in (table.schema.metadata or {}).items() if k != b"pandas"}
    return table.replace_schema_metadata(metadata or None).to_reader()


def _check_columns(frame: Any) -> None:
    if frame.columns.nlevels > 1:
        raise DataError("the DataFrame's columns have several levels: give each one name, such as '_'.join(levels)")
    names = _column_names(frame)
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise DataError(f"the DataFrame has columns of one name: {', '.join(map(repr, twice))}; rename them")


def _column_names(frame: Any) -> list[str]:
    return [str(name) for name in frame.columns]


def _named_levels(frame: Any) -> list[int]:
    """The numbers of the index's levels that have a name, and are no columns already."""
    columns = _column_names(frame)
    levels = []
    for level, name in enumerate(frame.index.names):
        if name is not None and str(name) in columns:
            _check_equal(frame, level, columns.index(str(name)))
        elif name is not None:
            levels.append(level)
    return levels


def _check_equal(frame: Any, level: int, column: int) -> None:
    """``set_index(..., drop=False)`` leaves the same values twice; anything else is a column that would be lost."""
    index = frame.index.get_level_values(level)
    if not index.equals(sys.modules["pandas"].Index(frame.iloc[:, column])):
        raise DataError(
            f"the DataFrame's index and a column are both named {frame.columns[column]!r} and differ: "
            "rename one, or reset_index(drop=True)"
        )
