"""Where a table and its files are, and which names can't be used."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from dao.errors import DataError, UnsupportedError
from dao_delta._tables.log import LOG
from dao_files.lake import FolderTransport
from dao_files.manifest import Transport
from dao_files.storage import check_key

__all__ = ["begins_a_table", "check_inside", "check_name", "deletion_mark", "is_plain", "plain_path"]

_ODD = r"://|^/|\.\.|%2[eEfF]"
"""What paths that lead out of a folder have in them."""

_UNNAMEABLE = re.compile(r"%[0-9A-Fa-f]{2}|[\x00-\x1f\x7f]")


def check_name(table: str) -> str:
    """Check a table's key.

    Raises:
        DataError: it could leave the store, or is in a table's log, or deltalake would take it for another one: it
            decodes ``%41`` twice.
    """
    check_key(table)
    if LOG in table.split("/"):
        raise DataError(f"key {table!r} can't be used for a Delta table: {LOG!r} is the folder of a table's log")
    found = _UNNAMEABLE.search(table)
    if found is not None:
        raise DataError(f"key {table!r} can't be used for a Delta table: deltalake can't name {found[0]!r}")
    return table


def deletion_mark(table: str) -> str:
    """The key of what is put into a log before the table is deleted, and deleted last: so it can be repeated."""
    return f"{table}/{LOG}/_dao_deleting"


def begins_a_table(key: str) -> bool:
    """Whether an object of a log is one that a table can be read from: the first commit, or a checkpoint."""
    name = key.rpartition("/")[2]
    return name == f"{0:020d}.json" or ".checkpoint." in name


def check_inside(transport: Transport, table: str, paths: pa.ChunkedArray | pa.Array) -> None:
    """Check that nothing leads out of the store, before deltalake reads files, which follows all.

    Args:
        transport: the store.
        table: the table's key.
        paths: of its files, as the log has them. A file of a shallow clone may be elsewhere in the store.

    Raises:
        UnsupportedError: a path of the log leads out.
        PermissionDeniedError: a symbolic link does.
    """
    store = f"{transport.uri}/"
    for path in pc.filter(paths, pc.match_substring_regex(paths, _ODD)).to_pylist():
        climbs = ".." in unquote(path).split("/")
        if climbs or not (is_plain(path) or path.startswith(store)):
            raise UnsupportedError(f"the file {path!r} is outside the table's folder and the store's")
    if isinstance(transport, FolderTransport):
        _check_links(transport, [f"{table}/{unquote(path)}" for path in paths.to_pylist() if is_plain(path)])


def _check_links(folder: FolderTransport, keys: Sequence[str]) -> None:
    for above in {key.rpartition("/")[0] for key in keys}:
        folder.path_of(above)
    for key in keys:
        if os.path.islink(f"{folder.root}/{key}"):
            folder.path_of(key)


def is_plain(path: str) -> bool:
    """Whether the path of a file in the log is one below its table's folder."""
    return not ("://" in path or path.startswith("/") or ".." in unquote(path).split("/"))


def plain_path(path: str) -> str:
    """The path of a file below its table's folder, of its path in the log.

    Raises:
        UnsupportedError: the file is elsewhere, as in a shallow clone.
    """
    if not is_plain(path):
        raise UnsupportedError(f"the file {path!r} is outside the table's folder, as in a shallow clone")
    return unquote(path)
