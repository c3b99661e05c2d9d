"""UNLOAD: the rows of a query become files on S3."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from attrs import frozen

from dao_redshift.testing._bulk._destination import Destination
from dao_redshift.testing._bulk._loads import Loaded, Loads, Written
from dao_redshift.testing._bulk._partitions import Partitions
from dao_redshift.testing._bulk._result import ResultColumn, described, result_batches
from dao_redshift.testing._bulk._storage import BulkStorage
from dao_redshift.testing._bulk._unload_files import LARGEST, ROW_GROUP, OpenWriter, ParquetFile, SliceFiles
from dao_redshift.testing._bulk._unload_text import TextFile, line_format
from dao_redshift.testing._bulk._unload_types import as_written, csv_type, manifest_type, parquet_field
from dao_redshift.testing._statements import RedshiftError, Unload, Upstream

__all__ = ["run_unload"]

_SLICES = 2


@frozen
class _Plan:
    """How the batches of a query are read, and what writes them."""

    read_as: list[pa.DataType] | None
    open_writer: OpenWriter
    schema: pa.Schema | None


def run_unload(unload: Unload, upstream: Upstream, storage: BulkStorage, loads: Loads | None = None) -> Loaded:
    """Write the rows of a query, which PostgreSQL understands, in the client's transaction.

    As on Redshift, files that are complete stay when it fails.

    Args:
        unload: the statement.
        upstream: the client's connection.
        storage: where files are written.
        loads: where the outcome is written, if it is.

    Raises:
        RedshiftError: the destination isn't empty, S3 or PostgreSQL refuses, or a type isn't supported.
    """
    try:
        written = _written(unload, upstream, storage)
    except RedshiftError as error:
        if loads is not None:
            loads.unload_failed(unload, error.message)
        raise
    if loads is not None:
        loads.unloaded(unload, written)
    rows = sum(one.rows for one in written)
    return Loaded(rows, (f"UNLOAD completed, {rows} record(s) unloaded successfully.",))


def _written(unload: Unload, upstream: Upstream, storage: BulkStorage) -> list[Written]:
    destination = Destination.of(unload, _SLICES)
    storage.authorise(unload.credentials, destination.place)
    columns = described(unload.query, upstream)
    partitions = Partitions.of(unload, columns)
    plan = (_parquet_plan if unload.format == "PARQUET" else _text_plan)(unload, columns, partitions)
    destination.prepare(unload, storage)
    batches = result_batches(unload.query, columns, plan.read_as, upstream)
    written = _write(batches, unload, destination, partitions, plan, storage)
    if "MANIFEST" in unload.options:
        storage.put(destination.manifest, _manifest(unload, written, columns, partitions))
    return written


def _text_plan(unload: Unload, columns: tuple[ResultColumn, ...], partitions: Partitions) -> _Plan:
    lines, header = line_format(unload, tuple(columns[index] for index in partitions.kept))
    largest = _largest(unload)
    return _Plan(None, lambda file: TextFile(file, unload, lines, header, largest), None)


def _parquet_plan(unload: Unload, columns: tuple[ResultColumn, ...], partitions: Partitions) -> _Plan:
    schema = pa.schema([parquet_field(column) for column in columns])
    kept = pa.schema([schema.field(index) for index in partitions.kept])
    if len(set(schema.names)) < len(schema.names):
        raise RedshiftError("UNLOAD to PARQUET needs columns with names of their own", "42701")
    row_group, largest = int(str(unload.options.get("ROWGROUPSIZE", ROW_GROUP))), _largest(unload)

    def open_writer(file: Any) -> ParquetFile:
        return ParquetFile(file, kept, row_group, largest)

    return _Plan([csv_type(column) for column in columns], open_writer, schema)


def _largest(unload: Unload) -> int:
    return int(str(unload.options.get("MAXFILESIZE", LARGEST)))


def _write(
    batches: Iterator[pa.RecordBatch],
    unload: Unload,
    destination: Destination,
    partitions: Partitions,
    plan: _Plan,
    storage: BulkStorage,
) -> list[Written]:
    opened: dict[tuple[str, int], SliceFiles] = {}
    cleaned: set[str] = set()
    for batch in batches:
        typed = batch if plan.schema is None else as_written(batch, plan.schema)
        for folder, rows in partitions.split(typed):
            if "CLEANPATH" in unload.options and folder and folder not in cleaned:
                destination.clean(folder, storage)
                cleaned.add(folder)
            for number, part in enumerate(_sliced(rows.select(list(partitions.kept)), destination.slices)):
                files = opened.setdefault(
                    (folder, number), SliceFiles(destination, storage, plan.open_writer, folder, number)
                )
                files.write(part)
    for files in opened.values():
        files.close()
    return [one for files in opened.values() for one in files.written]


def _sliced(rows: pa.RecordBatch, slices: int | None) -> Iterator[pa.RecordBatch]:
    """Equal parts of a batch, one for each slice; fewer if there are fewer rows."""
    size = -(-rows.num_rows // (slices or 1))
    for start in range(0, rows.num_rows, size):
        yield rows.slice(start, size)


def _manifest(
    unload: Unload, written: list[Written], columns: tuple[ResultColumn, ...], partitions: Partitions
) -> bytes:
    verbose = unload.options["MANIFEST"] == "VERBOSE"
    headers = 1 if "HEADER" in unload.options else 0
    entries: list[dict[str, Any]] = []
    for one in written:
        entry: dict[str, Any] = {"url": one.url}
        if verbose or unload.format == "PARQUET":  # which COPY needs of columnar files
            entry["meta"] = {"content_length": one.size} | ({"record_count": one.rows + headers} if verbose else {})
        entries.append(entry)
    manifest: dict[str, Any] = {"entries": entries}
    if verbose:
        kept = [columns[index] for index in partitions.kept]
        rows = sum(one.rows + headers for one in written)
        total = {"content_length": sum(one.size for one in written), "record_count": rows}
        manifest |= {
            "schema": {"elements": [{"name": column.name, "type": manifest_type(column)} for column in kept]},
            "meta": total,
            "author": {"name": "Amazon Redshift", "version": "1.0.0"},
        }
    return json.dumps(manifest, indent=2).encode()
