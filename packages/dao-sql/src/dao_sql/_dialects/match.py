"""How rows of an upsert meet stored rows: by keys, and by the columns that tell which one is newer."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
from attrs import frozen

from dao_sql._types.columns import Column

__all__ = ["Match"]


@frozen
class Match:
    """The columns of an upsert that decide.

    Attributes:
        keys: the names of the columns that identify a row.
        order: the names of the columns by which a stored row may be newer.
        columns: both, as the staging table has them; empty until it is known.
    """

    keys: tuple[str, ...]
    order: tuple[str, ...]
    columns: tuple[Column, ...] = ()

    @classmethod
    def of(cls, schema: pa.Schema, keys: Sequence[str], order_by: Sequence[str]) -> Match:
        """Find the names in the rows, in whatever letter case they are given.

        Raises:
            DataError: there is no such column.
        """
        from dao.arrow.convert import find_names

        return cls(tuple(find_names(schema, keys, "keys")), tuple(find_names(schema, order_by, "order_by")))

    def among(self, columns: Sequence[Column]) -> Match:
        """The same with its columns, found among those of a staging table."""
        known = {one.name: one for one in columns}
        return Match(self.keys, self.order, tuple(known[name] for name in dict.fromkeys((*self.keys, *self.order))))

    def column(self, name: str) -> Column:
        """One of its columns."""
        return next(one for one in self.columns if one.name == name)
