"""Finds the data files of which deltalake would read other values than they have.

It casts a column whose type isn't the table's, and cuts what doesn't fit; it gives null for one whose name differs by
the case of letters; and it decodes INT96 in nanoseconds, whose range ends in the year 2262: Spark's 9999-12-31 comes
as a day of 1816. So the footers of files that DAO hasn't written itself are looked at, each once. The log's statistics
tell of almost every file of INT96 that it has no such value.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from datetime import UTC, datetime
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.arrow.predicates import Predicate
from dao.errors import UnsupportedError
from dao_delta._snapshots.facts import facts_of
from dao_delta._snapshots.stored import StoredFile, StoredFiles, mapping_of, missing_file
from dao_delta._tables.client import Snapshot
from dao_delta._tables.columns import ColumnMapping
from dao_delta._tables.footers import Footer, mark_in, mark_of, own_name
from dao_delta._tables.keys import plain_path
from dao_files.lake import files_with_rows

__all__ = ["has_misread", "refuse_misread"]

_FEW = 64
"""Files that are looked at without asking the log whether they matter."""

_LEAST = datetime(1677, 9, 22, tzinfo=UTC)
_GREATEST = datetime(2262, 4, 11, tzinfo=UTC)


def has_misread(snapshot: Snapshot, names: Sequence[str], predicate: Predicate | None = None) -> bool:
    """Whether deltalake would read other values of some columns than a data file has, or refuse the file.

    Args:
        snapshot: the version.
        names: the columns.
        predicate: bound to the table's columns: files that have no such row by the log don't count.

    Raises:
        NotFoundError: a file of an older version is gone.
        StoreError: a file is damaged or gone.
    """
    names = [name for name in names if name not in snapshot.partition_by]
    mapping = mapping_of(snapshot)
    others = _others(snapshot, mapping)
    if not others or not names:
        return False
    files = _named_files(snapshot, others)
    if predicate is not None and sum(name not in snapshot.client.footers for name, _ in files.values()) > _FEW:
        kept = files_with_rows(facts_of(snapshot), predicate)
        files = {number: file for number, file in files.items() if kept[number]}
    footers = dict(zip(files, _footers(snapshot, list(files.values())), strict=True))
    different = {id(footer): footer for footer in footers.values()}.values()
    wanted = [snapshot.schema.field(name) for name in names]
    if not all(mapping.agrees(footer.schema, one) for footer in different for one in wanted):
        return True
    return _has_far_int96(snapshot, mapping, names, footers)


def refuse_misread(snapshot: Snapshot) -> None:
    """Check that deltalake may rewrite, or look at, the rows of a table.

    Raises:
        UnsupportedError: it would write other values than the files have.
    """
    if has_misread(snapshot, snapshot.schema.names):
        raise UnsupportedError(
            f"the table {snapshot.key!r} has files with timestamps of INT96, or types or names of columns, that "
            "deltalake would change: only Spark can do this; or write the table again, with mode='overwrite'"
        )


def _others(snapshot: Snapshot, mapping: ColumnMapping) -> list[int]:
    """The numbers of the files that DAO hasn't written with the table's columns as they are in this version."""
    count = snapshot.files.num_rows
    if mapping.mode != "none":
        return list(range(count))
    mark = mark_of(pa.schema([one for one in snapshot.schema if one.name not in snapshot.partition_by]))
    own = pc.match_substring_regex(snapshot.files["path"].cast(pa.string()), f"(^|/){own_name(mark)}$")
    return pc.indices_nonzero(pc.invert(own)).to_pylist()  # type: ignore[no-any-return]


def _named_files(snapshot: Snapshot, numbers: Sequence[int]) -> dict[int, tuple[Hashable, StoredFile]]:
    """Files by their numbers, each with what stands for its footer."""
    every = snapshot.files.select(["path", "size_bytes", "modification_time"]).to_pylist()
    found: dict[int, tuple[Hashable, StoredFile]] = {}
    store = f"{snapshot.client.transport.uri}/"
    for number in numbers:
        path, size, modified = every[number].values()
        file = StoredFile(path, _key(store, snapshot.key, path), size, None, {})
        # A table that is deleted and made again may have the same path, so the size and the time count too.
        found[number] = mark_in(path) or (file.key, size, modified), file
    return found


def _footers(snapshot: Snapshot, files: Sequence[tuple[Hashable, StoredFile]]) -> list[Footer]:
    reader = StoredFiles(snapshot.client.transport, snapshot.schema)

    def read(file: StoredFile) -> Footer:
        with missing_file(snapshot, file):
            return reader.footer(file)

    known = dict(files)
    found = dict(zip(known, snapshot.client.footers.of(known, read), strict=True))
    return [found[name] for name, _ in files]


def _key(store: str, table: str, path: str) -> str:
    """Where a file is; one of a shallow clone is elsewhere in the store, whose URI is given."""
    return unquote(path.removeprefix(store)) if path.startswith(store) else f"{table}/{plain_path(path)}"


def _has_far_int96(
    snapshot: Snapshot, mapping: ColumnMapping, names: Sequence[str], footers: dict[int, Footer]
) -> bool:
    """Whether a file may have timestamps of INT96, in some columns, that nanoseconds can't hold."""
    suspects = [number for number, footer in footers.items() if mapping.int96_of(footer, names)]
    if not suspects:
        return False
    columns = [
        (path, kind)
        for name in names
        for path, kind in _timestamps(mapping.physical(name), snapshot.schema.field(name).type)
    ]
    far = [_is_far(snapshot.files, path, kind) for path, kind in columns]
    return any(one[number] for one in far for number in suspects)


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
