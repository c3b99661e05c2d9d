"""The files below a key, page by page, however many there are: what is a tree on the way is shown as its files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

from dao.results import FileInfo
from dao_files._storage.names import bears_token
from dao_files.manifest._manifest import FOLDER, MANIFEST
from dao_files.manifest._snapshot import TreeSnapshot, info_of
from dao_files.manifest._transport import Stat, Transport
from dao_files.manifest._view import exists, look, tree_above

__all__ = ["files_of", "iter_listed", "shown"]


def iter_listed(transport: Transport, key: str) -> Iterator[FileInfo]:
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
            yield from files_of(transport, tree, chain((stat,), stats) if tree == key else None)
        elif outside or not bears_token(stat.key):
            yield from shown(stat)
        elif tree_above(transport, key, [stat]) is not None:
            yield from (info for info in files_of(transport, key) if info.key >= stat.key)
            return
        else:
            outside = True
            yield from shown(stat)


def shown(stat: Stat) -> Iterator[FileInfo]:
    if not stat.key.endswith("/") and f"/{FOLDER}" not in f"/{stat.key}":
        yield info_of(stat)


def files_of(transport: Transport, key: str, begun: Iterable[Stat] | None = None) -> Iterator[FileInfo]:
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
