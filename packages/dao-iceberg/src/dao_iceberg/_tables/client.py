"""Opens Iceberg tables: the only place that asks a catalog. Each snapshot is one version of one table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import pyarrow as pa
from attrs import define, field
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchNamespaceError, NoSuchTableError
from pyiceberg.manifest import ManifestContent, ManifestFile
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.refs import MAIN_BRANCH, SnapshotRefType
from pyiceberg.table.snapshots import Snapshot as IcebergSnapshot
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import FixedType

from dao.errors import DataError, NotFoundError, UnsupportedError, did_you_mean
from dao_files.manifest import Transport
from dao_files.storage import check_key
from dao_iceberg._tables.catalogs import CatalogMaker
from dao_iceberg._tables.io import Locations, TransportIO
from dao_iceberg._tables.manifests import ManifestReader, schema_of_spec
from dao_iceberg._tables.properties import data_location, metadata_location, refuse_code
from dao_iceberg._tables.schemas import arrow_schema
from dao_iceberg._tables.turns import Turns

__all__ = ["MAIN", "Client", "Snapshot", "check_name"]

MAIN = MAIN_BRANCH
_LONGEST = 255
_LOWER = ("glue", "hive")
_WRITABLE = (1, 2)
"""The versions of the format that can be written."""


def check_name(table: str) -> str:
    """Check a table's key.

    Raises:
        DataError: it could leave the store, or isn't the name of one table alone.
    """
    check_key(table)
    *folders, name = table.split("/")
    fault = None
    if any("." in one for one in folders):
        fault = "a folder with a point in its name would be two namespaces"
    elif any(one != one.strip() or not one.isprintable() for one in (*folders, name)):
        fault = "a catalog can't tell a name with such white space from another one"
    elif len(".".join(folders)) > _LONGEST or len(name) > _LONGEST:
        fault = f"a name in a catalog has at most {_LONGEST} characters"
    if fault is not None:
        raise DataError(f"key {table!r} can't be used for an Iceberg table: {fault}")
    return table


def missing_ref(name: str, kind: SnapshotRefType, table: str, metadata: TableMetadata) -> NotFoundError:
    """The error for a branch or tag that a table doesn't have: it names those that it has."""
    known = [one for one, ref in metadata.refs.items() if ref.snapshot_ref_type == kind]
    known = sorted({MAIN, *known} if kind == SnapshotRefType.BRANCH else known)
    there = did_you_mean(name, known) if known else "it has none"
    return NotFoundError(f"there is no {kind.value} {name!r} of {table!r}: {there}")


