"""What SQLite makes of the types that others declare: it keeps every word, and takes an affinity from it."""

from __future__ import annotations

from attrs import evolve

from dao_sql._types.columns import ColumnType

__all__ = ["of_others"]

_AFFINITIES: tuple[tuple[tuple[str, ...], str], ...] = (
    (("INT",), "NUMERIC"), (("CHAR", "CLOB", "TEXT"), ""), (("BLOB",), ""), (("REAL", "FLOA", "DOUB"), "REAL"),
)  # fmt: skip
"""Words in a declared type, in SQLite's order, and what it makes of texts that are numbers."""


def of_others(kind: ColumnType) -> ColumnType:
    """The type of a column that others declared in words that mean nothing to DAO: a text, if it stays that text.

    A cast would make a number of every text. Without one a text that is a number becomes one, as the affinity says.

    >>> import pyarrow as pa
    >>> print(of_others(ColumnType(pa.string(), "NVARCHAR(10)")).kept)
    None
    >>> of_others(ColumnType(pa.string(), "DECIMAL(5, 2)")).kept.format("price")
    'CASE WHEN CAST(price AS NUMERIC) = price THEN CAST(CAST(price AS NUMERIC) AS TEXT) ELSE price END'
    """
    declared = kind.sql.upper()
    number = next((number for words, number in _AFFINITIES if any(word in declared for word in words)), "NUMERIC")
    number = number if declared else ""
    kept = f"CASE WHEN CAST({{0}} AS {number}) = {{0}} THEN CAST(CAST({{0}} AS {number}) AS TEXT) ELSE {{0}} END"
    return evolve(kind, store="{}", kept=kept if number else None)
