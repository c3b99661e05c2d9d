"""The lengths of columns of text and bytes: Redshift cuts off blanks that don't fit, so they are refused before."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt
from attrs import evolve

from dao.errors import DataError
from dao_sql import Column, ColumnType

__all__ = ["LONGEST", "check", "column_type", "shortened"]

LONGEST = {pa.string(): "VARCHAR(65535)", pa.binary(): "VARBYTE(1024000)"}
"""The types of new columns, and of those that are there whatever their length is."""

_PADDED = "RTRIM({})"


def column_type(arrow: pa.DataType, sql: str) -> ColumnType:
    """The type of a column that a catalog declares, or of a new one; the blanks that CHAR adds are taken off.

    >>> column_type(pa.string(), "CHARACTER VARYING(3)").length, column_type(pa.string(), "CHARACTER(3)").fetch
    (3, 'RTRIM({})')
    """
    if arrow not in LONGEST:
        return ColumnType(arrow, sql)
    declared, longest = LONGEST[arrow], _number(LONGEST[arrow])
    length = _number(sql) or longest
    if sql.upper().startswith("CHARACTER("):
        return ColumnType(arrow, sql, staged=declared, fetch=_PADDED, length=length)
    return ColumnType(arrow, declared, length=length)


def shortened(kind: ColumnType, length: int) -> ColumnType:
    """The type of a new column of text with a length."""
    return evolve(kind, sql=f"VARCHAR({length})", length=length)


def check(column: Column, values: pa.Array, first_row: int, *, widened: bool = False) -> None:
    """Check that a column keeps some values.

    Args:
        column: the column.
        values: the values, in its type in Arrow.
        first_row: the number of the first one's row, for the message.
        widened: whether a column that is there becomes as long as its values, if it can.

    Raises:
        DataError: one is longer, or ends with a blank in a column that fills up with blanks.
    """
    most = _most(column.type, widened)
    if most is None:
        return
    sizes = pc.binary_length(values)
    if (pc.max(sizes).as_py() or 0) > most:
        row = pc.index(pc.greater(sizes, most), True).as_py()
        unit = "bytes as UTF-8" if pt.is_string(values.type) else "bytes"
        raise DataError(
            f"column {column.name!r}, row {first_row + row}: found {sizes[row].as_py():,} {unit}, and the column keeps "
            f"{most:,}: shorten the value, or make the column longer"
        )
    if column.type.fetch == _PADDED:
        row = pc.index(pc.ends_with(values, " "), True).as_py()
        if row >= 0:
            raise DataError(
                f"column {column.name!r}, row {first_row + row}: found a text that ends with a blank, which "
                f"{column.type.sql} doesn't keep: strip it, or make the column VARCHAR"
            )


def _most(kind: ColumnType, widened: bool) -> int | None:
    whole = LONGEST[pa.string()]
    return _number(whole) if widened and kind.sql == whole and kind.length is not None else kind.length


def _number(sql: str) -> int:
    """The number of a type such as ``VARCHAR(3)``; 0 without one."""
    return int(sql.partition("(")[2].rstrip(")") or 0)
