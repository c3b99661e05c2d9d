"""Whether a copy can take a source's bytes as they are, by what the two objects say about them."""

from __future__ import annotations

from contextlib import suppress

from dao.data_object import DataObject, DirectoryObject, TableObject
from dao.errors import PluginError
from dao.file_formats import infer_compression, infer_format
from dao.plugins import default_plugins

__all__ = ["same_layout"]

_SPELLING = (
    "delimiter", "quote", "escape", "header", "encoding", "decimal_point", "null_values", "true_values",
    "false_values", "quoted_nulls", "date_format", "timestamp_format", "skip_rows", "comment", "skip_blank_lines",
)  # fmt: skip
"""The properties without which bytes can't be read, since the bytes don't say them."""

_TYPES = ("schema", "types")
"""The properties that say what the columns are read as, which other bytes may not fit: rows are cast or refused."""


def same_layout(source: DataObject, target: DataObject) -> bool:
    """Whether the source's bytes are what the target is to hold, as far as the two say what that is.

    A target that says nothing takes the source's format, its partitions and, as one file, its bytes. The spelling of a
    table is that of the object, so one that only the source declares is another.
    """
    wanted = {name: target.get(name) for name in ("format", "partition_by", *_TYPES, *_SPELLING)}
    if isinstance(target, TableObject) and any(wanted[name] != source.get(name) for name in _SPELLING):
        return False
    return all(value is None or value == source.get(name) for name, value in wanted.items()) and (
        _ending(source) == _ending(target) or _agree(_infer_format(source), _infer_format(target))
    )


def _agree(said: tuple[str | None, str | None], wanted: tuple[str | None, str | None]) -> bool:
    """Whether two files' formats and compressions agree; unknown (None) unless both are files of rows."""
    return None in (said[0], wanted[0]) or said == wanted


def _ending(data_object: DataObject) -> str:
    return data_object.key.rpartition("/")[2].partition(".")[2].lower()


def _infer_format(data_object: DataObject) -> tuple[str | None, str | None]:
    """The format that an object says, else its name's ending, and the compression that the ending says."""
    if isinstance(data_object, DirectoryObject) and not isinstance(data_object, TableObject):
        return data_object.get("format"), None
    with suppress(PluginError):  # files travel as bytes without Arrow, which is what reads and writes rows
        default_plugins().load_formats()
    return data_object.get("format") or infer_format(data_object.key), infer_compression(data_object.key)
