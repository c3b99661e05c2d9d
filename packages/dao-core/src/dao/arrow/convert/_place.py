"""The location of values, for messages: the column, the path of nested fields below it, the row."""

from __future__ import annotations

from collections.abc import Sequence

from dao.errors import DataError

__all__ = ["Place"]


class Place:
    """The location of values: the column's path, and the row of each value (by default its index)."""

    def __init__(self, path: str, rows: Sequence[int] | None) -> None:
        self.path = path
        self.rows = rows

    def fault(self, index: int | None, message: str) -> DataError:
        """Return the error for the value at ``index``, or for the whole column if it is None."""
        row = index if index is None or self.rows is None else self.rows[index]
        return DataError(f"column {self.path!r}" + ("" if row is None else f", row {row}") + f": {message}")

    def below(self, step: str, rows: Sequence[int] | None = None) -> Place:
        """The location of a nested field's values, or of list items; ``rows`` are their rows if they differ."""
        return Place(f"{self.path}{step}", self.rows if rows is None else rows)

    def row(self, index: int) -> int:
        """The row of the value at ``index``."""
        return index if self.rows is None else self.rows[index]
