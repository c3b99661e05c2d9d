"""The routes of ``run``: operations on a table that change no row, or bring older ones back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from dao.data_object import TableObject
from dao.results import WriteResult
from dao_delta._routes.base import DeltaBase

__all__ = ["OperationRoutes"]


class OperationRoutes(DeltaBase):
    """See :class:`dao_delta.DeltaInterface`."""

    def run_compact(self, data_object: TableObject, *, target_size: int | None = None) -> WriteResult:
        """Rewrite many small files as few large ones: ``run("compact", ...)``. The rows stay.

        Args:
            data_object: the table.
            target_size: bytes of a file; the table's property ``delta.targetFileSize`` by default.

        Returns:
            ``details`` has ``files_removed`` and ``files_added``.
        """
        from dao_delta._actions.operations import compact

        return compact(self._client, data_object.key, self.conflict_timeout, target_size)

    def run_convert(self, data_object: TableObject) -> WriteResult:
        """Make a Delta table of a directory of Parquet files, in place: ``run("convert", ...)``. No file is rewritten.

        Afterwards its files must be changed through the Delta table alone.

        Args:
            data_object: the directory: a table that ``local``, ``s3`` or ``s3.obstore`` wrote, or another program, with
                partitions in folders such as ``day=2025-01-07``.

        Raises:
            NotFoundError: there is nothing.
            AlreadyExistsError: it is a Delta table already.
            DataError: files have one column in different types; or another table is above or below.
            StoreError: a file is no Parquet, or damaged.
            UnsupportedError: a column's values are stored in a way that Delta doesn't have.
        """
        from dao_delta._actions.converting import convert

        return convert(self._client, self.files, data_object)

    def run_z_order(
        self, data_object: TableObject, *, columns: str | Sequence[str], target_size: int | None = None
    ) -> WriteResult:
        """Rewrite all files with near values of some columns near one another: ``run("z_order", ..., columns=[...])``.

        Args:
            data_object: the table.
            columns: by which rows are often chosen.
            target_size: bytes of a file; the table's property ``delta.targetFileSize`` by default.

        Raises:
            DataError: the table has no such column.
        """
        from dao_delta._actions.operations import z_order

        names = [columns] if isinstance(columns, str) else list(columns)
        return z_order(self._client, data_object.key, self.conflict_timeout, names, target_size)

    def run_vacuum(
        self, data_object: TableObject, *, older_than: float | timedelta | None = None, dry_run: bool = True
    ) -> WriteResult:
        """Delete the files that only older versions need, and what killed writers left: ``run("vacuum", ...)``.

        Versions that need a deleted file can't be read any more. What isn't the table's own stays: files that its log
        never named, and that have no name such as ``part-*.parquet``, ``cdc-*.parquet`` or ``deletion_vector_*.bin``.
        No symbolic link is followed.

        Args:
            data_object: the table.
            older_than: seconds, or a ``timedelta``, in whole hours upwards; by default the table's own retention (its
                property ``delta.deletedFileRetentionDuration``), or 7 days. No writer may be at work and no reader be
                reading for longer.
            dry_run: delete nothing, and say what would be deleted.

        Returns:
            ``files`` are those that are gone, or would be; ``details`` has ``dry_run``. There is no new version.

        Raises:
            DataError: ``older_than`` is no length of time.
        """
        from dao_delta._actions.vacuum import vacuum

        return vacuum(self._client, data_object.key, older_than, dry_run=dry_run)

    def run_restore(
        self, data_object: TableObject, *, version: int | None = None, as_of: datetime | None = None
    ) -> WriteResult:
        """Make an older version the newest one again, as a new version: ``run("restore", ..., version=3)``.

        Raises:
            NotFoundError: there is no such version, or files of it are gone.
        """
        from dao.tables import as_moment
        from dao_delta._actions.restoring import restore

        moment = None if as_of is None else as_moment(as_of, "as_of")
        return restore(self._client, data_object.key, self.conflict_timeout, version, moment)

    def run_checkpoint(self, data_object: TableObject) -> WriteResult:
        """Write a checkpoint, from which readers begin: ``run("checkpoint", ...)``. Every 100th version writes one."""
        from dao_delta._actions.operations import checkpoint

        return checkpoint(self._client, data_object.key)

    def run_add_constraint(self, data_object: TableObject, *, name: str, expression: str) -> WriteResult:
        """Add a CHECK constraint, which must be true for every row: ``run("add_constraint", ..., name=, expression=)``.

        Args:
            data_object: the table.
            name: the constraint's name.
            expression: Spark's SQL, such as ``"amount >= 0"``: names as they are or in backticks, in any letter case,
                texts in single quotes. Other engines read it as it is; so it may have only what deltalake reads like
                Spark.

        Raises:
            DataError: a stored row breaks it, a null among its columns included; there is one of that name; or the
                expression isn't of the table's columns, or isn't read alike by Spark and deltalake.
        """
        from dao_delta._actions.constraints import add_constraint

        return add_constraint(self._client, data_object.key, self.conflict_timeout, name, expression)

    def run_drop_constraint(self, data_object: TableObject, *, name: str) -> WriteResult:
        """Drop a CHECK constraint: ``run("drop_constraint", ..., name=...)``.

        Raises:
            NotFoundError: there is none of that name.
        """
        from dao_delta._actions.constraints import drop_constraint

        return drop_constraint(self._client, data_object.key, self.conflict_timeout, name)

    def run_set_properties(self, data_object: TableObject, *, properties: Mapping[str, Any]) -> WriteResult:
        """Set properties of the table: ``run("set_properties", ..., properties={"delta.appendOnly": True})``.

        Raises:
            DataError: there is no such property, or it can't have this value.
            UnsupportedError: it stands for a feature that DAO doesn't give a table, such as column mapping.
        """
        from dao_delta._actions.operations import set_properties

        return set_properties(self._client, data_object.key, self.conflict_timeout, properties)

    def run_repair(self, data_object: TableObject, *, dry_run: bool = True) -> WriteResult:
        """Take files out of the table that are missing from the store: ``run("repair", ..., dry_run=False)``.

        Their rows are lost, and the others can be read again.

        Returns:
            ``details`` has ``files_lost`` and ``dry_run``.
        """
        from dao_delta._actions.operations import repair

        return repair(self._client, data_object.key, self.conflict_timeout, dry_run=dry_run)
