"""The files below a key, page by page, however many there are: what is a tree on the way is shown as its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from dao.data_object import DataObject
from dao.errors import DataError, NotFoundError
from dao.results import FileInfo
from dao_files._actions.log import LOG_NAME
from dao_files._actions.places import place_of
from dao_files._storage.keys import join, key_of_path
from dao_files._storage.names import bears_token
from dao_files.manifest._manifest import FOLDER, MANIFEST
from dao_files.manifest._snapshot import TreeSnapshot, info_of
from dao_files.manifest._transport import Stat, Transport
from dao_files.manifest._view import exists, look, tree_above, tree_of

if TYPE_CHECKING:
    from dao_files.manifest._storage import ManifestStorage

__all__ = ["list_level", "listed"]


def listed(transport: Transport, key: str) -> Iterator[FileInfo]:
    """The files below a key in the order of their names; trees on the way as they are when their turn comes."""
    base = f"{key}/" if key else ""
    entered: set[str] = set()
    skipped: str | None = None
    outside = not key
    stats = transport.list(base)
    for stat in stats:
        if skipped is not None and stat.key.startswith(skipped):
            continue
        tree = _tree_of(transport, base, stat, entered)
        if tree is not None:
            skipped = f"{tree}/" if tree else ""
            yield from _files(transport, tree, chain((stat,), stats) if tree == key else None)
        elif outside or not bears_token(stat.key):
            yield from _shown(stat)
        elif tree_above(transport, key, [stat]) is not None:
            yield from (info for info in _files(transport, key) if info.key >= stat.key)
            return
        else:
            outside = True
            yield from _shown(stat)


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
        level += [info for stat in stats for info in _shown(stat)]
    else:
        level = list(_level_of_tree(transport, key, start))
    if key and not level:
        raise NotFoundError(f"{key!r} is not there")
    yield from level


def _level_of_tree(transport: Transport, key: str, start: int) -> Iterator[FileInfo]:
    infos = [info for info in _files(transport, key) if info.key.rpartition("/")[2] != LOG_NAME]
    folders = {info.key[start:].partition("/")[0] for info in infos if "/" in info.key[start:]}
    yield from (FileInfo(f"{info_key}/") for info_key in sorted(join(key, folder) for folder in folders))
    yield from (info for info in infos if "/" not in info.key[start:])


def _shown(stat: Stat) -> Iterator[FileInfo]:
    if not stat.key.endswith("/") and f"/{FOLDER}" not in f"/{stat.key}":
        yield info_of(stat)


def _files(transport: Transport, key: str, begun: Iterable[Stat] | None = None) -> Iterator[FileInfo]:
    """The files of a tree, its log among them: a table without rows has nothing else."""
    yield from TreeSnapshot(transport, look(transport, key, begun)).files


def _tree_of(transport: Transport, base: str, stat: Stat, entered: set[str]) -> str | None:
    """The tree that begins with this object: the first of its folders, from above, that has a manifest.

    Keys come in order. A folder's manifest has come by, or is this very object, unless the folder's first key sorts
    before it: then it is asked for.
    """
    parts = stat.key[len(base) :].split("/")
    for depth in range(len(parts)):
        folder = base + "".join(f"{part}/" for part in parts[:depth])
        if folder in entered:
            continue
        entered.add(folder)
        manifest = f"{folder}{MANIFEST}"
        if stat.key == manifest or (stat.key < manifest and exists(transport, manifest)):
            return folder.rstrip("/")
    return None
