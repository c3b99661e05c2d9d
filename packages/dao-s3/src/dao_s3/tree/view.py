"""What of the objects below a directory counts: the listing, and the manifest, made into one picture.

The listing tells the manifest's ETag, and the manifest is then asked for on the condition that it still has it. So no
change was published while the listing was made; otherwise both are asked for again.

Files that no manifest names count as well, where other programs put them. Not those whose names bear DAO's token: a
change that is under way, or that was killed, has put them there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from attrs import field, frozen

from dao.errors import ConflictError, NotFoundError
from dao.files.keys import join
from dao.files.names import bears_token
from dao_s3.transport import Stat, Transport
from dao_s3.tree.manifest import FOLDER, MANIFEST, Gone, Manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["View", "exists", "look", "tree_above", "tree_of"]

_LOOKS = 20
"""Times that listing and manifest are asked for before a reader gives up on a tree that changes all the time."""


@frozen
class View:
    """A tree as it was at one moment.

    Attributes:
        key: the tree's key.
        manifest: its manifest, None where it has none.
        etag: the manifest's ETag.
        files: for the path of each file that counts, the object that holds it; in the order of the paths.
        dead: objects that count no more, or not yet.
    """

    key: str
    manifest: Manifest | None = None
    etag: str | None = None
    files: Mapping[str, Stat] = field(factory=dict)
    dead: Sequence[Stat] = ()


def look(transport: Transport, key: str) -> View:
    """See what is below a key.

    Raises:
        ConflictError: it changes so often that no consistent picture could be had.
    """
    for _ in range(_LOOKS):
        listing = list(transport.list(f"{key}/" if key else ""))
        try:
            manifest, etag = _manifest(transport, key, listing)
            above = tree_above(transport, key, listing) if manifest is None else None
        except ConflictError:
            continue
        return _view(transport, key, listing, manifest, etag) if above is None else _part(look(transport, above), key)
    raise ConflictError(f"{key!r} is changed all the time")


def tree_of(transport: Transport, key: str) -> str | None:
    """The tree that a key is, or that it is inside of: the nearest that has a manifest."""
    parts = key.split("/") if key else []
    places = ("/".join(parts[:count]) for count in range(len(parts), -1, -1))
    return next((place for place in places if exists(transport, join(place, MANIFEST))), None)


def tree_above(transport: Transport, key: str, listing: Iterable[Stat]) -> str | None:
    """The tree that a directory is inside of. Asked for only where names look as if there were one."""
    if not any(bears_token(stat.key) for stat in listing):
        return None
    return tree_of(transport, key.rpartition("/")[0]) if key else None


def _part(view: View, key: str) -> View:
    """A directory inside of a tree."""
    folder = f"{key[len(view.key) + 1 :]}/"
    files = {path[len(folder) :]: stat for path, stat in view.files.items() if path.startswith(folder)}
    return View(key, files=files)


def _manifest(transport: Transport, key: str, listing: Sequence[Stat]) -> tuple[Manifest | None, str | None]:
    """The manifest that a listing was made under.

    Raises:
        ConflictError: it has been replaced since.
    """
    place = join(key, MANIFEST)
    stat = next((stat for stat in listing if stat.key == place), None)
    if stat is None:
        # The first change may have begun after the beginning of the listing.
        if any(bears_token(stat.key) for stat in listing) and exists(transport, place):
            raise ConflictError(f"{place!r} has appeared")
        return None, None
    try:
        content = transport.get(place, etag=stat.etag)
    except NotFoundError as error:
        raise ConflictError(f"{place!r} was deleted") from error
    return Manifest.from_bytes(bytes(content), place), stat.etag


def exists(transport: Transport, key: str) -> bool:
    """Whether there is an object."""
    try:
        transport.head(key)
    except NotFoundError:
        return False
    return True


def _view(transport: Transport, key: str, listing: Iterable[Stat], manifest: Manifest | None, etag: str | None) -> View:
    start = len(key) + 1 if key else 0
    below = {stat.key[start:]: stat for stat in listing if not stat.key.endswith("/")}
    files: dict[str, Stat] = {}
    dead: list[Stat] = []
    nested = _nested(below)
    for folder in nested:
        inner = look(transport, join(key, folder))
        files |= {f"{folder}/{path}": stat for path, stat in inner.files.items()}
    for path, stat in below.items():
        if path == MANIFEST or _is_within(path, nested):
            continue
        if not path.startswith(FOLDER) and _counts(path, stat, manifest):
            files[path] = stat
        elif manifest is None or path not in manifest.files.values():
            dead.append(stat)
    for path, place in manifest.files.items() if manifest is not None else ():
        if place != path and place in below:
            files[path] = below[place]
    return View(key, manifest, etag, dict(sorted(files.items())), dead)


def _counts(path: str, stat: Stat, manifest: Manifest | None) -> bool:
    if manifest is None or path in manifest.files:
        return manifest is None or manifest.files[path] == path
    return manifest.gone.get(path) != Gone.of(stat) and not bears_token(path)


def _nested(below: Iterable[str]) -> list[str]:
    """Trees inside of the tree: the outermost of them."""
    ending = f"/{MANIFEST}"
    found: list[str] = []
    for path in sorted(path for path in below if path.endswith(ending)):
        folder = path[: -len(ending)]
        if not _is_within(folder, found):
            found.append(folder)
    return found


def _is_within(path: str, folders: Iterable[str]) -> bool:
    return any(path.startswith(f"{folder}/") for folder in folders)
