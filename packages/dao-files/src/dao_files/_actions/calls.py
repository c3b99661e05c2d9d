"""Validation of calls on files by their arguments and the object, before the store is accessed.

Every route of :class:`~dao_files.FilesInterface` for rows begins here; ``explain`` shows the result.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import frozen

from dao.data_object import DataObject
from dao.errors import DaoError, DataError
from dao.tables import check_mode
from dao_files._actions.places import Place, place_of
from dao_files._actions.unkeyed import refuse_keyed_file

if TYPE_CHECKING:
    from dao_files._storage.storage import Storage
    from dao_files.formats import Format
    from dao_files.formats._options import Direction

__all__ = [
    "Reading",
    "as_names",
    "asked_partitions",
    "check_reading",
    "check_writing",
    "default_format",
    "refuse_partitions",
]


@frozen
class Reading:
    """A validated read of rows.

    Attributes:
        place: the key and the expected kind of its content.
        format: the format, if the call, the object or the name of the file determines it, else None.
    """

    place: Place
    format: Format | None


def as_names(columns: str | Sequence[str] | None) -> tuple[str, ...] | None:
    """Convert column names, given as one text or as several, to a tuple; None stays None.

    Raises:
        DataError: a name that is not a text.
    """
    if columns is None or isinstance(columns, str):
        return columns if columns is None else (columns,)
    if not all(isinstance(name, str) for name in columns):
        raise DataError(f"expected column names, found {list(columns)!r}")
    return tuple(columns)


def asked_partitions(
    partition_by: str | Sequence[str] | None, path: str | None, data_object: DataObject
) -> tuple[str, ...] | None:
    """Return the partition columns of a call; None for a single file by its path, whatever the object declares.

    Raises:
        DataError: a name that is not a text.
    """
    inherited = path is not None and partition_by == data_object.get("partition_by")
    return None if inherited else as_names(partition_by)


def default_format(storage: Storage) -> str:
    """Return the format of a table without a declared one: the storage's ``default_format``, else Parquet."""
    return getattr(storage, "default_format", "parquet")


def check_reading(
    storage: Storage,
    data_object: DataObject,
    *,
    path: str | None = None,
    format: str | None = None,
    where: Any = None,
    schema: Any = None,
    options: Mapping[str, Any],
    content: bool = False,
    changing: bool = False,
    idempotency_key: str | None = None,
) -> Reading:
    """Check the arguments of a read of rows.

    Args:
        storage: the storage.
        data_object: the object.
        path: the path of one file to read instead.
        format: the format's name.
        where: the predicate.
        schema: the schema to read as.
        options: the format's options.
        content: True if the bytes of a file of an unknown format may be returned instead of rows.
        changing: True if the rows will be changed.
        idempotency_key: the call's key, if it has one.

    Raises:
        DataError: a key, predicate or schema is invalid, or the format of a single file is unknown.
        UnsupportedError: an unknown format, an option that the format doesn't have, or a key for one file.
    """
    from dao_files._actions.options import refuse_versions
    from dao_files._actions.tables import declared_schema
    from dao_files.formats import infer_format

    refuse_versions(options)
    place = place_of(storage, data_object, path, writing=changing)
    if place.wanted == "file":
        refuse_keyed_file(idempotency_key, place.key)
    _check_where(where)
    declared_schema(schema)
    direction: Direction | None = None if changing else "reading"
    name = format or (infer_format(place.key) if place.wanted == "file" else None)
    if name is None and place.wanted == "file" and not content:
        raise DataError(f"no format is known for {place.key!r}: give format=, or the object a format")
    if name is None and not content:
        _check_options(default_format(storage), data_object, options, direction)
    return Reading(place, None if name is None else _checked_format(name, data_object, options, direction))


def _check_where(where: Any) -> None:
    if where is not None:
        from dao.arrow.predicates import parse

        parse(where)


def _checked_format(
    name: str,
    data_object: DataObject,
    options: Mapping[str, Any],
    direction: Direction | None,
    *,
    table: bool = False,
    new: bool = False,
) -> Format:
    """Return a format, having checked its options.

    Args:
        name: the format's name.
        data_object: the object.
        options: the options of the call.
        direction: what the call does; None for one that reads and rewrites files.
        table: True if a table will be written, whose reads would use the options that the object declares.
        new: True if what is written is new or replaced: else a table may remember further options.
    """
    from dao_files._actions.options import format_options, refuse_other_spelling
    from dao_files.formats import get_format
    from dao_files.formats._options import spelling_of

    found: Format = get_format(name)
    checked = format_options(found, data_object, options, direction=direction)
    if table and options:
        refuse_other_spelling(found, data_object, checked)
    if direction != "reading" and (new or not spelling_of(checked)):
        found.check_writing(checked)
    return found


