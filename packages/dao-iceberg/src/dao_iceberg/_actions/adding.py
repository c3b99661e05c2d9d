"""Adds Parquet files that are in the store already to a table, in place; only what must be is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.types as pt
from attrs import define, field, frozen
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat, ManifestEntry, ManifestEntryStatus
from pyiceberg.table.name_mapping import MappedField, NameMapping
from pyiceberg.table.update import SetPropertiesUpdate
from pyiceberg.transforms import IdentityTransform
from pyiceberg.typedef import Record

from dao.errors import DataError, NotFoundError, StoreError, UnsupportedError
from dao.results import WriteResult
from dao_files.formats import hive_values
from dao_files.lake import filesystem_over
from dao_files.storage import in_parallel
from dao_iceberg._commits.transaction import Change, commit
from dao_iceberg._snapshots.planning import StoredFile, plan_files
from dao_iceberg._snapshots.stored import StoredFiles
from dao_iceberg._tables.client import Client, Snapshot
from dao_iceberg._tables.files import split_by_partition
from dao_iceberg._tables.manifests import Entry
from dao_iceberg._tables.mapping import Found, find_columns, with_mapped_ids
from dao_iceberg._tables.metrics import MetricsMode, NanCounts, leaf_ids, metrics_modes, metrics_of
from dao_iceberg._tables.schemas import arrow_field, field_id
from dao_iceberg._tables.transforms import counted

__all__ = ["add_files"]

_MAPPING = "schema.name-mapping.default"
_READERS = 4


def add_files(client: Client, table: str, timeout: float, paths: Sequence[str], branch: str) -> WriteResult:
    """See :meth:`dao_iceberg.IcebergInterface.run_add_files`."""
    keys = [key for path in paths for key in _keys(client, path)]
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    if repeated or not keys:
        raise DataError(
            f"paths: found {'nothing' if not keys else f'{repeated[0]!r} twice'}, expected files, each once"
        )
    return commit(client, table, _Addition(table, keys).plan, timeout, lambda: None, branch=branch)


def _keys(client: Client, path: str) -> list[str]:
    """The key of a file, or those of the Parquet files below a folder."""
    outside = "://" in path or path.startswith("/")
    key = client.locations.key_of(path) if outside else path
    if not key.endswith("/"):
        return [key]
    found = [stat.key for stat in client.transport.list(key)]
    return [one for one in found if one.endswith(".parquet") and not one.rpartition("/")[2].startswith((".", "_"))]


@define(eq=False)
class _Addition:
    """One addition, whose files are looked at once for the same columns and partitions.

    Attributes:
        table: the table's key.
        keys: the files.
    """

    table: str
    keys: Sequence[str]
    _made: Sequence[DataFile] = field(default=(), init=False)
    _made_for: Any = field(default=None, init=False)

    def plan(self, snapshot: Snapshot | None) -> Change:
        if snapshot is None:
            raise NotFoundError(f"there is no Iceberg table {self.table!r}: write to it first, or register it")
        snapshot.check_writable()
        known = {one.path for one in plan_files(snapshot)}
        there = next((key for key in self.keys if snapshot.client.locations.of(key) in known), None)
        if there is not None:
            raise DataError(f"paths: the table has the file {there!r} already")
        mapping, is_new = _mapping(snapshot)
        made_for = (snapshot.metadata.schema(), snapshot.spec, mapping)
        if made_for != self._made_for:
            looking = _Looking(snapshot, mapping)
            self._made, self._made_for = list(in_parallel(looking.file, self.keys, _READERS)), made_for
        return Change(
            operation="append",
            added=self._made,
            updates=[SetPropertiesUpdate(updates={_MAPPING: mapping.model_dump_json()})] if is_new else [],
            result=WriteResult(sum(one.record_count for one in self._made), 0, 0, 0, len(self._made)),
        )


def _mapping(snapshot: Snapshot) -> tuple[NameMapping, bool]:
    """What names of columns mean in files without ids, and whether the table doesn't say it yet."""
    known = snapshot.table.name_mapping()
    made: NameMapping = snapshot.metadata.schema().name_mapping
    if known is None:
        return made, True
    names = {name for one in known.root for name in one.names}
    ids = {one.field_id for one in known.root}
    more: list[MappedField] = [one for one in made.root if one.field_id not in ids and not names & set(one.names)]
    return (NameMapping([*known.root, *more]), True) if more else (known, False)


