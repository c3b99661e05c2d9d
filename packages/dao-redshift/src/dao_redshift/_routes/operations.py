"""The routes of ``run`` that are Redshift's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dao.data_object import TableObject
from dao.results import WriteResult
from dao_redshift._routes.base import RedshiftBase

__all__ = ["OperationRoutes"]


class OperationRoutes(RedshiftBase):
    """See :class:`dao_redshift.RedshiftInterface`."""

    def run_vacuum(
        self, data_object: TableObject, *, mode: str = "full", dry_run: bool = True, older_than: Any = None
    ) -> WriteResult:
        """Reclaim the space of deleted rows, and sort the others.

        Args:
            data_object: the table.
            mode: ``full``, ``sort only``, ``delete only`` or ``reindex``.
            dry_run: change nothing, and say in ``details`` how much there is to do, as far as the warehouse knows.
            older_than: nothing but 0: deleted rows have no age.

        Raises:
            NotFoundError: there is no table.
            UnsupportedError: another ``older_than``.
        """
        from dao_redshift._actions.operations import vacuum

        table = self._present(data_object)
        with self.borrowed() as connection:
            return vacuum(connection, self.dialect, table, mode=mode, dry_run=dry_run, older_than=older_than)

    def run_grant(
        self,
        data_object: TableObject,
        *,
        privileges: str | Sequence[str],
        to: str | None = None,
        kind: str = "user",
    ) -> WriteResult:
        """Grant privileges on a table.

        Args:
            data_object: the table.
            privileges: such as ``select``, or several of them.
            to: the name of who gets them; none for ``public``.
            kind: what the name is of: ``user``, ``group``, ``role`` or ``public``.

        Raises:
            NotFoundError: there is no table.
            DataError: there is no such privilege.
        """
        from dao_redshift._actions.operations import grant

        statement = grant(self.dialect, self._database.table(data_object), privileges=privileges, to=to, kind=kind)
        self._present(data_object)
        with self.borrowed() as connection:
            connection.execute(statement)
        return WriteResult()
