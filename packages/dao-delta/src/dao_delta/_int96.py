"""Finds timestamps of INT96 that deltalake would read as others.

It decodes INT96 in nanoseconds, whose range ends in the year 2262: Spark's 9999-12-31 comes as a day of 1816, silently.
The log's statistics tell of almost every file that it has no such value; of the others the footers are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.errors import UnsupportedError
from dao_delta._client import Snapshot
from dao_delta._stored import StoredFiles, mapping_of, stored_files
from dao_files.storage import in_parallel

__all__ = ["has_far_int96", "refuse_far_int96"]

_LEAST = datetime(1677, 9, 22, tzinfo=UTC)
_GREATEST = datetime(2262, 4, 11, tzinfo=UTC)
_READERS = 8


def has_far_int96(snapshot: Snapshot, names: Sequence[str]) -> bool:
    """Whether a data file may have timestamps of INT96, in some columns, that nanoseconds can't hold."""
    mapping = mapping_of(snapshot)
    columns = [
        (path, kind)
        for name in names
        if name not in snapshot.partition_by
        for path, kind in _timestamps(mapping.physical(name), snapshot.schema.field(name).type)
    ]
    if not columns:
        return False
    far = [_is_far(snapshot.files, path, kind) for path, kind in columns]
    suspects = [file for file, *any_far in zip(stored_files(snapshot), *far, strict=True) if any(any_far)]
    reader = StoredFiles(snapshot.client.transport, snapshot.schema, mapping)
    found = in_parallel(lambda file: reader.has_int96(file, names), suspects, _READERS)
    try:
        return any(found)
    finally:
        found.close()


def refuse_far_int96(snapshot: Snapshot) -> None:
    """Check that deltalake may rewrite the files of a table.

    Raises:
        UnsupportedError: it would write other timestamps than it reads.
    """
    if has_far_int96(snapshot, snapshot.schema.names):
        raise UnsupportedError(
            f"the table {snapshot.key!r} has timestamps of INT96 that deltalake would change: only Spark can compact it"
        )


def _timestamps(path: str, kind: pa.DataType) -> Iterator[tuple[str | None, pa.DataType]]:
    """The timestamps in a column, by their names in the statistics; None for those that have none there."""
    if pt.is_timestamp(kind):
        yield path, kind
    elif pt.is_struct(kind):
        for one in kind:
            yield from _timestamps(f"{path}.{one.name}", one.type)
    elif pt.is_nested(kind):
        for number in range(kind.num_fields):
            yield from ((None, inner) for _, inner in _timestamps(path, kind.field(number).type))


def _is_far(files: pa.Table, path: str | None, kind: pa.DataType) -> list[bool]:
    """By file, whether the statistics leave it open that there are timestamps out of the range of nanoseconds."""
    if any(f"{part}.{path}" not in files.column_names for part in ("min", "max", "null_count")):
        return [True] * files.num_rows
    least, greatest = (files.column(f"{side}.{path}").cast(pa.timestamp("us", kind.tz)) for side in ("min", "max"))
    begin, end = (moment if kind.tz else moment.replace(tzinfo=None) for moment in (_LEAST, _GREATEST))
    near = pc.and_(pc.greater_equal(least, pa.scalar(begin, least.type)), pc.less(greatest, pa.scalar(end, least.type)))
    empty = pc.equal(files.column(f"null_count.{path}"), files.column("num_records"))
    return [not one for one in pc.or_kleene(pc.fill_null(near, False), pc.fill_null(empty, False)).to_pylist()]