@frozen(eq=False, slots=False)
class _Looking:
    """Looks at files as files of a table.

    Attributes:
        snapshot: the table.
        mapping: what names of columns mean in files without ids.
    """

    snapshot: Snapshot
    mapping: NameMapping

    @cached_property
    def modes(self) -> Mapping[int, MetricsMode]:
        """How much a manifest says of each column."""
        metadata = self.snapshot.metadata
        return metrics_modes(metadata.properties, metadata.schema(), metadata.sort_order())

    def file(self, key: str) -> DataFile:
        """A file as a manifest has it.

        Raises:
            NotFoundError: it isn't there.
            DataError: it is no Parquet, its columns aren't those of the table, or its rows are of several partitions.
            UnsupportedError: a value doesn't fit the type of its column.
        """
        client, columns, spec = self.snapshot.client, self.snapshot.metadata.schema(), self.snapshot.spec
        size = client.transport.head(key).size
        try:
            filesystem = filesystem_over(client.transport, {key: size})
            with filesystem.open_input_file(key) as opened, pq.ParquetFile(opened) as parquet:
                metadata, arrow = parquet.metadata, parquet.schema_arrow
        except pa.ArrowInvalid as error:
            raise DataError(f"paths: {key!r} is no Parquet file: {error}") from error
        stored = with_mapped_ids(arrow, self.mapping, key)
        self._check_names(key, stored)
        folders = self._folders(key)
        try:
            found = find_columns(columns.fields, stored, {number: scalar for number, (scalar, _) in folders.items()})
        except StoreError as error:
            raise DataError(f"paths: {key!r}: {error.message}") from error
        self._check_zones(key, found)
        strange = [one for one in found if one.stored is not None and not one.is_plain]
        others = {number for one in strange if one.stored is not None for number in leaf_ids(one.stored) if number}
        made = DataFile.from_args(
            content=DataFileContent.DATA,
            file_path=client.locations.of(key),
            file_format=FileFormat.PARQUET,
            partition=Record(*(folders[one.source_id][1] if one.source_id in folders else None for one in spec.fields)),
            record_count=metadata.num_rows,
            file_size_in_bytes=size,
            sort_order_id=None,
            equality_ids=None,
            key_metadata=None,
            **metrics_of(metadata, stored, columns, NanCounts(), self.modes, others),
        )
        made.spec_id = spec.spec_id
        self._check_rows(key, made, strange, found)
        return made

    def _check_names(self, key: str, stored: pa.Schema) -> None:
        """Check that each column of a file is one of the table, by its id and by its name."""
        columns = self.snapshot.metadata.schema()
        names = {one.field_id: one.name for one in columns.fields}
        for one in stored:
            if names.get(field_id(one)) != one.name or not set(leaf_ids(one)) <= columns.field_ids:
                raise DataError(
                    f"paths: the column {one.name!r} of {key!r}, or a field of it, isn't one of the table, which "
                    f"has the columns {list(names.values())}"
                )

    def _check_zones(self, key: str, found: Sequence[Found]) -> None:
        """Check that moments with a zone aren't taken for such without, and the other way round."""
        for one in found:
            stored, wanted = one.field.type if one.stored is None else one.stored.type, one.field.type
            are_moments = pt.is_timestamp(stored) and pt.is_timestamp(wanted)
            if are_moments and (stored.tz is None) != (wanted.tz is None):
                raise UnsupportedError(f"paths: the column {one.wanted.name!r} of {key!r} is {stored}, not {wanted}")

    def _folders(self, key: str) -> Mapping[int, tuple[pa.Scalar, Any]]:
        """The values of the columns that the file's folders stand for, as Arrow and as a manifest has them, by id."""
        texts = hive_values(key)
        found = {}
        for one in self.snapshot.spec.fields:
            column = next((c for c in self.snapshot.metadata.schema().fields if c.field_id == one.source_id), None)
            if column is not None and isinstance(one.transform, IdentityTransform) and column.name in texts:
                kind = arrow_field(column).type
                try:
                    values = pa.array([texts[column.name]], pa.string()).cast(kind)
                except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                    raise DataError(f"paths: the folder of {key!r} is no {column.name!r} of {kind}: {error}") from error
                found[one.source_id] = (values[0], counted(values)[0].as_py())
        return found

    def _check_rows(self, key: str, made: DataFile, strange: Sequence[Found], found: Sequence[Found]) -> None:
        """Read the columns of which the footer doesn't say enough, and find the partition of the rows.

        Raises:
            DataError: they are of several partitions, or null where they may not be.
            UnsupportedError: a value doesn't fit the type of its column.
        """
        columns, spec = self.snapshot.metadata.schema(), self.snapshot.spec
        strict = [
            one.wanted.name
            for one in found
            if one.wanted.required and one.stored is not None and _may_be_null(one, made)
        ]
        heads = {columns.find_column_name(one.source_id) for one in spec.fields}
        parted = [
            one.name
            for one in columns.fields
            if any(h and (h == one.name or h.startswith(f"{one.name}.")) for h in heads)
        ]
        names = list(dict.fromkeys([*parted, *(one.wanted.name for one in strange), *strict]))
        if not names:
            return
        entry = ManifestEntry.from_args(status=ManifestEntryStatus.ADDED, snapshot_id=0, data_file=made)
        file = StoredFile(Entry(None, entry))  # no manifest has it yet
        partitions = set()
        for batch in StoredFiles(self.snapshot, [file], columns, self.mapping).read(file, names):
            null = next((name for name in strict if batch.column(name).null_count), None)
            if null is not None:
                raise DataError(f"paths: the column {null!r} of {key!r} has null, which the table doesn't allow")
            if spec.fields and batch.num_rows:
                partitions |= {values for _, values in split_by_partition(batch, columns, spec)}
        if spec.fields and len(partitions) != 1:
            raise DataError(
                f"paths: the rows of {key!r} are of {len(partitions)} partitions of the table, expected one"
            )
        if spec.fields:
            made._data[3] = Record(*partitions.pop())


def _may_be_null(one: Found, made: DataFile) -> bool:
    number = one.wanted.field_id
    return not one.wanted.field_type.is_primitive or (made.null_value_counts or {}).get(number) != 0
