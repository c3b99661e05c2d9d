"""The projection, predicate and limits of a read, as one record passed from the route down to the files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

__all__ = ["EVERYTHING", "Selection"]


@frozen
class Selection:
    """The columns and rows that a read selects; everything by default.

    Attributes:
        columns: the projection, in this order; None for all columns.
        where: a predicate in any form that :func:`dao.arrow.predicates.parse` accepts; only rows for which it is true
            are selected. None for all rows.
        limit: the maximum number of rows; None for no limit.
        batch_size: the maximum number of rows per batch; None for the reader's default.

    >>> Selection().is_everything, Selection(batch_size=100).is_everything, Selection(limit=1).is_everything
    (True, True, False)
    """

    columns: Sequence[str] | None = None
    where: Any = None
    limit: int | None = None
    batch_size: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether all rows are selected with all columns."""
        return self.columns is None and self.has_all_rows

    @property
    def has_all_rows(self) -> bool:
        """Whether neither a predicate nor a limit leaves rows out."""
        return self.where is None and self.limit is None


EVERYTHING = Selection()
"""All rows, with all columns."""
