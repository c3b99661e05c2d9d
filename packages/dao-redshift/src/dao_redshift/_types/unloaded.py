"""Which columns the Parquet files of UNLOAD give back as they are."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.types as pt
from attrs import frozen

from dao_sql import Column

__all__ = ["LOST", "WholeTable", "given_back"]

_KEPT = (
    pa.bool_(),
    pa.int16(),
    pa.int32(),
    pa.int64(),
    pa.float32(),
    pa.float64(),
    pa.string(),
    pa.date32(),
    pa.timestamp("us"),
)
_AS_IT_IS = "{}"

LOST = (
    "a column is NOT NULL, or TIMESTAMPTZ, CHAR, VARBYTE, SUPER, a time of day or an interval: "
    "the files of UNLOAD haven't it as it is; or there is no row"
)
"""Which tables go as rows."""


@frozen
class WholeTable:
    """What is unloaded of a table.

    Attributes:
        query: of all its rows.
        schema: the columns that the files must have.
    """

    query: str
    schema: pa.Schema


def given_back(column: Column) -> bool:
    """Whether the files have a column's values and its field in Arrow, with type and nullability.

    They have not: TIMESTAMPTZ is written without a zone and SUPER as JSON, CHAR has its blanks, what is NOT NULL isn't
    marked so, and of bytes, times of day and intervals nothing is written. What isn't known to be kept counts as lost.

    >>> from dao_sql import ColumnType
    >>> given_back(Column("at", ColumnType(pa.timestamp("us"), "TIMESTAMP")))
    True
    >>> given_back(Column("at", ColumnType(pa.timestamp("us", "UTC"), "TIMESTAMPTZ")))
    False
    """
    kind = column.type
    selected = kind.fetch == kind.store == _AS_IT_IS and kind.wire == kind.arrow
    return selected and column.nullable and (kind.arrow in _KEPT or pt.is_decimal128(kind.arrow))
