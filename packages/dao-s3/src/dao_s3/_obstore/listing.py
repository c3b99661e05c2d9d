"""Listing objects: exact prefixes, in the order of the keys' UTF-8 bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from dao_files.manifest import Stat
from dao_s3._obstore.errors import translated
from dao_s3._obstore.keys import split_prefix
from dao_s3._obstore.location import Location
from dao_s3._obstore.stats import stat_of

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

__all__ = ["folders", "objects"]

_PAGE = 1000
_SORTED = ("s3", "gs", "memory")
"""Kinds of stores that list in the order of UTF-8 bytes. The others are sorted here, which holds the whole listing:
folders have no order, and Azure has several (its emulator's is of UTF-16, hierarchical accounts go by folders)."""
_WITH_MARKERS = ("s3", "gs", "az")


def objects(store: ObjectStore, prefix: str, after: str | None, location: Location) -> Iterator[Stat]:
    """See :meth:`dao_files.manifest.Transport.list`.

    Raises:
        UnsupportedError: the prefix can't be given to obstore.
    """
    folder, beginning = split_prefix(prefix)
    found = _iter_listed(store, folder, _offset(beginning, after, folder), location)
    if location.scheme not in _SORTED:
        found = iter(sorted(found, key=lambda meta: meta["path"]))
    for meta in found:
        key = _true_key(store, meta, location)
        if not key.startswith(beginning):
            if location.scheme in _SORTED and key > beginning:
                return
            continue
        if after is None or key > after:
            yield stat_of(meta, key=key)


def _offset(beginning: str, after: str | None, folder: str) -> str | None:
    """From where the store may begin to list, so that what is before the prefix inside of its folder is left out.

    obstore gives the keys behind an offset, without the key itself: one character less lets the prefix itself in.
    """
    name = beginning[len(folder) + 1 if folder else 0 :]
    start = None
    if name and ord(name[-1]) - 1 > 0x20 and ord(name[-1]) - 1 not in (*range(0x7F, 0xA0), ord("/"), ord("."), 0xDFFF):
        start = beginning[:-1] + chr(ord(name[-1]) - 1)
    if after is None:
        return start
    usable = after.rstrip("/")  # obstore takes a "/" off the end, which is before it: nothing is left out
    return max(usable, start) if start is not None else usable or None


def _iter_listed(store: ObjectStore, folder: str, offset: str | None, location: Location) -> Iterator[ObjectMeta]:
    import obstore

    with translated(location, folder):
        pages = obstore.list(store, prefix=folder or None, offset=offset, chunk_size=_PAGE)
    while True:
        with translated(location, folder):
            page = next(pages, None)
        if page is None:
            return
        yield from page


def _true_key(store: ObjectStore, meta: ObjectMeta, location: Location) -> str:
    """The key of a listed object: consoles make empty objects ``folder/``, which obstore lists as ``folder``."""
    key = meta["path"]
    if meta["size"] or location.scheme not in _WITH_MARKERS:
        return key
    import obstore

    with translated(location, key):
        try:
            obstore.head(store, key)
        except FileNotFoundError:
            return f"{key}/"
    return key


def folders(store: ObjectStore, prefix: str, location: Location) -> tuple[Sequence[str], Sequence[Stat]]:
    """See :meth:`dao_files.manifest.Transport.folders`."""
    import obstore

    folder, beginning = split_prefix(prefix)
    with translated(location, folder):
        found = obstore.list_with_delimiter(store, folder or None)
    below = sorted(f"{name}/" for name in found["common_prefixes"])
    stats = sorted((stat_of(meta) for meta in found["objects"]), key=lambda stat: stat.key)
    return (
        [name for name in below if name.startswith(beginning)],
        [stat for stat in stats if stat.key.startswith(beginning)],
    )
