"""What all routes of the interface ``redshift`` stand on: its options, its SQL, its connections, its staging place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from attrs import define, field

from dao.data_object import TableObject
from dao.display import even_half_made
from dao.options import matching
from dao_redshift._options import NAME, RedshiftOptions
from dao_sql import SqlInterface

if TYPE_CHECKING:
    import pyarrow as pa

    from dao_redshift._connections.client import Client
    from dao_redshift._connections.connection import RedshiftConnection
    from dao_redshift._sql.dialect import RedshiftDialect
    from dao_redshift._staging.loading import Bulk
    from dao_redshift._types.unloaded import WholeTable
    from dao_sql import TableName

__all__ = ["RedshiftBase"]


@even_half_made
@define(slots=False, kw_only=True)
class RedshiftBase(RedshiftOptions, SqlInterface):
    """See :class:`dao_redshift.RedshiftInterface` for the attributes."""

    schema_name: str = field(default="public", alias="schema", validator=matching(NAME, "a schema's name"))

    @cached_property
    def dialect(self) -> RedshiftDialect:
        """Redshift's SQL."""
        from dao_redshift._sql.dialect import RedshiftDialect

        return RedshiftDialect(self.statement_timeout)

    def connect(self) -> RedshiftConnection:
        """Open a connection."""
        from dao_redshift._connections.connection import RedshiftConnection
        from dao_redshift._sql.history import create_commits
        from dao_redshift._sql.texts import name

        made = self._client.connect(f"SET search_path TO {name(self.schema_name)}, public")
        return RedshiftConnection(made, self.bulk, self.bulk_values, create_commits(self.schema_name))

    @cached_property
    def _client(self) -> Client:
        from dao_redshift._connections.client import Client

        return Client(self)

    @cached_property
    def bulk(self) -> Bulk | None:
        """Loads and reads over the staging place; None without one."""
        if self.staging is None:
            return None
        from dao_redshift._files.places import S3Place
        from dao_redshift._staging.area import StagingArea
        from dao_redshift._staging.authority import authority_of
        from dao_redshift._staging.loading import Bulk

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

    @contextmanager
    def borrowed(self) -> Iterator[RedshiftConnection]:
        """A connection for the ``with`` block, in which each statement is a transaction of its own."""
        with self._database.session() as session:
            yield cast("RedshiftConnection", session.connection)

    def whole_table(self, data_object: TableObject) -> WholeTable | None:
        """All rows of a table, if the files that UNLOAD writes of them have its columns as they are; else None.

        Raises:
            NotFoundError: there is no table.
        """
        import pyarrow as pa

        from dao_redshift._types.unloaded import WholeTable, given_back

        table = self._present(data_object)
        with self.borrowed() as connection:
            columns = self._database.find(connection, table) or ()
        if not columns or not all(map(given_back, columns)):
            return None
        schema = pa.schema([(one.name, one.type.arrow) for one in columns])
        return WholeTable(self.dialect.select(table, columns, None, None).text, schema)

    def loads_into(self, data_object: TableObject, schema: pa.Schema) -> bool:
        """Whether COPY loads files into a table: its columns are those that a new table of the files would have.

        COPY makes no value wider, and cuts blanks off for CHAR. What the table lacks is added to it, or there is none.
        """
        with self.borrowed() as connection:
            found = self._database.find(connection, self._database.table(data_object)) or ()
        known = {one.name: one.type for one in found}
        return all(one.name not in known or self.dialect.column_type(one) == known[one.name] for one in schema)

    def _present(self, data_object: TableObject) -> TableName:
        table = self._database.table(data_object)
        if not self.exists(data_object):
            raise self._database.missing(table)
        return table
