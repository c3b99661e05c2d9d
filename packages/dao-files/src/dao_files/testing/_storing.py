"""What the suite of storages puts there, and how it looks at what is there."""

from __future__ import annotations

from collections.abc import Mapping

from dao.errors import ConflictError, NotFoundError
from dao_files._storage.storage import Change, Snapshot, Storage

__all__ = ["Files", "always", "current_files", "fill", "never", "put", "put_file", "read_all", "read_file"]

Files = dict[str, bytes]


def fill(change: Change, files: Mapping[str, bytes]) -> None:
    """Write files into a change."""
    for path, content in files.items():
        with change.create(path) as sink:
            sink.write(content)


def put(storage: Storage, key: str, files: Mapping[str, bytes]) -> None:
    """Replace the directory at a key."""
    with storage.change(key, tree=True) as change:
        fill(change, files)
        change.publish()


def put_file(storage: Storage, key: str, content: bytes, *, blind: bool = False) -> None:
    """Replace the file at a key."""
    with storage.change(key, tree=False, blind=blind) as change:
        fill(change, {"": content})
        change.publish()


def always(_: Snapshot) -> bool:
    """Replace whatever is there."""
    return True


def never(_: Snapshot) -> bool:
    """Replace nothing."""
    return False


def read_all(snapshot: Snapshot) -> Files:
    """Read the contents of all files, by their paths below the snapshot's key."""
    found = {}
    for info in snapshot.files:
        with snapshot.open(info.key) as file:
            found[info.key[len(snapshot.key) + 1 :] if snapshot.key else info.key] = file.read()
    return found


def current_files(storage: Storage, key: str) -> Files:
    """Read the current files of a key, an empty dict if there are none; retries on a conflict with a writer."""
    while True:
        try:
            snapshot = storage.snapshot(key)
        except NotFoundError:
            return {}
        try:
            return read_all(snapshot)
        except ConflictError:
            continue
        finally:
            snapshot.close()


def read_file(snapshot: Snapshot, key: str) -> bytes:
    """Read the content of one file."""
    with snapshot.open(key) as file:
        return file.read()