@define(slots=False, eq=False)
class Client:
    """The tables of a store.

    Attributes:
        locations: of the store.
        catalogs: makes its catalog.
        namespace: of the tables whose key is a mere name.
        turns: of writers that met a conflict.
    """

    locations: Locations
    catalogs: CatalogMaker
    namespace: str = "default"
    turns: Turns = field(factory=Turns, init=False)

    @property
    def transport(self) -> Transport:
        """The store's objects."""
        return self.locations.transport

    @cached_property
    def io(self) -> TransportIO:
        """The store's objects as pyiceberg reads and writes them."""
        return TransportIO({"dao.locations": self.locations.token})

    @cached_property
    def reader(self) -> ManifestReader:
        """Reads the manifests of the tables."""
        return ManifestReader(self.io)

    def refuse_change(self) -> None:
        """Refuse any change, where tables can only be read.

        Raises:
            UnsupportedError: they can.
        """

    def identifier(self, table: str) -> tuple[str, ...]:
        """The name of a table in the catalog, of its key.

        Raises:
            DataError: it isn't the name of one table alone.
        """
        check_name(table)
        *folders, name = table.split("/")
        own = self.namespace.split(".")
        if folders == own:
            raise DataError(f"key {table!r} can't be used: {name!r} is the key of that table")
        if self.catalogs.settings.kind in _LOWER and table != table.lower():
            raise DataError(f"key {table!r} can't be used: the catalog can't tell it from {table.lower()!r}")
        return (*(folders or own), name)

    def key_of(self, identifier: Sequence[str]) -> str:
        """The key of a table of the catalog."""
        *folders, name = identifier
        return name if folders == self.namespace.split(".") else "/".join([*folders, name])

    def location_of(self, table: str) -> str:
        """The location of a new table."""
        return self.locations.of(table)

    def data_folder(self, location: str, properties: Mapping[str, str]) -> str:
        """The key of the folder of the data files of a table at a location.

        Raises:
            UnsupportedError: it is outside of the store.
        """
        return self.locations.key_of(f"{data_location(location, properties)}/").rstrip("/")

    def open(self, table: str, branch: str = MAIN) -> Snapshot:
        """Open the newest snapshot of a table, or of a branch of it.

        Raises:
            NotFoundError: there is no table, or not this branch.
            StoreError: its metadata is damaged.
        """
        client, opened = self.load(table)
        ref = opened.metadata.refs.get(branch)
        if branch != MAIN and (ref is None or ref.snapshot_ref_type != SnapshotRefType.BRANCH):
            raise missing_ref(branch, SnapshotRefType.BRANCH, table, opened.metadata)
        return Snapshot(client, table, opened, opened.metadata.snapshot_by_name(branch), branch)

    def load(self, table: str) -> tuple[Client, Table]:
        """A table's newest metadata, and the client that finds its files.

        Raises:
            NotFoundError: there is no table.
            StoreError: its metadata is damaged.
        """
        identifier = self.identifier(table)
        if not self.catalogs.is_there:
            raise NotFoundError(f"there is no Iceberg table {table!r}")
        try:
            return self, self.catalogs.get().load_table(identifier)
        except (NoSuchTableError, NoSuchNamespaceError) as error:
            raise NotFoundError(f"there is no Iceberg table {table!r} in the catalog") from error

    def find(self, table: str, branch: str = MAIN) -> Snapshot | None:
        """Open a table; None if there is none."""
        try:
            return self.open(table, branch)
        except NotFoundError:
            return None

    def find_to_write(self, table: str, branch: str = MAIN) -> Snapshot | None:
        """Open a table to change a branch of it, which begins at the newest snapshot of ``main`` if it isn't there."""
        found = self.find(table)
        if found is None:
            self.refuse_change()
        if found is None or branch == MAIN:
            return found
        ref = found.metadata.refs.get(branch)
        if ref is not None and ref.snapshot_ref_type != SnapshotRefType.BRANCH:
            raise DataError(f"branch: {branch!r} is a tag of {table!r}, which can't be written to")
        at = found.at if ref is None else found.metadata.snapshot_by_id(ref.snapshot_id)
        return Snapshot(found.client, table, found.table, at, branch)

    def exists(self, table: str) -> bool:
        """Whether there is a table, by the catalog alone."""
        identifier = self.identifier(table)
        if not self.catalogs.is_there:
            return False
        try:
            return bool(self.catalogs.get().table_exists(identifier))
        except NoSuchNamespaceError:
            return False

    def make_namespace(self, table: str) -> None:
        """Make the namespace of a new table, and those above it, where they are missing."""
        catalog, namespace = self.catalogs.get(), self.identifier(table)[:-1]
        for depth in range(1, len(namespace) + 1):
            if not catalog.namespace_exists(namespace[:depth]):
                try:
                    catalog.create_namespace(namespace[:depth])
                except NamespaceAlreadyExistsError:
                    continue  # another writer made it

    def list_keys(self) -> Iterator[str]:
        """The keys of all tables of the catalog."""
        if not self.catalogs.is_there:
            return
        catalog = self.catalogs.get()
        waiting: list[tuple[str, ...]] = list(catalog.list_namespaces())
        seen = set()
        while waiting:
            namespace = tuple(waiting.pop())
            if namespace in seen:
                continue
            seen.add(namespace)
            yield from (self.key_of(one) for one in catalog.list_tables(namespace))
            waiting += catalog.list_namespaces(namespace)