def check_writing(
    storage: Storage,
    data: Any,
    data_object: DataObject,
    *,
    mode: str = "error",
    path: str | None = None,
    format: str | None = None,
    schema_mode: str = "strict",
    schema: Any = None,
    partition_by: str | Sequence[str] | None = None,
    options: Mapping[str, Any],
    direction: Direction | None = "writing",
    idempotency_key: str | None = None,
) -> Place:
    """Check the arguments of a write of rows; ``direction`` is None if files are rewritten.

    Raises:
        DataError: the data is not tabular, or a key, mode, schema or option is invalid.
        UnsupportedError: an unknown format, an option that the format doesn't have or that is one of reads, or an
            idempotency key for one file.
    """
    from dao.arrow.convert import check_tabular
    from dao.tables import check_schema_mode
    from dao_files._actions.options import refuse_versions
    from dao_files._actions.tables import declared_schema
    from dao_files.formats import infer_format

    refuse_versions(options)
    check_mode(mode)
    check_schema_mode(schema_mode)
    check_tabular(data, has_schema=declared_schema(schema) is not None)
    partitions = asked_partitions(partition_by, path, data_object) or ()
    place = place_of(storage, data_object, path, writing=True)
    if place.wanted == "file":
        refuse_keyed_file(idempotency_key, place.key)
        refuse_partitions(mode, partitions, place.key)
    named = infer_format(place.key)
    if format is None and place.wanted == "file" and named is None:
        raise DataError(f"no format is known for {place.key!r}: give format=, or the object {place.name!r} a format")
    name = format or (named if place.wanted == "file" else None)
    if name is not None:
        table = place.wanted == "directory" or (place.wanted is None and named is None)
        new = not table or mode in ("error", "ignore", "overwrite")
        found = _checked_format(name, data_object, options, direction, table=table, new=new)
        if mode not in ("append", "overwrite_partitions"):
            _check_schema(data, declared_schema(schema), data_object, found, options, direction, partitions)
    else:
        usual = (named if place.wanted is None else None) or default_format(storage)
        _check_options(usual, data_object, options, direction, new=mode in ("error", "ignore"))
    return place


def refuse_partitions(mode: str, partition_by: Sequence[str] | None, key: str) -> None:
    """Raise a DataError for a write of partitions to the single file at ``key``."""
    if partition_by or mode == "overwrite_partitions":
        raise DataError(f"{key!r} is one file, and only a directory can have partitions")


def _check_schema(
    data: Any,
    declared: Any,
    data_object: DataObject,
    format: Format,
    options: Mapping[str, Any],
    direction: Direction | None,
    partition_by: Sequence[str],
) -> None:
    """Check what a new table would have for columns, where that is known before the data is opened."""
    from pyarrow import RecordBatch, RecordBatchReader, Table

    from dao.arrow.convert import find_names
    from dao_files._actions.declared import refuse_contradictions
    from dao_files._actions.options import format_options

    # Another library's frame may have to be computed to say its columns.
    has_columns = isinstance(data, (Table, RecordBatch, RecordBatchReader))
    known = declared if declared is not None else data.schema if has_columns else None
    if known is not None and known.names:  # a copy is planned with data that has no columns yet
        checked = format_options(format, data_object, options, direction=direction)
        outside = find_names(known, partition_by, "partition_by")
        refuse_contradictions(data_object, known, known, format, checked, outside)


def _check_options(
    usual: str,
    data_object: DataObject,
    options: Mapping[str, Any],
    direction: Direction | None,
    *,
    new: bool = False,
) -> None:
    """Check the options of a table whose format isn't declared.

    Args:
        usual: the format of a new table.
        data_object: the object.
        options: the options of the call.
        direction: what the call does; None for one that reads and rewrites files.
        new: True if the table is new or replaced. Else it may exist in any format that has the options.
    """
    from dao_files.formats import FORMATS

    try:
        _checked_format(usual, data_object, options, direction, new=new)
    except DaoError:
        if new or not any(_has_options(name, data_object, options, direction) for name in FORMATS):
            raise


def _has_options(name: str, data_object: DataObject, options: Mapping[str, Any], direction: Direction | None) -> bool:
    try:
        _checked_format(name, data_object, options, direction)
    except DaoError:
        return False
    return True
