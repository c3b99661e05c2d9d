"""Validation of calls on files by their arguments and the object, before the store is accessed.

Every route of :class:`~dao_files.FilesInterface` for rows begins here; ``explain`` shows the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from attrs import frozen

from dao.data_object import DataObject, FileObject
from dao.errors import DaoError, DataError
from dao.file_set import FileSet
from dao.tables import check_mode
from dao_files._actions.binary import check_one_file, is_binary, refuse_row_arguments
from dao_files._actions.managing import resolve_transfer
from dao_files._actions.places import Place, place_of

if TYPE_CHECKING:
    from dao_files._storage.storage import Storage
    from dao_files.formats import Format
    from dao_files.formats._options import Direction

__all__ = ["Reading", "check_reading", "check_writing", "default_format", "location_of", "plan"]

_ROWS_READ = ("read", "read_stream", "count", "schema", "run")
_ROWS_WRITTEN = ("write", "write_stream", "upsert")
_NARROWING = ("columns", "where", "limit", "schema")


@frozen
class Reading:
    """A validated read of rows.

    Attributes:
        place: the key and the expected kind of its content.
        format: the format, if the call, the object or the name of the file determines it, else None.
    """

    place: Place
    format: Format | None


def default_format(storage: Storage) -> str:
    """Return the format of a table without a declared one: the storage's ``default_format``, else Parquet."""
    return getattr(storage, "default_format", "parquet")


def location_of(storage: Storage, key: str) -> str:
    """Format a key as a human-readable location: an absolute path on a disk, else a URI."""
    uri = f"{storage.uri}/{key}".rstrip("/")
    return unquote(urlsplit(uri).path) if uri.startswith("file://") else uri


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

    Raises:
        DataError: a key, predicate or schema is invalid, or the format of a single file is unknown.
        UnsupportedError: an unknown format, or an option that the format doesn't have.
    """
    from dao_files._actions.options import refuse_versions
    from dao_files._actions.tables import declared_schema
    from dao_files.formats import infer_format

    refuse_versions(options)
    place = place_of(storage, data_object, path, writing=changing)
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
    name: str, data_object: DataObject, options: Mapping[str, Any], direction: Direction | None, *, table: bool = False
) -> Format:
    from dao_files._actions.options import format_options, refuse_other_spelling
    from dao_files.formats import get_format

    found: Format = get_format(name)
    checked = format_options(found, data_object, options, direction=direction)
    if table and options:
        refuse_other_spelling(found, data_object, checked)
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
    options: Mapping[str, Any],
    direction: Direction | None = "writing",
) -> Place:
    """Check the arguments of a write of rows; ``direction`` is None if files are rewritten.

    Raises:
        DataError: the data is not tabular, or a key, mode, schema or option is invalid.
        UnsupportedError: an unknown format, or an option that the format doesn't have or that is one of reads.
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
    place = place_of(storage, data_object, path, writing=True)
    named = infer_format(place.key)
    if format is None and place.wanted == "file" and named is None:
        raise DataError(f"no format is known for {place.key!r}: give format=, or the object {place.name!r} a format")
    name = format or (named if place.wanted == "file" else None)
    if name is not None:
        table = place.wanted == "directory" or (place.wanted is None and named is None)
        _checked_format(name, data_object, options, direction, table=table)
    else:
        usual = (named if place.wanted is None else None) or default_format(storage)
        _check_options(usual, data_object, options, direction, new=mode in ("error", "ignore"))
    return place


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
        _checked_format(usual, data_object, options, direction)
    except DaoError:
        if new or not any(_has_options(name, data_object, options, direction) for name in FORMATS):
            raise


def _has_options(name: str, data_object: DataObject, options: Mapping[str, Any], direction: Direction | None) -> bool:
    try:
        _checked_format(name, data_object, options, direction)
    except DaoError:
        return False
    return True