@define(slots=False, eq=False)
class Snapshot:
    """One version of a table.

    Attributes:
        client: the store.
        key: the table's key.
        table: pyiceberg's object, of the newest metadata when it was opened.
        at: the snapshot; None for a table, or a branch, without any.
        branch: the branch whose newest one it is; None for an older one, or that of a tag.
    """

    client: Client
    key: str
    table: Table
    at: IcebergSnapshot | None
    branch: str | None = MAIN

    @property
    def version(self) -> int | None:
        """The id of the snapshot."""
        return None if self.at is None else self.at.snapshot_id

    @property
    def metadata(self) -> TableMetadata:
        """The table's metadata. Its properties may hold secrets: never print it."""
        return self.table.metadata

    @cached_property
    def columns(self) -> Schema:
        """The columns in Iceberg's words: those of the table now for a branch, else those of the snapshot."""
        if self.branch is None and self.at is not None and self.at.schema_id is not None:
            found = self.metadata.schema_by_id(self.at.schema_id)
            if found is not None:
                return found
        return self.metadata.schema()

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns, as rows are read."""
        return arrow_schema(self.columns)

    @property
    def spec(self) -> PartitionSpec:
        """How new files are partitioned."""
        return self.metadata.spec()

    @property
    def properties(self) -> Mapping[str, str]:
        """The table's properties. They may hold secrets: never print them."""
        return dict(self.metadata.properties)

    @cached_property
    def manifests(self) -> list[ManifestFile]:
        """The manifests of the snapshot.

        Raises:
            UnsupportedError: they can't be read right.
        """
        found = self.client.reader.manifests(self.at)
        for number in {one.partition_spec_id for one in found}:
            spec = self.metadata.specs()[number]
            schema = schema_of_spec(self.metadata, spec)
            heads = [one.source_id for one in spec.fields if isinstance(one.transform, IdentityTransform)]
            if any(isinstance(schema.find_type(one), FixedType) for one in heads if one in schema.field_ids):
                # Java's Iceberg writes lengths before them, against Avro's specification: counts would be wrong.
                raise UnsupportedError(f"the table {self.key!r} is partitioned by fixed-size bytes as they are")
        return found

    @property
    def has_deletes(self) -> bool:
        """Whether rows of its files are deleted by other files."""
        deletes = [one for one in self.manifests if one.content == ManifestContent.DELETES]
        return any(one.has_added_files() or one.has_existing_files() for one in deletes)

    @property
    def data_folder(self) -> str:
        """The key of the folder of new data files.

        Raises:
            UnsupportedError: it is outside of the store.
        """
        return self.client.data_folder(self.metadata.location, self.properties)

    @property
    def metadata_folder(self) -> str:
        """The location of the folder of its metadata."""
        return metadata_location(self.metadata.location, self.properties)

    def check_writable(self) -> None:
        """Check that DAO can write to the table.

        Raises:
            UnsupportedError: it can't.
        """
        self.check_place()
        if self.metadata.format_version not in _WRITABLE:
            raise UnsupportedError(
                f"the table {self.key!r} is of version {self.metadata.format_version} of Iceberg's format, which can "
                "be read; versions 1 and 2 can be written"
            )
        refuse_code(self.properties)
        if self.branch is None:
            raise UnsupportedError(f"the table {self.key!r} was opened at an older snapshot, which can't be written to")

    def check_place(self) -> None:
        """Check that the table may be changed where it is.

        Raises:
            UnsupportedError: it may not.
        """
        self.client.refuse_change()
        if self.client.locations.is_moved(self.metadata.location):
            raise UnsupportedError(
                f"the table {self.key!r} was moved: its metadata says that it is at {self.metadata.location!r}, so it "
                "can be read only"
            )
