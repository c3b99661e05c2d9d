"""Values that a database would change: found and refused before they are sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.errors import DataError
from dao_sql._types.columns import Column
from dao_sql._types.moments import has_other_year

__all__ = ["refuse_long", "refuse_values"]


def refuse_values(batch: pa.RecordBatch, refused: frozenset[str], database: str) -> None:
    """Check that a database keeps every value of some rows.

    Args:
        batch: the rows.
        refused: what it doesn't keep: ``nan``, ``infinity``, ``negative_zero``, ``nul``.
        database: its name, for messages.

    Raises:
        DataError: a value isn't kept; or a year isn't one of 1 to 9999, which no client reads back.
    """
    for field, column in zip(batch.schema, batch.columns, strict=True):
        values = column.dictionary if pt.is_dictionary(column.type) else column
        kinds = [*sorted(refused), "year"]
        found = next((kind for kind in kinds if _FINDERS[kind](values)), None)
        if found is not None:
            raise DataError(f"column {field.name!r} has {_WORDS[found]}, which {database} doesn't keep: replace it")


def refuse_long(column: Column, documents: pa.Array, first_row: int) -> None:
    """Check that a database takes every document of a column.

    Raises:
        DataError: one is longer.
    """
    sizes, most = pc.binary_length(documents), column.type.length
    if most is not None and (pc.max(sizes).as_py() or 0) > most:
        row = pc.index(pc.greater(sizes, most), True).as_py()
        raise DataError(
            f"column {column.name!r}, row {first_row + row}: found a nested value whose document has "
            f"{sizes[row].as_py():,} bytes, and {most:,} are taken: split it into columns or rows"
        )


def _any(mask: pa.Array) -> bool:
    return bool(pc.any(mask).as_py())


def _has_nan(values: pa.Array) -> bool:
    return pt.is_floating(values.type) and _any(pc.is_nan(values))


def _has_infinity(values: pa.Array) -> bool:
    return pt.is_floating(values.type) and _any(pc.is_inf(values))


def _has_negative_zero(values: pa.Array) -> bool:
    if not pt.is_floating(values.type):
        return False
    wide = values.cast(pa.float64())
    return _any(pc.and_(pc.equal(wide, 0.0), pc.less(pc.divide(1.0, wide), 0.0)))


def _has_nul(values: pa.Array) -> bool:
    kind = values.type
    if not (pt.is_string(kind) or pt.is_large_string(kind) or pt.is_string_view(kind)):
        return False
    return _any(pc.match_substring(values.cast(pa.large_string()), "\0"))


_FINDERS: Mapping[str, Callable[[pa.Array], bool]] = {
    "nan": _has_nan,
    "infinity": _has_infinity,
    "negative_zero": _has_negative_zero,
    "nul": _has_nul,
    "year": has_other_year,
}
_WORDS = {
    "nan": "NaN",
    "infinity": "an infinite number",
    "negative_zero": "-0.0",
    "nul": "a text with a character NUL",
    "year": "a year that isn't one of 1 to 9999",
}
