"""Rows as Parquet files of a load, with the manifest by which COPY loads just these."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from attrs import frozen

from dao.memory import current
from dao_files.formats import dictionary_columns
from dao_files.storage import in_parallel
from dao_redshift._files.places import S3Place
from dao_redshift._staging.area import Load

__all__ = ["Staged", "file_bytes", "stage", "write_manifest"]

_LEAST, _MOST = 1 << 20, 125 << 20  # the sizes of files that Redshift loads best, compressed
_USUAL = 32 << 20
_SENDERS = 3  # files that are sent at the same time
_COMPRESSION = "snappy"  # every Redshift reads it
_SUFFIX = ".parquet"


@frozen
class Staged:
    """The files of a load.

    Attributes:
        manifest: the place of the manifest.
        rows: how many there are.
        bytes: of the files.
        files: how many.
    """

    manifest: S3Place
    rows: int
    bytes: int
    files: int


def file_bytes(known: int | None, slices: int) -> int:
    """How large a file should become: each slice of the warehouse loads as much as the others.

    Args:
        known: bytes of all rows in memory, about; None for a stream.
        slices: how many files the warehouse loads at once.
    """
    limited = current().limit is not None
    least, limit = (1, min(_MOST, current().chunk)) if limited else (_LEAST, _USUAL)
    if known is None:
        return limit
    rounds = max(1, -(-known // (limit * slices)))
    return max(least, min(limit, -(-known // (rounds * slices))))


def stage(load: Load, schema: pa.Schema, batches: Iterable[pa.RecordBatch], target: int) -> Staged:
    """Write rows as files and their manifest, holding a few files in memory.

    Args:
        load: whose files they are.
        schema: of the batches, in types that COPY takes.
        batches: the rows.
        target: bytes of rows in memory after which a file is ended.

    Returns:
        What was staged. There is one file at least, if there are no rows too.
    """

    def put(numbered: tuple[int, tuple[bytes, int]]) -> tuple[tuple[S3Place, int], int]:
        number, (content, count) = numbered
        place = load.put(f"part-{number:05}{_SUFFIX}", content)
        return (place, len(content)), count

    entries: list[tuple[S3Place, int]] = []
    rows = 0
    for entry, count in in_parallel(put, enumerate(_files(schema, batches, target)), _SENDERS):
        entries.append(entry)
        rows += count
    return Staged(write_manifest(load, entries), rows, sum(size for _, size in entries), len(entries))


def write_manifest(load: Load, files: Sequence[tuple[S3Place, int]]) -> S3Place:
    """Write the manifest of files, each with its size in bytes; return its place."""
    entries = [{"url": place.url, "mandatory": True, "meta": {"content_length": size}} for place, size in files]
    return load.put("manifest", json.dumps({"entries": entries}).encode())


def _files(schema: pa.Schema, batches: Iterable[pa.RecordBatch], target: int) -> Iterator[tuple[bytes, int]]:
    """The content and the number of rows of one file after the other."""
    waiting: list[pa.RecordBatch] = []
    held = 0
    made = False
    for batch in batches:
        for piece in _pieces(batch, target):
            waiting.append(piece)
            held += piece.nbytes
            if held >= target:
                yield _content(schema, waiting)
                waiting, held, made = [], 0, True
    if waiting or not made:
        yield _content(schema, waiting)


def _pieces(batch: pa.RecordBatch, target: int) -> Iterator[pa.RecordBatch]:
    rows = max(1, batch.num_rows * target // max(1, batch.nbytes))
    for start in range(0, batch.num_rows, rows):
        yield batch.slice(start, rows)


def _content(schema: pa.Schema, batches: list[pa.RecordBatch]) -> tuple[bytes, int]:
    table, buffer = pa.Table.from_batches(batches, schema), io.BytesIO()
    dictionaries = dictionary_columns(schema, table)
    with pq.ParquetWriter(
        buffer, schema, compression=_COMPRESSION, coerce_timestamps="us", use_dictionary=dictionaries
    ) as writer:
        writer.write_table(table)
    return buffer.getvalue(), table.num_rows
