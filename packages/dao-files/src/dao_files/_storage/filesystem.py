"""Adapts a snapshot to ``pyarrow.fs.FileSystem``: keys are paths, and files open as native Arrow files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from pyarrow import fs

if TYPE_CHECKING:
    from dao_files._storage.storage import Snapshot

__all__ = ["filesystem_of"]


def filesystem_of(snapshot: Snapshot, open_native: Callable[[str], Any], *, near: bool) -> Any:
    """A read-only filesystem over a snapshot, which it keeps alive.

    Args:
        snapshot: the snapshot to read.
        open_native: opens one of its keys as a ``pyarrow.NativeFile``.
        near: ``open_native`` gives files that Arrow reads without Python, into memory of its own: an ``OSFile``, or a
            ``BufferReader`` over memory that Arrow allocated.
    """
    return fs.PyFileSystem(_SnapshotHandler(snapshot, open_native, near=near))


class _SnapshotHandler(fs.FileSystemHandler):  # type: ignore[misc]  # pyarrow has no types
    def __init__(self, snapshot: Snapshot, open_native: Callable[[str], Any], *, near: bool) -> None:
        self._snapshot = snapshot
        self._open_native = open_native
        self.near = near
        # A cache of facts that formats learn about the files, which don't change.
        self.remembered: dict[Any, Any] = {}

    def open_input_file(self, path: str) -> Any:
        return self._open_native(path)

    def open_input_stream(self, path: str) -> Any:
        return self._open_native(path)

    def get_file_info(self, paths: list[str]) -> list[Any]:
        sizes = {info.key: info.size for info in self._snapshot.files}
        return [
            fs.FileInfo(path, fs.FileType.File, size=sizes[path])
            if path in sizes
            else fs.FileInfo(path, fs.FileType.NotFound)
            for path in paths
        ]

    def get_file_info_selector(self, selector: Any) -> list[Any]:
        base = selector.base_dir.rstrip("/")
        below = [info.key for info in self._snapshot.files if not base or info.key.startswith(f"{base}/")]
        if not selector.recursive:
            below = [key for key in below if "/" not in key[len(base) :].lstrip("/")]
        return self.get_file_info(below)

    def get_type_name(self) -> str:
        return "dao-snapshot"

    def normalize_path(self, path: str) -> str:
        return path

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SnapshotHandler) and other._snapshot is self._snapshot

    __hash__ = object.__hash__

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise OSError("a snapshot is read-only")

    create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = delete_file = move = copy_file = _refuse
    open_output_stream = open_append_stream = _refuse
