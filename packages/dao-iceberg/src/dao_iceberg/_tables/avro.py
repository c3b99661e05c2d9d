"""Reads manifests and their lists. What is made of an Avro schema is made once: all manifests of a table share it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from pyiceberg.avro.decoder import new_decoder
from pyiceberg.avro.file import META_SCHEMA, AvroFile, AvroFileHeader
from pyiceberg.avro.reader import Reader
from pyiceberg.avro.resolver import construct_reader, resolve_reader
from pyiceberg.io import FileIO
from pyiceberg.manifest import (
    DEFAULT_READ_VERSION,
    MANIFEST_ENTRY_SCHEMAS,
    MANIFEST_LIST_FILE_SCHEMAS,
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestContent,
    ManifestEntry,
    ManifestEntryStatus,
    ManifestFile,
    PartitionFieldSummary,
)
from pyiceberg.utils.schema_conversion import AvroSchemaConversion

__all__ = ["read_list", "read_manifest"]

_SCHEMA = "avro.schema"
_HEADER = construct_reader(META_SCHEMA, {-1: AvroFileHeader})

# The schema that is read, with the fields of version 3, and the classes of what it has inside.
_ENTRY: tuple[Any, ...] = (
    MANIFEST_ENTRY_SCHEMAS[3],
    {-1: ManifestEntry, 2: DataFile},
    {0: ManifestEntryStatus, 101: FileFormat, 134: DataFileContent},
)
_MANIFEST: tuple[Any, ...] = (
    MANIFEST_LIST_FILE_SCHEMAS[DEFAULT_READ_VERSION],
    {-1: ManifestFile, 508: PartitionFieldSummary},
    {517: ManifestContent},
)


@lru_cache(maxsize=64)
def _reader_of(schema: str, *, lists: bool) -> Reader:
    """What reads records of a schema; it keeps nothing of what it reads, and serves all threads.

    Args:
        schema: that of the file, as its header has it.
        lists: whether the records are manifests of a list, not entries of a manifest.
    """
    found = AvroSchemaConversion().avro_to_iceberg(json.loads(schema))
    return resolve_reader(found, *(_MANIFEST if lists else _ENTRY))


class _Known(AvroFile[Any]):  # type: ignore[misc]  # mypy skips pyiceberg
    """A file whose records are read by what is known of its schema."""

    def __init__(self, io: FileIO, place: str, *, lists: bool) -> None:
        super().__init__(io.new_input(place))
        self._lists = lists

    def __enter__(self) -> _Known:
        with self.input_file.open() as file:
            self.decoder = new_decoder(file.read())
        self.header = _HEADER.read(self.decoder)
        self.reader = _reader_of(self.header.meta[_SCHEMA], lists=self._lists)
        return self


def read_list(io: FileIO, place: str) -> list[ManifestFile]:
    """The manifests that a list has."""
    with _Known(io, place, lists=True) as reader:
        return list(reader)


def read_manifest(io: FileIO, manifest: ManifestFile) -> list[ManifestEntry]:
    """The entries of a manifest, with the fields of version 3 where it has them, and with what they inherit."""
    with _Known(io, manifest.manifest_path, lists=False) as reader:
        return [_inherited(entry, manifest) for entry in reader]


def _inherited(entry: ManifestEntry, manifest: ManifestFile) -> ManifestEntry:
    """An entry with what it has from its manifest; see the specification, "Sequence Number Inheritance"."""
    takes = entry.status == ManifestEntryStatus.ADDED or not manifest.sequence_number
    if entry.snapshot_id is None and manifest.added_snapshot_id is not None:
        entry.snapshot_id = manifest.added_snapshot_id
    if entry.sequence_number is None and takes:
        entry.sequence_number = manifest.sequence_number or 0
    if entry.file_sequence_number is None and takes:
        entry.file_sequence_number = manifest.sequence_number or 0
    entry.data_file.spec_id = manifest.partition_spec_id
    return entry