def plan(
    storage: Storage,
    action: str,
    data_object: DataObject,
    arguments: Mapping[str, Any],
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """See :meth:`dao_files._actions.interface.FilesInterface.plan_call`."""
    given = {name: value for name, value in arguments.items() if value is not None}
    if action in ("copy", "move"):
        return _plan_transfer(storage, action, data_object, given)
    if action in _ROWS_WRITTEN:
        return _plan_writing(storage, action, data_object, given, options)
    if given.get("into") != "bytes" and (action in _ROWS_READ or (action == "delete" and "where" in given)):
        return _plan_reading(storage, action, data_object, given, options)
    place = place_of(storage, data_object, given.get("path"), writing=action == "delete")
    if given.get("into") == "bytes":
        place.refuse_bytes()
    found: dict[str, Any] = {"location": location_of(storage, place.key)}
    if action == "delete":
        found["removes"] = _describe_all(found["location"], place)
    return found


def _plan_transfer(storage: Storage, action: str, data_object: DataObject, given: Mapping[str, Any]) -> dict[str, Any]:
    mode = given.get("mode", "error")
    source, place = resolve_transfer(storage, data_object, given["target"], mode)
    location, goal = location_of(storage, source.key), location_of(storage, place.key)
    removed = {"removes": _describe_all(location, source)} if action == "move" else {}
    return {
        "location": location,
        "target": goal,
        "mode": mode,
        "replaces": _describe_replaced(mode, goal, place),
        **removed,
    }


def _plan_reading(
    storage: Storage, action: str, data_object: DataObject, given: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    narrowed = any(name in given for name in _NARROWING) or bool(options)
    kept = {name: given.get(name) for name in ("path", "format", "where", "schema")}
    content = action in ("read", "run") and isinstance(data_object, FileObject) and not narrowed
    reading = check_reading(storage, data_object, options=options, content=content, changing=action == "delete", **kept)
    found = {"location": location_of(storage, reading.place.key), "format": _describe_format(reading, content)}
    for name in ("columns", "where", "limit"):
        if name in given:
            found[name] = f"{given[name]} ({_describe_pushdown(name, reading.format)})"
    if action == "delete":
        found["replaces"] = f"the files of {found['location']} that hold such a row"
    return found


def _describe_format(reading: Reading, content: bool) -> str:
    if reading.format is not None:
        return reading.format.name
    return "none: its content as bytes" if content else "inferred from the files' names"


def _describe_pushdown(name: str, format: Format | None) -> str:
    """Describe the pushdown of an argument."""
    if name == "limit":
        return "reading stops after these rows"
    if format is None:
        return "pushed down as far as the format supports"
    if name == "where" and not format.filters_rows:
        return "partitions and files are pruned, the residual filters the rows that are read"
    return f"pushed down into the {format.name} files"


def _plan_writing(
    storage: Storage, action: str, data_object: DataObject, given: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    data, mode = given.get("data"), given.get("mode", "error")
    if action != "upsert" and (isinstance(data, FileSet) or is_binary(data)):
        return _plan_content(storage, data_object, mode, given, options)
    kept = {name: given[name] for name in ("path", "format", "schema_mode", "schema") if name in given}
    meant = "append" if action == "upsert" else mode
    direction: Direction | None = None if action == "upsert" else "writing"
    place = check_writing(storage, data, data_object, mode=meant, options=options, direction=direction, **kept)
    location = location_of(storage, place.key)
    found: dict[str, Any] = {
        "location": location,
        "format": given.get("format") or _describe_written_format(storage, place),
    }
    if given.get("partition_by"):
        found["partition_by"] = given["partition_by"]
    if action == "upsert":
        from dao.tables import check_keys

        check_keys(given.get("keys") or ())
        return {**found, "keys": given["keys"], "replaces": f"the files of {location} that hold one of the keys"}
    return {**found, "mode": mode, "replaces": _describe_replaced(mode, location, place)}


def _plan_content(
    storage: Storage, data_object: DataObject, mode: str, given: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    about_rows = {name: given.get(name) for name in ("format", "partition_by", "schema")}
    if not isinstance(given["data"], FileSet):
        refuse_row_arguments(**{n: v for n, v in about_rows.items() if v != data_object.get(n)}, options=options)
    check_mode(mode, ("error", "append", "overwrite", "ignore"))
    place = place_of(storage, data_object, given.get("path"), writing=True)
    if not isinstance(given["data"], FileSet):
        check_one_file(place)
    location = location_of(storage, place.key)
    return {"location": location, "mode": mode, "replaces": _describe_replaced(mode, location, place)}


def _describe_written_format(storage: Storage, place: Place) -> str:
    from dao_files.formats import infer_format

    named = infer_format(place.key) if place.wanted != "directory" else None
    return named or f"the existing table's, else {default_format(storage)}"


def _describe_all(location: str, place: Place) -> str:
    return f"the file {location}" if place.wanted == "file" else f"everything below {location}"


def _describe_replaced(mode: str, location: str, place: Place) -> str:
    if mode == "overwrite":
        return _describe_all(location, place)
    if mode == "overwrite_partitions":
        return f"the partitions below {location} that the data has rows for"
    return {
        "append": "nothing: existing content is kept",
        "ignore": "nothing: if the target exists, nothing is written",
    }.get(mode, "nothing: an existing target is an error")
