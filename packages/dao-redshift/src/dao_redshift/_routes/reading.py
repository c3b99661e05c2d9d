"""The routes that read rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dao.data_object import TableObject
from dao.errors import UnsupportedError
from dao_redshift._call import Way, read_by
from dao_redshift._routes.base import RedshiftBase

__all__ = ["ReadingRoutes"]


class ReadingRoutes(RedshiftBase):
    """See :class:`dao_redshift.RedshiftInterface`."""

    def read(
        self,
        data_object: TableObject,
        *,
        columns: Sequence[str] | None = None,
        where: Any = None,
        limit: int | None = None,
        via: Way | None = None,
    ) -> Any:
        """Read rows into memory, see :meth:`dao_sql.SqlInterface.read`.

        Args:
            data_object: the table.
            columns: the columns wanted, in this order; all by default.
            where: only rows for which this predicate is true.
            limit: rows at most.
            via: ``unload`` writes the result to the staging place as Parquet, from where it is read; ``cursor`` takes
                the rows over the connection. By default the size of the result decides.

        Raises:
            UnsupportedError: ``via="unload"`` without a staging place, or of a column of bytes.
            NotFoundError, DataError: as there.
        """
        return self.read_stream(data_object, columns=columns, where=where, limit=limit, via=via).read_all()

    def read_stream(
        self,
        data_object: TableObject,
        *,
        columns: Sequence[str] | None = None,
        where: Any = None,
        limit: int | None = None,
        batch_size: int | None = None,
        via: Way | None = None,
    ) -> Any:
        """Read rows as a stream in bounded memory, see :meth:`dao_sql.SqlInterface.read_stream`.

        Args:
            data_object: the table.
            columns: the columns wanted, in this order; all by default.
            where: only rows for which this predicate is true.
            limit: rows at most.
            batch_size: rows of a batch at most.
            via: as for :meth:`read`.

        Raises:
            UnsupportedError: ``via="unload"`` without a staging place, or of a column of bytes.
            NotFoundError, DataError: as there.
        """
        self._check_way(via)
        rows = super().read_stream(data_object, columns=columns, where=where, limit=limit, batch_size=batch_size)
        return rows if via is None else read_by(via, rows)

    def _check_way(self, via: Way | None) -> None:
        if via not in (None, "unload", "cursor"):
            raise UnsupportedError(f"via: found {via!r}, expected 'unload' or 'cursor'")
        if via == "unload" and self.staging is None:
            raise UnsupportedError("via='unload' needs the option 'staging', a place in S3 for the files")
