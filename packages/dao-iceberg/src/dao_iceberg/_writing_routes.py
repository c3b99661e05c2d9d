"""The routes that change rows: writes, upserts, deletes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dao.data_object import DataObject, TableObject
from dao.errors import DataError
from dao.increments import Position
from dao.interface import register
from dao.results import WriteResult
from dao_iceberg._base import IcebergBase

__all__ = ["WritingRoutes"]


class WritingRoutes(IcebergBase):
    """See :class:`dao_iceberg.IcebergInterface`."""

    @register("write", "write_stream")
    def write(
        self,
        data: Any,
        data_object: TableObject,
        *,
        mode: str = "error",
        partition_by: str | Sequence[str] | None = None,
        schema_mode: str = "strict",
        schema: Any = None,
        properties: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        position: Position | None = None,
        branch: str | None = None,
        sort_by: str | Sequence[str] | None = None,
    ) -> WriteResult:
        """Write rows, all or none, in one commit.

        Memory is bounded for a stream of any length, which is read while it is written. The data may be read from the
        table that is overwritten.

        Args:
            data: tabular data, see :func:`dao.arrow.convert.to_reader`.
            data_object: the table.
            mode: ``error``: the table must not exist, and of two writers exactly one succeeds. ``append``: add rows.
                ``overwrite``: replace all rows, the columns and the partitions. ``overwrite_partitions``: replace the
                partitions that the data has rows of. ``ignore``: do nothing if the table exists.
            partition_by: the partitions of a new or overwritten table: columns, or terms such as ``day(at)``, see
                :class:`dao_iceberg.IcebergObject`.
            schema_mode: ``strict``: the table's columns in any order, with types that can be cast without loss.
                ``evolve``: new columns are added, and missing ones are null.
            schema: the schema of the data, which is cast to it without loss or refused.
            properties: properties of a new table, such as ``{"write.metadata.delete-after-commit.enabled": "true"}``.
            idempotency_key: a name of this call: made again with the same rows in the same order and the same arguments
                it does nothing, and gives the version of the first call.
            position: up to which version of a source the table has got with these rows, see :class:`dao.Position`.
            branch: write to this branch, which begins at the newest version of the table if it isn't there.
            sort_by: the order in which engines write the rows of a new table, such as ``["at desc"]``.

        Returns:
            ``rows_deleted`` is None where rows of replaced files were deleted already.

        Raises:
            AlreadyExistsError: the table exists, and ``mode`` is ``error``.
            DataError: the data doesn't fit the table, or the arguments contradict it; or another call had the
                idempotency key.
            UnsupportedError: the table is of a version that can't be written.
            ConflictError: other writers kept on coming first; or the table has another position.
        """
        from dao_iceberg._remembered import Keyed
        from dao_iceberg._writing import Source, Write, write_rows

        asked = Write(
            mode=mode,
            partition_by=_names(partition_by, data_object),
            schema_mode=schema_mode,
            properties=properties or {},
            settings=self._file_settings,
            timeout=self.conflict_timeout,
            position=position,
            branch=branch or "main",
            sort_by=_listed(sort_by),
        )
        arguments = {"partition_by": asked.partition_by, "schema_mode": schema_mode, "branch": asked.branch}
        keyed = Keyed.of(idempotency_key, "write", mode=mode, **arguments)
        return write_rows(self._client, data_object.key, Source(data, _declared(schema), keyed), asked)


def _names(given: str | Sequence[str] | None, data_object: DataObject) -> tuple[str, ...] | None:
    other = data_object.get("partition_keys")
    if given is not None and other is not None and list(given) != list(other):
        raise DataError("partition_by: found with other partition_keys of the object; they mean the same, give one")
    given = other if given is None else given
    return None if given is None else (given,) if isinstance(given, str) else tuple(given)


def _listed(given: str | Sequence[str] | None) -> tuple[str, ...]:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def _declared(schema: Any) -> Any:
    from dao.arrow.models import schema_of

    return None if schema is None else schema_of(schema)
