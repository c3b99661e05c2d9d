"""The objects of a store as Arrow's filesystem: for the formats, where a table's log says which files there are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from attrs import field, frozen

from dao.results import FileInfo
from dao_files._storage.filesystem import filesystem_of
from dao_files.lake._folder import FolderTransport
from dao_files.manifest import Stat, Transport, native_file

__all__ = ["filesystem_over"]


@frozen(eq=False)
class _Files:
    """What there is; see :func:`filesystem_of`."""

    files: list[FileInfo] = field(factory=list)


def filesystem_over(transport: Transport, sizes: Mapping[str, int]) -> Any:
    """A read-only ``pyarrow.fs.FileSystem`` of some objects, which never change.

    Args:
        transport: the store.
        sizes: bytes of the objects by their keys.
    """
    near = isinstance(transport, FolderTransport)
    opening = partial(_open, transport, sizes)
    files = _Files([FileInfo(key, size) for key, size in sizes.items()])
    return filesystem_of(files, opening, near=near)  # type: ignore[arg-type]  # it asks for nothing else


def _open(transport: Transport, sizes: Mapping[str, int], key: str) -> Any:
    if isinstance(transport, FolderTransport):
        return pa.OSFile(transport.path_of(key))
    return native_file(transport, Stat(key, sizes[key]))
