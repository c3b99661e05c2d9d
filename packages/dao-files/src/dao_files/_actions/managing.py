"""Actions on whole objects: list, exists, history, delete, copy, move. Independent of Arrow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from dao.data_object import DataObject, TableObject
from dao.errors import DataError, NotFoundError, UnsupportedError
from dao.progress import expect
from dao.results import FileInfo, Listing, Version, WriteResult
from dao.tables import check_mode, retry_conflicts
from dao_files._actions.contents import check_replaceable, holds_table
from dao_files._actions.log import LOG_NAME, Log
from dao_files._actions.modes import is_there, result_of_nothing, should_write
from dao_files._actions.places import Place, place_of
from dao_files._actions.unkeyed import refuse_keyed_removal
from dao_files._storage.keys import key_of_path

if TYPE_CHECKING:
    from dao_files._storage.storage import Change, Snapshot, Storage

__all__ = ["check_deleting", "copy", "delete", "exists", "history", "list_files", "move", "resolve_transfer"]

_MODES = ("error", "overwrite", "ignore")


def list_files(storage: Storage, data_object: DataObject, *, path: str | None) -> Listing:
    """See :meth:`dao_files._actions.interface.FilesInterface.list`."""
    key = place_of(storage, data_object).key if path is None else key_of_path(path, storage)
    return Listing(info for info in storage.list(key) if info.key.rpartition("/")[2] != LOG_NAME)


def exists(storage: Storage, data_object: DataObject, *, path: str | None) -> bool:
    """See :meth:`dao_files._actions.interface.FilesInterface.exists`."""
    place = place_of(storage, data_object, path)
    if place.whole or place.wanted != "directory":
        found = storage.kind(place.key, place.wanted)
        if place.wanted is not None or found != "directory":
            return found is not None and place.wanted in (None, found)
    try:
        return holds_table((info for info in storage.list(place.key) if info.key != place.key), place.key)
    except NotFoundError as error:
        if error.__cause__ is not None:  # of the driver, which has no bucket perhaps: then asking again is refused
            storage.kind(place.key, place.wanted)
        return False


def history(storage: Storage, data_object: DataObject) -> list[Version]:
    """See :meth:`dao_files._actions.interface.FilesInterface.history`."""
    place = place_of(storage, data_object)
    with closing(storage.snapshot(place.key, place.wanted)) as snapshot:
        _refuse_markers(snapshot, place)
        if snapshot.is_file:
            info = snapshot.files[0]
            return [Version(None, info.modified, "write", {"bytes": info.size})]
        return [record.as_version() for record in reversed(Log.of(snapshot).records)]


def check_deleting(
    storage: Storage,
    data_object: DataObject,
    path: str | None,
    about_rows: Mapping[str, Any],
    options: Mapping[str, Any],
) -> Place:
    """Check the arguments of a delete without ``where``, and return the place of what it deletes.

    Args:
        storage: the storage.
        data_object: the object.
        path: the path of one file to delete instead.
        about_rows: arguments that only matter with ``where``; those that the object declares are for its other calls.
        options: the format's options.

    Raises:
        UnsupportedError: an argument about versions.
        DataError: an argument or option that would be ignored, or an invalid key.
    """
    from dao_files._actions.options import refuse_versions

    refuse_versions(options)
    given = {name: value for name, value in about_rows.items() if value is not None and value != data_object.get(name)}
    if given or options:
        raise DataError(f"{', '.join({**given, **options})}: deleting a whole object takes only path=")
    return place_of(storage, data_object, path, writing=True)


def delete(
    storage: Storage,
    data_object: DataObject,
    *,
    path: str | None,
    about_rows: Mapping[str, Any],
    options: Mapping[str, Any],
    idempotency_key: str | None = None,
) -> WriteResult:
    """See :meth:`dao_files._actions.interface.FilesInterface.delete`, without ``where``."""
    refuse_keyed_removal(idempotency_key)
    place = check_deleting(storage, data_object, path, about_rows, options)
    with closing(storage.snapshot(place.key, place.wanted)) as snapshot:
        place.refuse("file" if snapshot.is_file else "directory")
        if path is None:
            _refuse_foreign_files(snapshot, data_object)
        newest = Log.of(snapshot).newest
    retry_conflicts(storage.conflict_timeout, lambda: storage.delete(place.key, place.wanted))
    return WriteResult(
        rows_deleted=newest.rows if newest is not None else None,
        bytes=0,
        files=0,
        version_before=newest.version if newest is not None else None,
    )


def _refuse_foreign_files(snapshot: Snapshot, data_object: DataObject) -> None:
    """Check that replacing or deleting a table loses no foreign file. A directory includes all of its files."""
    if snapshot.is_file or not isinstance(data_object, TableObject):
        return
    check_replaceable(snapshot, data_object.get("format"))


def _refuse_markers(snapshot: Snapshot, place: Place) -> None:
    """Refuse a directory without a table, unless the object is one file or a directory of any files."""
    if not snapshot.is_file and not place.whole and not holds_table(snapshot.files, snapshot.key):
        raise NotFoundError(f"{place.key!r} holds no data files, only hidden ones and markers")


def copy(storage: Storage, data_object: DataObject, target: DataObject, *, mode: str) -> WriteResult:
    """See :meth:`dao_files._actions.interface.FilesInterface.copy`."""
    source, place = resolve_transfer(storage, data_object, target, mode)
    return retry_conflicts(storage.conflict_timeout, lambda: _copy(storage, source, place, target, mode))


def _copy(storage: Storage, source: Place, place: Place, target: DataObject, mode: str) -> WriteResult:
    with closing(storage.snapshot(source.key, source.wanted)) as snapshot:
        _check_kinds(snapshot, source, place)
        with storage.change(place.key, tree=not snapshot.is_file, blind=mode == "overwrite") as change:
            if change.base is not None:
                place.refuse("file" if change.base.is_file else "directory")
            if not should_write(change, place, mode):
                return result_of_nothing(change.base)
            if change.base is not None:
                _refuse_foreign_files(change.base, target)
            return _copy_file(change, snapshot) if snapshot.is_file else _copy_tree(change, snapshot, place.key)


def resolve_transfer(storage: Storage, data_object: DataObject, target: DataObject, mode: str) -> tuple[Place, Place]:
    """Resolve the source and target of a copy or move, without accessing the store.

    Raises:
        UnsupportedError: the mode adds rows.
        DataError: an unknown mode, or one of the two is inside the other.
    """
    if mode in ("append", "overwrite_partitions"):
        raise UnsupportedError(f"mode={mode!r}: files are copied and moved whole, which adds no rows")
    check_mode(mode, _MODES)
    source, place = place_of(storage, data_object, writing=True), place_of(storage, target, writing=True)
    for one, other in ((source.key, place.key), (place.key, source.key)):
        if one == other or one.startswith(f"{other}/"):
            raise DataError(f"{source.key!r} can't be copied or moved to {place.key!r}: one is inside the other")
    return source, place


def _check_kinds(snapshot: Snapshot, source: Place, place: Place) -> None:
    found = "file" if snapshot.is_file else "directory"
    source.refuse("file" if snapshot.is_file else "directory")
    _refuse_markers(snapshot, source)
    if place.wanted not in (None, found):
        raise DataError(f"{source.key!r} is a {found}, and {place.name!r} is a {place.wanted}")


def _copy_file(change: Change, snapshot: Snapshot) -> WriteResult:
    expect(bytes=snapshot.files[0].size)
    size = change.copy_in(snapshot, snapshot.key, "")
    change.publish()
    return WriteResult(bytes=size, files=1)


def _copy_tree(change: Change, snapshot: Snapshot, key: str) -> WriteResult:
    from dao_files._actions.committing import commit, read_log

    below = len(snapshot.key) + 1
    old = Log.of(snapshot).newest
    files = [info for info in snapshot.files if info.key[below:] != LOG_NAME]
    expect(bytes=sum(info.size or 0 for info in files))
    return commit(
        change,
        read_log(change),
        "copy",
        new=[(info.key[below:], change.copy_in(snapshot, info.key, info.key[below:])) for info in files],
        key=key,
        like=old,
    )


def move(storage: Storage, data_object: DataObject, target: DataObject, *, mode: str) -> WriteResult:
    """See :meth:`dao_files._actions.interface.FilesInterface.move`."""
    source, place = resolve_transfer(storage, data_object, target, mode)
    with closing(storage.snapshot(source.key, source.wanted)) as snapshot:
        _check_kinds(snapshot, source, place)
        files = snapshot.files
    found = storage.kind(place.key, place.wanted)
    place.refuse(found)
    if found is not None and mode == "ignore":
        with closing(storage.snapshot(place.key, place.wanted)) as there:
            if is_there(there, place):
                return result_of_nothing(there)

    def may_replace(there: Snapshot) -> bool:
        if mode != "overwrite" and is_there(there, place):
            return False
        _refuse_foreign_files(there, target)
        return True

    wanted = source.wanted or place.wanted
    retry_conflicts(
        storage.conflict_timeout, lambda: storage.move(source.key, place.key, replace=may_replace, wanted=wanted)
    )
    return WriteResult(bytes=0, files=sum(1 for _ in _without_log(files)))


def _without_log(files: object) -> Iterator[FileInfo]:
    return (info for info in files if info.key.rpartition("/")[2] != LOG_NAME)  # type: ignore[attr-defined]
