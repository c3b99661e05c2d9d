"""Opens Delta tables: the only place that makes deltalake's objects. Each snapshot is one version of one table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from dao.connections import Settings
from dao.errors import NotFoundError, StoreError, UnsupportedError
from dao_delta._tables.features import WRITABLE, named_features
from dao_delta._tables.footers import Footers
from dao_delta._tables.keys import begins_a_table, check_inside, check_name, deletion_mark, plain_path
from dao_delta._tables.log import LOG, Action
from dao_delta._tables.log_files import CommitChecks
from dao_delta._tables.schemas import arrow_schema
from dao_delta._tables.vectors import vectors_in_log
from dao_files.manifest import Transport

__all__ = ["Client", "Snapshot"]


@define(slots=False, eq=False)
class Client:
    """The tables of a store.

    Attributes:
        transport: the store's objects.
        settings: makes the storage options of deltalake, with credentials that are valid now.
        footers: of the data files that were looked at.
    """

    transport: Transport
    settings: Callable[[], Settings] = field(default=Settings, repr=False)
    footers: Footers = field(factory=Footers, init=False, repr=False)
    _checks: CommitChecks = field(factory=CommitChecks, init=False, repr=False)

    def uri_of(self, table: str) -> str:
        """The URI of a table."""
        scheme, _, place = self.transport.uri.partition("://")
        base = place if scheme == "file" else quote(place)
        return f"{scheme}://{base}/{quote(table)}"

    def open(self, table: str, version: int | None = None) -> Snapshot:
        """Open a table.

        Args:
            table: its key.
            version: the version; None for the newest.

        Raises:
            NotFoundError: there is no table, or not this version.
            StoreError: its log is damaged.
        """
        check_name(table)
        try:
            opened = DeltaTable(self.uri_of(table), version=version, storage_options=self.settings())
        except TableNotFoundError as error:
            raise NotFoundError(f"there is no Delta table at {table!r}") from error
        except DeltaError as error:
            if version is None and self.remains(table):
                raise NotFoundError(f"there is no Delta table at {table!r}: its deletion was cut off") from error
            raise
        except BaseException as error:
            if "Forked process" not in str(error):
                raise
            raise UnsupportedError(
                "deltalake was used before this process was forked, and can't be used in a fork: start processes by "
                "'spawn' or 'forkserver'"
            ) from None
        self._checks.check(self.transport, table, opened.version())
        return Snapshot(self, table, opened, version is None)

    def find(self, table: str) -> Snapshot | None:
        """Open a table; None if there is none."""
        try:
            return self.open(table)
        except NotFoundError:
            return None

    def newest(self, snapshot: Snapshot) -> Snapshot | None:
        """The version that is the newest after another one was made: only the commits since then are read.

        Args:
            snapshot: an older version, which isn't used any more.
        """
        before, opened = snapshot.version, snapshot.table
        try:
            opened.update_incremental()
        except (DeltaError, OSError):
            return self.find(snapshot.key)  # with new credentials, and it knows what the error means
        if opened.version() <= before:  # the log is another one
            return self.find(snapshot.key)
        self._checks.check(self.transport, snapshot.key, opened.version())
        return Snapshot(self, snapshot.key, opened)

    def forget(self, table: str) -> None:
        """Forget what was checked of a table: from now on it is another one."""
        self._checks.forget(table)

    def exists(self, table: str) -> bool:
        """Whether there is a table, by its log alone."""
        check_name(table)
        return any(map(begins_a_table, self.log_keys(table)))

    def log_keys(self, table: str) -> Iterator[str]:
        """The keys of a table's log; of that of a table at the root for the empty key."""
        return (stat.key for stat in self.transport.list(f"{table}/{LOG}/".lstrip("/")))

    def remains(self, table: str) -> list[str]:
        """What is left of the log of a table whose deletion was cut off; nothing if there is a table or never was.

        A log that lacks its beginning without the mark of a deletion is damaged: it isn't taken for none.
        """
        found = list(self.log_keys(table))
        return found if deletion_mark(table) in found and not any(map(begins_a_table, found)) else []

    def clear_remains(self, table: str) -> bool:
        """Make room for a new table: commits of a deleted one would become its next versions.

        Returns:
            Whether something was left.
        """
        remains, mark = self.remains(table), deletion_mark(table)
        if remains:
            self.transport.delete(key for key in remains if key != mark)
            self.transport.delete([mark])
        return bool(remains)


