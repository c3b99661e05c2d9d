"""What is directly below a key: folders, then files, with a tree on the way shown as its files."""

from __future__ import annotations

from collections.abc import Iterator

from dao.data_object import DataObject
from dao.errors import DataError, NotFoundError
from dao.results import FileInfo
from dao_files._actions.log import LOG_NAME
from dao_files._actions.places import place_of
from dao_files._storage.keys import join, key_of_path
from dao_files.manifest._listing import files_of, shown
from dao_files.manifest._manifest import FOLDER
from dao_files.manifest._storage import ManifestStorage
from dao_files.manifest._transport import Transport
from dao_files.manifest._view import tree_of

__all__ = ["list_level"]


def list_level(
    storage: ManifestStorage, data_object: DataObject, path: str | None, delimiter: str
) -> Iterator[FileInfo]:
    """What is directly below an object's key: folders, then files.

    Raises:
        DataError: the delimiter isn't ``/``.
        NotFoundError: there is nothing, except at the root.
    """
    if delimiter != "/":
        raise DataError(f"delimiter: found {delimiter!r}, expected '/', which is what separates the parts of a key")
    key = place_of(storage, data_object).key if path is None else key_of_path(path, storage)
    transport = storage.transport
    start = len(key) + 1 if key else 0
    if tree_of(transport, key) is None:
        folders, stats = transport.folders(f"{key}/" if key else "")
        level = [FileInfo(folder) for folder in folders if folder[start:] != FOLDER]
        level += [info for stat in stats for info in shown(stat)]
    else:
        level = list(_level_of_tree(transport, key, start))
    if key and not level:
        raise NotFoundError(f"{key!r} is not there")
    yield from level


def _level_of_tree(transport: Transport, key: str, start: int) -> Iterator[FileInfo]:
    infos = [info for info in files_of(transport, key) if info.key.rpartition("/")[2] != LOG_NAME]
    folders = {info.key[start:].partition("/")[0] for info in infos if "/" in info.key[start:]}
    yield from (FileInfo(f"{info_key}/") for info_key in sorted(join(key, folder) for folder in folders))
    yield from (info for info in infos if "/" not in info.key[start:])
