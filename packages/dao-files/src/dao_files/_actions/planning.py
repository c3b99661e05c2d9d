"""Plans of calls on files for ``explain``: what a call would read, write and replace, without accessing the store."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from dao.data_object import DataObject, FileObject
from dao.file_set import FileSet
from dao.tables import check_mode
from dao_files._actions.binary import check_one_file, is_binary, refuse_row_arguments
from dao_files._actions.calls import Reading, asked_partitions, check_reading, check_writing, default_format
from dao_files._actions.managing import check_deleting, resolve_transfer
from dao_files._actions.places import Place, place_of
from dao_files._actions.unkeyed import refuse_keyed_bytes, refuse_keyed_removal, refuse_position

if TYPE_CHECKING:
    from dao_files._storage.storage import Storage
    from dao_files.formats import Format
    from dao_files.formats._options import Direction

__all__ = ["location_of", "plan"]

_ROWS_READ = ("read", "read_stream", "count", "schema", "run")
_ROWS_WRITTEN = ("write", "write_stream", "upsert")
_NARROWING = ("columns", "where", "limit", "schema")


def location_of(storage: Storage, key: str) -> str:
    """Format a key as a human-readable location: an absolute path on a disk, else a URI."""
    uri = f"{storage.uri}/{key}".rstrip("/")
    return unquote(urlsplit(uri).path) if uri.startswith("file://") else uri


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
    if action == "delete":
        return _plan_deleting(storage, data_object, given, options)
    place = place_of(storage, data_object, given.get("path"))
    if given.get("into") == "bytes":
        place.refuse_bytes()
    return {"location": location_of(storage, place.key)}


def _plan_deleting(
    storage: Storage, data_object: DataObject, given: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    refuse_keyed_removal(given.get("idempotency_key"))
    about_rows = {name: given.get(name) for name in ("format", "schema")}
    place = check_deleting(storage, data_object, given.get("path"), about_rows, options)
    location = location_of(storage, place.key)
    return {"location": location, "removes": _describe_all(location, place)}


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
    kept = {name: given.get(name) for name in ("path", "format", "where", "schema", "idempotency_key")}
    content = action == "read" and isinstance(data_object, FileObject) and not narrowed
    reading = check_reading(storage, data_object, options=options, content=content, changing=action == "delete", **kept)
    if action != "delete":
        _check_columns_read(reading, data_object, given, options)
    else:
        _check_typed(reading, given)
    found = {"location": location_of(storage, reading.place.key), "format": _describe_format(reading, content)}
    for name in ("columns", "where", "limit"):
        if name in given:
            found[name] = f"{given[name]} ({_describe_pushdown(name, reading.format)})"
    if action == "delete":
        found["replaces"] = f"the files of {found['location']} that hold such a row"
        found |= _describe_key(given)
    return found


def _check_columns_read(
    reading: Reading, data_object: DataObject, given: Mapping[str, Any], options: Mapping[str, Any]
) -> None:
    """Check the names of columns in arguments and options by a declared schema: of a table, folders may add some.

    Raises:
        DataError: what the call would raise, once the file is there.
    """
    from dao.tables import Selection
    from dao_files._actions.options import format_options
    from dao_files._actions.tables import declared_schema
    from dao_files.formats._scan_plan import plan_scan

    declared = declared_schema(given.get("schema"))
    if declared is None or reading.format is None or reading.place.wanted != "file":
        return
    read = format_options(reading.format, data_object, options, direction="reading")
    selection = Selection(given.get("columns"), given.get("where"))
    plan_scan(reading.format, [], None, read, selection, schema=declared)


def _check_typed(reading: Reading, given: Mapping[str, Any]) -> None:
    """Check that a file's rows have types, so that others can be written again; a table's log may know them.

    Raises:
        UnsupportedError: they have none.
    """
    from dao_files._actions.rewriting import refuse_untyped
    from dao_files._actions.tables import declared_schema

    if reading.format is not None and reading.place.wanted == "file":
        refuse_untyped(reading.format, reading.place.key, declared_schema(given.get("schema")))


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
    names = ("path", "format", "schema_mode", "schema", "partition_by", "idempotency_key")
    kept = {name: given[name] for name in names if name in given}
    meant = "append" if action == "upsert" else mode
    direction: Direction | None = None if action == "upsert" else "writing"
    place = check_writing(storage, data, data_object, mode=meant, options=options, direction=direction, **kept)
    location = location_of(storage, place.key)
    _check_columns(storage, action, data_object, place, given, options)
    found: dict[str, Any] = {
        "location": location,
        "format": given.get("format") or _describe_written_format(storage, place),
    }
    if given.get("partition_by"):
        found["partition_by"] = given["partition_by"]
    found |= _describe_key(given)
    if given.get("position") is not None:
        refuse_position(given["position"] if place.wanted == "file" else None, place.key)
        found["position"] = f"of {given['position'].source!r}, kept in the table's log in the same step"
    if action == "upsert":
        from dao.tables import check_keys

        check_keys(given.get("keys") or ())
        if given.get("delete_when") is not None:
            from dao.arrow.predicates import parse

            found["deletes"] = f"the rows of the keys for which {parse(given['delete_when'])}"
        return {**found, "keys": given["keys"], "replaces": f"the files of {location} that hold one of the keys"}
    return {**found, "mode": mode, "replaces": _describe_replaced(mode, location, place)}


def _check_columns(
    storage: Storage,
    action: str,
    data_object: DataObject,
    place: Place,
    given: Mapping[str, Any],
    options: Mapping[str, Any],
) -> None:
    """Check the names of columns in arguments and options, where the data says its columns without being computed.

    Raises:
        DataError: what the call would raise, which finds it only as it writes.
    """
    import pyarrow as pa

    from dao.arrow.convert import find_names
    from dao.tables import check_names_given, given_columns
    from dao_files._actions.options import format_options
    from dao_files._actions.tables import declared_schema
    from dao_files.formats import get_format, infer_format

    declared, mode = declared_schema(given.get("schema")), given.get("mode", "error")
    uncast = given.get("delete_when") is not None
    known = given_columns(given["data"], None if uncast else declared)
    if known is None:
        return
    if action == "upsert":
        check_names_given(known, keys=given.get("keys"), order_by=given.get("order_by"))
    if action == "upsert" or mode not in ("error", "overwrite"):
        return
    partition_by = asked_partitions(given.get("partition_by"), given.get("path"), data_object) or ()
    outside = find_names(known, partition_by, "partition_by")
    named = given.get("format") or (infer_format(place.key) if place.wanted != "directory" else None)
    if named is None and mode == "overwrite":
        return  # that of the table that is there
    format = get_format(named or default_format(storage))
    inside = pa.schema([field for field in known if field.name not in outside])
    written = format_options(format, data_object, options, direction="writing")
    format.writer(io.BytesIO(), inside, written, path=place.key).abort()


def _plan_content(
    storage: Storage, data_object: DataObject, mode: str, given: Mapping[str, Any], options: Mapping[str, Any]
) -> dict[str, Any]:
    refuse_keyed_bytes(given.get("idempotency_key"))
    about_rows = {name: given.get(name) for name in ("format", "partition_by", "schema")}
    refuse_row_arguments(data_object, about_rows, options, given.get("schema_mode", "strict"))
    check_mode(mode, ("error", "append", "overwrite", "ignore"))
    place = place_of(storage, data_object, given.get("path"), writing=True)
    if not isinstance(given["data"], FileSet):
        check_one_file(place)
    location = location_of(storage, place.key)
    return {"location": location, "mode": mode, "replaces": _describe_replaced(mode, location, place)}


def _describe_key(given: Mapping[str, Any]) -> dict[str, str]:
    key = given.get("idempotency_key")
    return {} if key is None else {"idempotency_key": f"{key!r}, unless the table's log has it: then nothing is done"}


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