@define(slots=False, eq=False)
class Snapshot:
    """One version of a table.

    Attributes:
        client: the store.
        key: the table's key.
        table: deltalake's object. ``scan`` is its one right way to read.
        is_newest: whether it was the newest version when it was opened.
    """

    client: Client
    key: str
    table: DeltaTable
    is_newest: bool = True

    @property
    def version(self) -> int:
        """The version."""
        return self.table.version()

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns, as rows are read."""
        return arrow_schema(self.table.schema())

    @cached_property
    def fields(self) -> list[dict[str, Any]]:
        """The columns in Delta's JSON, with what the table keeps about them."""
        found: list[dict[str, Any]] = json.loads(self.table.schema().to_json())["fields"]
        return found

    @cached_property
    def partition_by(self) -> tuple[str, ...]:
        """The partition columns."""
        return tuple(self.table.metadata().partition_columns)

    @cached_property
    def properties(self) -> Mapping[str, str]:
        """The table's properties: ``delta.appendOnly``..."""
        return dict(self.table.metadata().configuration)

    @cached_property
    def features(self) -> frozenset[str]:
        """The writer features that bind a writer."""
        named = self.named_features[1]
        return frozenset(named if self.table.protocol().min_writer_version >= 7 else filter(self._uses, named))

    @property
    def named_features(self) -> tuple[set[str], set[str]]:
        """The features of readers and of writers that the protocol names, or that its older versions stand for."""
        return named_features(self.table.protocol())

    def _uses(self, feature: str) -> bool:
        match feature:
            case "columnMapping":
                return self.properties.get("delta.columnMapping.mode", "none") != "none"
            case "identityColumns":
                return any("delta.identity.start" in one["metadata"] for one in self.fields)
            case "generatedColumns":
                return bool(self.generated)
            case "checkConstraints":
                return bool(self.constraints)
            case "changeDataFeed":
                return self.has_change_feed
        return True

    @property
    def has_change_feed(self) -> bool:
        """Whether the table keeps a change data feed."""
        return self.properties.get("delta.enableChangeDataFeed", "").lower() == "true"

    @property
    def is_append_only(self) -> bool:
        """Whether rows may only be added."""
        return self.properties.get("delta.appendOnly", "").lower() == "true"

    @property
    def constraints(self) -> Mapping[str, str]:
        """The CHECK constraints: SQL by name."""
        start = "delta.constraints."
        return {name.removeprefix(start): sql for name, sql in self.properties.items() if name.startswith(start)}

    @property
    def generated(self) -> Mapping[str, str]:
        """The generated columns: SQL by column."""
        key = "delta.generationExpression"
        return {one["name"]: one["metadata"][key] for one in self.fields if key in one["metadata"]}

    def check_writable(self, *, removes: bool) -> None:
        """Check that DAO can write to the table as its protocol asks.

        Args:
            removes: whether files or rows will be taken out.

        Raises:
            UnsupportedError: a feature that can't be honoured; or the table is append-only.
        """
        unknown = sorted(self.features - WRITABLE - _unused(self))
        if unknown:
            raise UnsupportedError(
                f"the table {self.key!r} has the features {', '.join(unknown)}, which only Spark can write; "
                "it can be read"
            )
        if removes and self.is_append_only:
            raise UnsupportedError(f"the table {self.key!r} is append-only (delta.appendOnly): rows can only be added")

    @cached_property
    def has_deletion_vectors(self) -> bool:
        """Whether rows of the table's files are hidden by deletion vectors."""
        if "deletionVectors" not in self.features:
            return False
        return any(batch.num_rows for batch in pa.RecordBatchReader.from_stream(self.table.deletion_vectors()))

    @cached_property
    def kept_rows(self) -> Mapping[str, pa.Array]:
        """Of files with deletion vectors, by path below the table's folder: by row, whether the vector leaves it."""
        if not self.has_deletion_vectors:
            return {}
        found = pa.RecordBatchReader.from_stream(self.table.deletion_vectors()).read_all()
        root = f"{unquote(self.client.uri_of(self.key))}/"
        paths = [unquote(uri).removeprefix(root) for uri in found["filepath"].to_pylist()]
        return {path: vector.values for path, vector in zip(paths, found["selection_vector"], strict=True)}

    def vector_of(self, path: str) -> Mapping[str, Any] | None:
        """The descriptor of a file's deletion vector, by the file's path as the log has it; None if it has none.

        Raises:
            UnsupportedError: the log's vectors aren't those by which deltalake hides rows.
        """
        return self._vectors[plain_path(path)] if plain_path(path) in self.kept_rows else None

    @cached_property
    def _vectors(self) -> Mapping[str, Mapping[str, Any]]:
        found = vectors_in_log(self.client.transport, self.key, self.version)
        by_path = {plain_path(path): vector for path, vector in found.items()}
        hidden = {path: pc.sum(pc.invert(kept)).as_py() for path, kept in self.kept_rows.items()}
        if {path: vector["cardinality"] for path, vector in by_path.items()} != hidden:
            raise UnsupportedError(
                f"the deletion vectors of {self.key!r} can't be told from its log: only Spark can change it"
            )
        return by_path

    @cached_property
    def files(self) -> pa.Table:
        """The data files: ``path`` as the log has it, ``size_bytes``, ``num_records``, ``partition.*``, ``min.*``...

        Raises:
            StoreError: the log, or its checkpoint, has a file twice: its rows would be doubled.
        """
        found = pa.RecordBatchReader.from_stream(self.table.get_add_actions(flatten=True)).read_all()
        if pc.count_distinct(found["path"]).as_py() < found.num_rows:
            raise StoreError(f"the log of {self.key!r} is damaged: version {self.version} has a data file twice")
        return found

    def check_inside(self) -> None:
        """Check, before deltalake reads files, that none is outside of the store.

        Raises:
            UnsupportedError: the log names one.
            PermissionDeniedError: a symbolic link leads to one.
        """
        _ = self._inside

    @cached_property
    def _inside(self) -> None:
        check_inside(self.client.transport, self.key, self.files["path"])

    def metadata_action(self, **changes: Any) -> Action:
        """The ``metaData`` action of the table, with some of its fields replaced."""
        given = self.table.metadata()
        return {
            "metaData": {
                "id": str(given.id),
                "name": given.name,
                "description": given.description,
                "format": {"provider": "parquet", "options": {}},
                "schemaString": self.table.schema().to_json(),
                "partitionColumns": list(self.partition_by),
                "configuration": dict(self.properties),
                "createdTime": given.created_time,
                **changes,
            }
        }


def _unused(snapshot: Snapshot) -> set[str]:
    """Features that a table names and that bind nothing, since it doesn't use them."""
    return {name for name in ("columnMapping", "identityColumns") if not snapshot._uses(name)}


def partitions_of(snapshot: Snapshot, row: Mapping[str, Any]) -> dict[str, Any]:
    """The partition values of a row of :attr:`Snapshot.files`."""
    return {name: row[f"partition.{name}"] for name in snapshot.partition_by}
