"""The routes that read rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dao.data_object import TableObject
from dao.errors import UnsupportedError
from dao.results import Version
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

    def history(self, data_object: TableObject) -> list[Version]:
        """What DAO did to a table, the newest first: each change that was committed, and no other.

        Returns:
            A version for each change. Its ``version`` is the mark of the transaction: nothing older can be read by it.
            Its ``details`` have the rows that were inserted, updated and deleted as far as they are known, who did it
            (``made_by``), the former name after a move; and of rows that came by COPY its ``query_id``, and what
            ``sys_load_history`` says of that as long as it keeps it: ``data_source``, ``file_format``,
            ``loaded_bytes``, ``source_file_count``, ``source_file_bytes``, ``duration`` in microseconds.

        Raises:
            NotFoundError: there is no table.
        """
        from dao_redshift._actions.history import changes

        table = self._present(data_object)
        with self.borrowed() as connection:
            return changes(connection, self.dialect, table)

    def _check_way(self, via: Way | None) -> None:
        if via not in (None, "unload", "cursor"):
            raise UnsupportedError(f"via: found {via!r}, expected 'unload' or 'cursor'")
        if via == "unload" and self.staging is None:
            raise UnsupportedError("via='unload' needs the option 'staging', a place in S3 for the files")
