"""What of the objects below a directory counts: the listing, and the manifest, made into one picture.

The listing tells the manifest's ETag, and the manifest is then asked for on the condition that it still has it. So no
change was published between the page of the listing that shows the manifest and the end. A listing that was begun
before may lack files that the manifest names: then another one is made, and what that lacks is gone. Where there is no
manifest, it is asked for once more at the end.

Files that no manifest names count as well, where other programs put them. Not those whose names bear DAO's token: a
change that is under way, or that was killed, has put them there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import field, frozen

from dao.errors import ConflictError, NotFoundError
from dao_files._storage.keys import join
from dao_files._storage.names import bears_token
from dao_files.manifest._manifest import FOLDER, MANIFEST, Gone, Manifest
from dao_files.manifest._transport import Stat, Transport

__all__ = ["View", "below", "exists", "is_within", "look", "territory", "tree_above", "tree_of"]

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
        nested: folders that are trees of their own. Their files are among ``files``.
    """

    key: str
    manifest: Manifest | None = None
    etag: str | None = None
    files: Mapping[str, Stat] = field(factory=dict)
    dead: Sequence[Stat] = ()
    nested: Sequence[str] = ()

    @property
    def log(self) -> bytes | None:
        """The content of the tree's log."""
        return self.manifest.log if self.manifest is not None else None

    @property
    def is_there(self) -> bool:
        """Whether there is a tree: one with files, or with a log, such as a table without rows."""
        return bool(self.files) or self.log is not None

    @property
    def own_files(self) -> dict[str, Stat]:
        """The files that are not those of a tree of its own."""
        return {path: stat for path, stat in self.files.items() if not is_within(path, self.nested)}

    def place_of(self, stat: Stat) -> str:
        """Where an object is, from the tree's own place."""
        return below(stat.key, self.key)


def below(key: str, base: str) -> str:
    """The part of a key below another one, which may be the root."""
    return key[len(base) + 1 :] if base else key


def is_within(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is below one of some folders."""
    return any(path.startswith(f"{folder}/") for folder in folders)


def look(transport: Transport, key: str, begun: Iterable[Stat] | None = None) -> View:
    """See what is below a key.

    Args:
        transport: the store.
        key: the key.
        begun: a listing of what is below it that has just been begun.

    Raises:
        ConflictError: it changes so often that no consistent picture could be had.
    """
    view = _look_at(transport, key, begun)
    if view.manifest is None:
        above = tree_above(transport, key, (*view.files.values(), *view.dead))
        if above is not None:
            return _part(look(transport, above), key)
    return view


def territory(transport: Transport, key: str) -> tuple[View, str]:
    """See what a change of a key has to do with.

    Returns:
        The tree whose manifest is to be replaced, and the path of the key below it: empty for a tree of its own. A
        folder with files that the manifest of a tree above it names is that one's; so are partitions of a table.

    Raises:
        ConflictError: as for :func:`look`.
    """
    view = _look_at(transport, key)
    if view.manifest is None and key and (view.files or view.dead or _is_partition(key)):
        above = tree_of(transport, key.rpartition("/")[0])
        if above is not None:
            outer, folder = look(transport, above), below(key, above)
            if _belongs(folder, outer):
                return outer, folder
            return _part(outer, key), ""  # what is there of the other tree's is not yet a file, or no more
    return view, ""


def _belongs(folder: str, outer: View) -> bool:
    if outer.manifest is None or is_within(f"{folder}/", outer.nested):
        return False
    named = any(is_within(path, [folder]) for path in outer.manifest.files)
    return named or (outer.is_there and all(map(_is_partition, folder.split("/"))))


def _is_partition(key: str) -> bool:
    return "=" in key.rpartition("/")[2]


def _look_at(transport: Transport, key: str, begun: Iterable[Stat] | None = None) -> View:
    complete: str | None = None
    for _ in range(_LOOKS):
        listing = list(transport.list(f"{key}/" if key else "") if begun is None else begun)
        begun = None
        try:
            manifest, etag = _manifest(transport, key, listing)
        except ConflictError:
            continue
        objects = {below(stat.key, key): stat for stat in listing if not stat.key.endswith("/")}
        if manifest is None or etag == complete or objects.keys() >= set(manifest.files.values()):
            return _view(transport, key, objects, manifest, etag)
        complete = etag  # the next listing has been begun after everything that it names was there
    raise ConflictError(f"{key!r} is changed all the time")


def tree_of(transport: Transport, key: str) -> str | None:
    """The tree that a key is, or that it is inside of: the nearest that has a manifest."""
    parts = key.split("/") if key else []
    places = ("/".join(parts[:count]) for count in range(len(parts), -1, -1))
    return next((place for place in places if exists(transport, join(place, MANIFEST))), None)


def tree_above(transport: Transport, key: str, stats: Iterable[Stat]) -> str | None:
    """The tree that a directory is inside of. Asked for only where names look as if there were one."""
    if not key or not any(bears_token(stat.key) for stat in stats):
        return None
    return tree_of(transport, key.rpartition("/")[0])


def _part(view: View, key: str) -> View:
    """A directory inside of a tree."""
    folder = f"{below(key, view.key)}/"
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
        if listing and exists(transport, place):
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


def _view(
    transport: Transport, key: str, objects: Mapping[str, Stat], manifest: Manifest | None, etag: str | None
) -> View:
    files: dict[str, Stat] = {}
    dead: list[Stat] = []
    nested = _nested(objects)
    for folder in nested:
        inner = look(transport, join(key, folder))
        files |= {f"{folder}/{path}": stat for path, stat in inner.files.items()}
    named = manifest.files if manifest is not None else {}
    places = set(named.values())
    for path, stat in objects.items():
        if path == MANIFEST or is_within(path, nested):
            continue
        if _counts(path, stat, manifest):
            files[path] = stat
        elif path not in places:
            dead.append(stat)
    for path, place in named.items():
        if place in objects and (place != path or is_within(path, nested)):
            files[path] = objects[place]
    return View(key, manifest, etag, dict(sorted(files.items())), dead, nested)


def _counts(path: str, stat: Stat, manifest: Manifest | None) -> bool:
    """Whether an object is a file of the tree at its own place."""
    if f"/{FOLDER}" in f"/{path}":
        return False
    if manifest is None:
        return True
    if path in manifest.files:
        return manifest.files[path] == path
    if manifest.gone.get(path) == Gone.of(stat) or bears_token(path):
        return False
    busy = manifest.busy.get(path)
    return busy is None or busy.etag is None or busy.etag != stat.etag  # a copy that came after its file was replaced


def _nested(paths: Iterable[str]) -> list[str]:
    """Trees inside of the tree: the outermost of them."""
    ending = f"/{MANIFEST}"
    found: list[str] = []
    for path in sorted(path for path in paths if path.endswith(ending)):
        folder = path[: -len(ending)]
        if not is_within(folder, found):
            found.append(folder)
    return found
