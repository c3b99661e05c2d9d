"""Interfaces that need no service: a folder, and memory."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from attrs import define, field

from dao.display import even_half_made
from dao.errors import ConfigError
from dao.options import Folder, absolute_place, number
from dao_files._actions.interface import FilesInterface
from dao_files._storage.storage import Storage

__all__ = ["LocalInterface", "MemoryInterface"]


def _folder(root: Any) -> Folder:
    if not isinstance(root, (str, os.PathLike)) or not isinstance(os.fspath(root), str):
        found = "null, as which YAML reads a lone ~ that is not in quotes" if root is None else type(root).__name__
        raise ConfigError(f"root: found {found}, expected the path of a folder as text")
    try:
        return Folder(absolute_place(os.fspath(root)))
    except ConfigError as error:
        raise ConfigError(f"root: {error}") from None


@even_half_made
@define(slots=False)
class LocalInterface(FilesInterface):
    """Files in a folder of this machine, or of a disk that it mounts.

    Changes are safe between threads and processes of one machine, and against kills; with ``fsync`` against power
    losses too. Keys can't leave the folder. Writing needs a POSIX system.

    Attributes:
        root: the folder; ``~`` is the home directory. A relative path is relative to the catalog file that contains it;
            in a mapping or in code, to the working directory when the store is created.
        create: create the folder on the first write; without it a missing folder is an error.
        fsync: flush writes to disk before they are published, to survive a power loss; slower.
        lock_timeout: seconds to wait for other writers of the same object.

    >>> import tempfile
    >>> from dao.data_object import FileObject
    >>> folder = LocalInterface(tempfile.mkdtemp())
    >>> folder.write_bytes(b"hello", FileObject("note", suffix=".txt")).bytes
    5
    >>> folder.read_bytes(FileObject("note", suffix=".txt"), into="bytes")
    b'hello'
    """

    root: Folder = field(converter=_folder)
    create: bool = True
    fsync: bool = False
    lock_timeout: float = field(default=60.0, validator=number("seconds", 0))
    _storage: Storage = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        from dao_files._local.storage import LocalStorage

        self._storage = LocalStorage(self.root, self.create, self.fsync, self.lock_timeout)

    @property
    def storage(self) -> Storage:
        """The folder."""
        return self._storage


@define(slots=False)
class MemoryInterface(FilesInterface):
    """Files in this process's memory, with the API and the results of a folder; also a test double.

    Reads share memory with writes. Pickling a store includes its contents.

    Attributes:
        lock_timeout: seconds to wait for other writers of the same object.

    >>> import pyarrow as pa
    >>> from dao.data_object import TableObject
    >>> memory, pets = MemoryInterface(), TableObject("pets", format="parquet")
    >>> memory.write(pa.table({"name": ["Rex", "Tom"]}), pets, format="parquet").rows_inserted
    2
    >>> memory.read(pets).column("name").to_pylist()
    ['Rex', 'Tom']
    """

    carries_state: ClassVar[bool] = True

    lock_timeout: float = field(default=60.0, validator=number("seconds", 0))
    _storage: Storage = field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        from dao_files._local.memory import MemoryStorage

        self._storage = MemoryStorage(self.lock_timeout)

    @property
    def storage(self) -> Storage:
        """The files."""
        return self._storage
