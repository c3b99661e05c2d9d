"""The actions of the synchronous API that change what is stored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from dao._core.access import Named
from dao._core.calls import Calls, Where
from dao.data_store import DataStore

if TYPE_CHECKING:
    from dao._arguments import Format, Mode, SchemaMode
    from dao.increments import Position
    from dao.results import WriteResult

__all__ = ["Writing"]


class Writing(Calls):
    """Writes, moves and looks after objects."""

    def write(
        self,
        data: Any,
        data_object: Named,
        *,
        mode: Mode | None = None,
        schema_mode: SchemaMode | None = None,
        format: Format | None = None,
        idempotency_key: str | None = None,
        position: Position | Sequence[Position] | None = None,
        **options: Any,
    ) -> WriteResult:
        """Write an object: all of it, or nothing.

        Args:
            data: anything that exports Arrow data (pyarrow, pandas, polars, DuckDB...), a Spark DataFrame, dicts, an
                iterable of record batches; for files also bytes, a binary file object or a ``pathlib.Path``.
            data_object: where to.
            mode: ``error`` (the default: nothing may be there), ``append``, ``overwrite``, ``overwrite_partitions``
                or ``ignore``. A failed overwrite leaves the old data whole.
            schema_mode: whether the table's schema may change: ``strict`` (the default) or ``evolve``.
            format: the format's name; by default the object's, else that of what is there, else the store's own.
            idempotency_key: a name for this piece of work, on backends that keep it: the same call again changes
                nothing, other data under the same name is a DataError.
            position: how far this work has got in the versions of a source, on backends that keep it: see
                :meth:`~dao._core.dao.DataAccessObject.read_increment`. It is kept in the same commit.
            options: what else the interface takes: ``path`` (where inside the store), ``partition_by``, ``branch``, the
                format's options.

        Returns:
            What was done.

        Raises:
            AlreadyExistsError: something is there and ``mode`` is ``error``.
            ConflictError: ``position`` continues from another one than the table has.
            DataError: the data can't be used: its schema isn't the table's, or the format can't hold it.
            RoutingError: no single route fits the call.
            StoreError: the store refused; what was there is as it was.
        """
        given = {"data": data, "mode": mode, "schema_mode": schema_mode, "format": format, **options}
        given |= {"idempotency_key": idempotency_key, "position": position}
        return cast("WriteResult", self._act("write", data_object, given))

    def upsert(
        self,
        data: Any,
        data_object: Named,
        *,
        keys: str | Sequence[str] | None = None,
        schema_mode: SchemaMode | None = None,
        delete_when: Where = None,
        format: Format | None = None,
        idempotency_key: str | None = None,
        position: Position | Sequence[Position] | None = None,
        **options: Any,
    ) -> WriteResult:
        """Update the rows whose keys are there, insert the others: all of it, or nothing.

        Args:
            data: rows, as for :meth:`write`.
            data_object: the table; it is created if it isn't there.
            keys: the columns that tell rows apart; by default the object's property ``keys``.
            schema_mode: as for :meth:`write`; ``evolve`` leaves the stored values of columns that the data lacks.
            delete_when: a condition on the rows of ``data``, such as ``"_change_type = 'delete'"``, on backends that
                have it: a row for which it is true deletes the stored row of its key. Columns that only it needs, which
                the table lacks, aren't stored.
            format: as for :meth:`write`.
            idempotency_key: as for :meth:`write`.
            position: as for :meth:`write`.
            options: what else the interface takes: ``order_by`` picks the winner among rows of one key, the stored one
                included; ``branch``.

        Returns:
            What was done.

        Raises:
            DataError: a key is null, or two rows have one key and no ``order_by`` decides.
            ConflictError: someone else committed first; or the table has got to another position meanwhile.
            RoutingError: no single route fits the call.
            StoreError: the store refused; what was there is as it was.
        """
        given = {"data": data, "keys": keys, "schema_mode": schema_mode, "format": format, **options}
        given |= {"delete_when": delete_when, "idempotency_key": idempotency_key, "position": position}
        return cast("WriteResult", self._act("upsert", data_object, given))

    def delete(
        self, data_object: Named, *, where: Where = None, idempotency_key: str | None = None, **options: Any
    ) -> WriteResult:
        """Delete an object, or only the rows that ``where`` is true for; ``idempotency_key`` as for :meth:`write`.

        Raises:
            NotFoundError: there is nothing to delete.
            RoutingError: no single route fits the call.
            StoreError: the store refused; what was there is as it was.
        """
        given = {"where": where, "idempotency_key": idempotency_key, **options}
        return cast("WriteResult", self._act("delete", data_object, given))

    def copy(
        self,
        source: Named,
        target: Named,
        *,
        mode: Mode | None = None,
        incremental: bool | None = None,
        **options: Any,
    ) -> WriteResult:
        """Copy an object to another place, in the same store or in another one, in bounded memory.

        An interface of one of the two stores does it where it can: within a store, or by loading from or unloading to
        the other one. Else tables travel as Arrow record batches, files as bytes. ``explain("copy", ...)`` says which.

        Args:
            source: what to copy.
            target: where to.
            mode: as for :meth:`write`.
            incremental: copy only what changed since the last time, on backends that have ``read_changes`` (the
                source's) and keep positions (the target's). The target's last commit remembers how far it has got, so a
                copy that is killed anywhere and run again leaves the target as it should be. ``keys``, by default the
                target's property of that name, tell rows apart: changes are upserted and deleted by them. Without
                ``keys`` rows are appended, and a source whose rows were updated or deleted is a DataError. ``mode``
                says what the first copy does with a table that is there: ``error``, ``append``; ``overwrite`` takes all
                rows again each time. ``name`` is what the position calls the source, see :meth:`read_increment`.
            options: ``columns``, ``where`` and ``limit`` choose what is copied; others go to the target's write.

        Raises:
            NotFoundError: the source isn't there, or doesn't have the version any more that an incremental copy has got
                to: ``mode="overwrite"`` begins again.
            AlreadyExistsError: the target is, and ``mode`` is ``error``.
            ConflictError: another incremental copy of the same changes committed first; the target has them.
            UnsupportedError: a store lacks what an incremental copy takes.
            StoreError: reading or writing failed; the target is as it was.
        """
        return self._transfer("copy", source, target, {"mode": mode, "incremental": incremental, **options})

    def move(self, source: Named, target: Named, *, mode: Mode | None = None, **options: Any) -> WriteResult:
        """As :meth:`copy`, and delete the source once the target is complete.

        Raises:
            NotFoundError: the source isn't there.
            AlreadyExistsError: the target is, and ``mode`` is ``error``.
            StoreError: nothing was lost: the source is deleted last, and if that fails the data is in both places.
        """
        return self._transfer("move", source, target, {"mode": mode, **options})

    def write_stream(
        self,
        data: Any,
        data_object: Named,
        *,
        mode: Mode | None = None,
        schema_mode: SchemaMode | None = None,
        format: Format | None = None,
        idempotency_key: str | None = None,
        position: Position | Sequence[Position] | None = None,
        **options: Any,
    ) -> WriteResult:
        """Write a stream of record batches, in bounded memory: all of it, or nothing.

        Takes and raises what :meth:`write` does; ``data`` is consumed as it is written.
        """
        given = {"data": data, "mode": mode, "schema_mode": schema_mode, "format": format, **options}
        given |= {"idempotency_key": idempotency_key, "position": position}
        return cast("WriteResult", self._act("write_stream", data_object, given))

    def run(self, operation: str, data_object: Named | DataStore, **options: Any) -> Any:
        """Look after a store: ``run("compact", "silver.flights")``; or ask for what only its interface has.

        ``compact``, ``vacuum``, ``expire``, ``orphans``, ``restore`` and ``analyze`` mean the same everywhere, see
        :data:`dao.capabilities.OPERATIONS`. Those that delete (``vacuum``, ``expire``, ``orphans``) have
        ``dry_run=True`` as default: they say what they would delete, and delete with ``dry_run=False``.

        The operation ``metadata`` is what the interface's method ``run_metadata`` does. ``data_object`` may be a whole
        store or its name, where that is the subject: ``run("sql", "warehouse", text="...")``.

        Raises:
            RoutingError: no interface of the store has an operation of that name that takes these options.
        """
        return self._act("run", data_object, {"operation": operation, **options})
