"""The interface ``redshift``: the actions on tables of a schema of a warehouse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, cast

from attrs import define, field

from dao.capabilities import Capabilities
from dao.data_object import DataObject, TableObject
from dao.display import even_half_made
from dao.errors import UnsupportedError
from dao.increments import Position
from dao.interface import register
from dao.options import matching
from dao.results import WriteResult
from dao_redshift._capabilities import CAPABILITIES
from dao_redshift._options import NAME, RedshiftOptions
from dao_redshift._way import Way, read_by, widening
from dao_sql import SqlInterface

if TYPE_CHECKING:
    from dao_redshift._client import Client
    from dao_redshift._connection import RedshiftConnection
    from dao_redshift._dialect import RedshiftDialect
    from dao_redshift._loading import Bulk
    from dao_sql import TableName

__all__ = ["RedshiftConnector", "RedshiftInterface"]


@even_half_made
@define(slots=False, kw_only=True)
class RedshiftInterface(RedshiftOptions, SqlInterface):
    """Tables of a schema of Amazon Redshift, provisioned or Serverless.

    **Objects** are tables: the name of one is the object's key.

    **Bulk data** goes over the place ``staging`` in S3: rows are staged as Parquet files and loaded by one COPY of a
    manifest, large results come by UNLOAD. Small data goes by INSERT with bound values and comes by a cursor. What is
    staged is taken away at the end; what a killed process left is taken away by the next one.

    **Safety.** A change is one transaction: all of it or nothing, whatever fails and whenever the process is killed. If
    the answer to COMMIT is lost, another connection asks the warehouse whether it was done.

    Attributes:
        schema_name: the option ``schema``: the schema that the tables are in.
    """

    schema_name: str = field(default="public", alias="schema", validator=matching(NAME, "a schema's name"))

    capabilities: ClassVar[Capabilities] = CAPABILITIES

    @cached_property
    def dialect(self) -> RedshiftDialect:
        """Redshift's SQL."""
        from dao_redshift._dialect import RedshiftDialect

        return RedshiftDialect(self.statement_timeout)

    def connect(self) -> RedshiftConnection:
        """Open a connection."""
        from dao_redshift._connection import RedshiftConnection
        from dao_redshift._dialect import COMMITS
        from dao_redshift._sql.texts import name, qualified

        made = self._client.connect(f"SET search_path TO {name(self.schema_name)}, public")
        return RedshiftConnection(made, self.bulk, self.bulk_values, qualified(self.schema_name, COMMITS))

    @cached_property
    def _client(self) -> Client:
        from dao_redshift._client import Client

        return Client(self)

    @cached_property
    def bulk(self) -> Bulk | None:
        """Loads and reads over the staging place; None without one."""
        if self.staging is None:
            return None
        from dao_redshift._loading import Bulk
        from dao_redshift._places import S3Place
        from dao_redshift._staging.area import StagingArea
        from dao_redshift._staging.authority import authority_of

        area = StagingArea(S3Place.parse(self.staging), self.s3)
        return Bulk(area, authority_of(area, self.iam_role, session=self.session_credentials))

    def __getstate__(self) -> dict[str, Any]:
        made = ("dialect", "_client", "bulk")
        return {name: value for name, value in super().__getstate__().items() if name not in made}

    def close(self) -> None:
        """Close the idle connections, to S3 too."""
        super().close()
        if "bulk" in self.__dict__ and self.bulk is not None:
            self.bulk.area.close()

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

        The warehouse must reach its bucket by ``iam_role``. Columns, modes and errors are those of :meth:`write`.

        Args:
            data: the table, in a store of the interface ``s3`` or ``s3.obstore``.
            data_object: the table that is written.
            mode: ``error``, ``append``, ``overwrite`` or ``ignore``.
            schema_mode: ``strict`` or ``evolve``.

        Raises:
            UnsupportedError: the files can't be loaded as they are; the message says what to do.
        """
        from dao_redshift._transfers import write_files

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
        from dao_redshift._transfers import unload_table

        return unload_table(self, data_object, target, mode)

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
        from dao_redshift._operations import vacuum

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
        from dao_redshift._operations import grant

        statement = grant(self.dialect, self._database.table(data_object), privileges=privileges, to=to, kind=kind)
        self._present(data_object)
        with self.borrowed() as connection:
            connection.execute(statement)
        return WriteResult()

    @contextmanager
    def borrowed(self) -> Iterator[RedshiftConnection]:
        """A connection for the ``with`` block, in which each statement is a transaction of its own."""
        with self._database.session() as session:
            yield cast("RedshiftConnection", session.connection)

    def whole_table(self, data_object: TableObject) -> str | None:
        """The query of all rows of a table, if UNLOAD writes them as they are; else None.

        Raises:
            NotFoundError: there is no table.
        """
        from dao_redshift._loading import unloads

        table = self._present(data_object)
        with self.borrowed() as connection:
            columns = self._database.find(connection, table) or ()
        plain = all(one.type.fetch == "{}" for one in columns) and unloads(one.type.arrow for one in columns)
        return self.dialect.select(table, columns, None, None).text if plain else None

    def _present(self, data_object: TableObject) -> TableName:
        table = self._database.table(data_object)
        if not self.exists(data_object):
            raise self._database.missing(table)
        return table

    def locate(self, data_object: DataObject) -> str:
        """Where a table is, for everybody: ``redshift://cluster.region:port/database.schema.table``."""
        from dao_redshift._places import warehouse_url

        url = warehouse_url(self.host, self.cluster or self.workgroup, self.region, self.port)
        return f"{url}/{self.database}.{self.schema_name}.{data_object.key}"

    def plan_call(
        self, action: str, data_object: DataObject, arguments: Mapping[str, Any], options: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Plan a call, raising its errors that don't depend on what is stored; see :mod:`dao.interface`."""
        from dao_redshift._transfers import plan_load, plan_unload

        data, target = arguments.get("data"), arguments.get("target")
        if isinstance(data, DataObject) or (action == "unload" and isinstance(target, DataObject)):
            name = self.dialect.table(self._database.table(data_object))
            mode = arguments.get("mode") or "error"
            if isinstance(data, DataObject):
                return {"location": name, "mode": mode, **plan_load(self, data, name)}
            return {"location": name, "mode": mode, **plan_unload(self, cast("DataObject", target), name, mode)}
        self._check_way(arguments.get("via"))
        return super().plan_call(action, data_object, arguments, options)


RedshiftConnector = RedshiftInterface
"""The name that the first examples have."""
