"""Which rows and columns of a table a call wants, as one record that travels from its route to the files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from attrs import frozen

__all__ = ["Selection"]


@frozen
class Selection:
    """What is wanted of a table; everything by default.

    Attributes:
        columns: the columns wanted, in this order; None for all.
        where: only rows for which this predicate is true: whatever :func:`dao.arrow.predicates.parse` takes.
        limit: rows at most.
        batch_size: rows of a batch at most; None for what the reader takes by itself.

    >>> Selection(columns=["carrier"], where="dep_delay > 15").arguments
    {'columns': ['carrier'], 'where': 'dep_delay > 15'}
    >>> Selection().is_everything, Selection(batch_size=100).is_everything, Selection(limit=1).is_everything
    (True, True, False)
    """

    columns: Sequence[str] | None = None
    where: Any = None
    limit: int | None = None
    batch_size: int | None = None

    @property
    def is_everything(self) -> bool:
        """Whether all rows are wanted with all columns."""
        return self.columns is None and self.has_all_rows

    @property
    def has_all_rows(self) -> bool:
        """Whether no row is left out."""
        return self.where is None and self.limit is None

    @property
    def arguments(self) -> dict[str, Any]:
        """What it says, by name, for functions that take it as arguments."""
        given = {"columns": self.columns, "where": self.where, "limit": self.limit, "batch_size": self.batch_size}
        return {name: value for name, value in given.items() if value is not None}
