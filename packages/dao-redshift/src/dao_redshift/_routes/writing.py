"""The routes that write rows and files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from dao.data_object import TableObject
from dao.increments import Position
from dao.interface import register
from dao.results import WriteResult
from dao_redshift._call import widening
from dao_redshift._routes.base import RedshiftBase

__all__ = ["WritingRoutes"]


class WritingRoutes(RedshiftBase):
    """See :class:`dao_redshift.RedshiftInterface`."""

    @register("write", "write_stream")
    def write(
        self,
        data: Any,
        data_object: TableObject,
        *,
        mode: str = "error",
        schema_mode: str = "strict",
        schema: Any = None,
        properties: Mapping[str, Any] | None = None,
        diststyle: str | None = None,
        distkey: str | None = None,
        sortkey: str | Sequence[str] | None = None,
        sortstyle: str | None = None,
        encode: str | Mapping[str, str] | None = None,
        identity: Mapping[str, Sequence[int]] | None = None,
        primary_key: str | Sequence[str] | None = None,
        lengths: Mapping[str, int] | None = None,
        idempotency_key: str | None = None,
        position: Position | None = None,
    ) -> WriteResult:
        """Write rows, all or none, in one transaction; see :meth:`dao_sql.SqlInterface.write`.

        Args:
            data: tabular data.
            data_object: the table.
            mode: ``error``, ``append``, ``overwrite`` or ``ignore``.
            schema_mode: ``strict``; or ``evolve``, which adds columns and widens those of text. A column stays wider if
                the write fails.
            schema: the schema of the data.
            properties: the properties of a new table under their names, in place of the arguments below.
            diststyle: ``auto``, ``even``, ``all`` or ``key``.
            distkey: the column by which rows are distributed.
            sortkey: the column or columns by which they are sorted, or ``auto``.
            sortstyle: ``compound``, the default, or ``interleaved``.
            encode: the compression of columns by name, or ``auto``.
            identity: columns that the warehouse numbers, each with its first number and its step.
            primary_key: the column or columns of the key, which the warehouse doesn't check.
            lengths: the most bytes of columns of text; 65,535 for others.
            idempotency_key: a name of this call.
            position: up to which version of a source the table has got with these rows.

        Raises:
            DataError: the data doesn't fit the table, or a property doesn't fit the data.
            AlreadyExistsError, UnsupportedError, ConflictError: as there.
        """
        given = {
            "diststyle": diststyle,
            "distkey": distkey,
            "sortkey": sortkey,
            "sortstyle": sortstyle,
            "encode": encode,
            "identity": identity,
            "primary_key": primary_key,
            "lengths": lengths,
        }
        wanted = {**{name: value for name, value in given.items() if value is not None}, **(properties or {})}
        with self._widening(data_object, schema_mode):
            return super().write(
                data,
                data_object,
                mode=mode,
                schema_mode=schema_mode,
                schema=schema,
                properties=wanted or None,
                idempotency_key=idempotency_key,
                position=position,
            )

    def upsert(
        self, data: Any, data_object: TableObject, *, keys: str | Sequence[str] | None = None,
        order_by: str | Sequence[str] | None = None, delete_when: Any = None, schema_mode: str = "strict",
        schema: Any = None, properties: Mapping[str, Any] | None = None, idempotency_key: str | None = None,
        position: Position | None = None,
    ) -> WriteResult:  # fmt: skip
        """Replace the rows with existing keys and add the others, see :meth:`dao_sql.SqlInterface.upsert`.

        ``schema_mode="evolve"`` widens columns of text too, which stay wider if the upsert fails.
        """
        with self._widening(data_object, schema_mode):
            return super().upsert(
                data, data_object, keys=keys, order_by=order_by, delete_when=delete_when, schema_mode=schema_mode,
                schema=schema, properties=properties, idempotency_key=idempotency_key, position=position,
            )  # fmt: skip

    def _widening(self, data_object: TableObject, schema_mode: str) -> AbstractContextManager[None]:
        return widening(self._database.table(data_object) if schema_mode == "evolve" else None)

    @register("write")
    def write_files(
        self, data: TableObject, data_object: TableObject, *, mode: str = "error", schema_mode: str = "strict"
    ) -> WriteResult:
        """Load a table of Parquet files in S3 by one COPY, which passes nothing through this process.

        Rows pass through it where COPY doesn't load the files as they are: those that differ in their columns, or have
        columns that are nested, unsigned, in nanoseconds or times of day, or of other types than the table's. The
        warehouse must reach their bucket by ``iam_role``. Columns, modes and errors are those of :meth:`write`.

        Args:
            data: the table, in a store of the interface ``s3`` or ``s3.obstore``.
            data_object: the table that is written.
            mode: ``error``, ``append``, ``overwrite`` or ``ignore``.
            schema_mode: ``strict`` or ``evolve``.

        Raises:
            UnsupportedError: the warehouse can't be given their place, or keeps no values of their types.
        """
        from dao_redshift._actions.transfers import write_files

        return write_files(self, data, data_object, mode=mode, schema_mode=schema_mode)

    def unload(self, data_object: TableObject, target: TableObject, *, mode: str = "error") -> WriteResult:
        """UNLOAD a table as Parquet files in S3, which passes nothing through this process; a part of ``copy``.

        Args:
            data_object: the table.
            target: a table in the bucket of the staging place, in a store of the interface ``s3`` or ``s3.obstore``.
            mode: ``error``, ``overwrite`` or ``ignore``.

        Raises:
            NotFoundError: there is no table.
            AlreadyExistsError: there is a target, and ``mode`` is ``error``.
        """
        from dao_redshift._actions.transfers import unload_table

        return unload_table(self, data_object, target, mode)
