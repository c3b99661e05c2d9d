"""Resolution of an object to its key in a storage, and the check of the kind of its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.errors import DataError, UnsupportedError
from dao.file_formats import FORMATS
from dao.plugins import default_plugins
from dao_files._actions.log import LOG_NAME
from dao_files._storage.keys import check_key, key_of_path

if TYPE_CHECKING:
    from dao_files._storage.storage import Kind, Storage

__all__ = ["Place", "place_of", "refuse_log"]


@frozen
class Place:
    """A key and the expected kind of its content.

    Attributes:
        key: the key; empty for the root, which is read-only.
        wanted: a file, a directory, or None for either.
        name: the object's name, for messages.
        whole: True for a directory of any files, False for a table.
    """

    key: str
    wanted: Kind | None
    name: str
    whole: bool = False

    def refuse(self, found: Kind | None) -> None:
        """Refuse a found kind that is not the expected one; None passes.

        Raises:
            DataError: the kinds differ; the message says which object class to use.
        """
        if found is None or self.wanted is None or found == self.wanted:
            return
        if found == "directory":
            raise DataError(
                f"{self.key!r} is a directory, not a file: use a TableObject or DirectoryObject for all of it"
            )
        raise DataError(f"{self.key!r} is a file, not a directory: use a FileObject for it, or path=")

    def refuse_bytes(self) -> None:
        """Raise a DataError for a table, which has the bytes of several files: ``path=`` reads one."""
        if self.wanted == "directory" and not self.whole:
            raise DataError(f"{self.name!r} is a table: path= says which of its files to read as bytes")


def place_of(storage: Storage, data_object: DataObject, path: str | None = None, *, writing: bool = False) -> Place:
    """Resolve an object or ``path=`` to its place, without accessing the store.

    Args:
        storage: the storage.
        data_object: the object.
        path: a path relative to the store's root, or a URI, of one file that replaces the object.
        writing: True if the object will be changed: the root and a table's log are refused then.

    Raises:
        DataError: the key or the path would leave the store, or change a table's log.
        UnsupportedError: the object is a table that is more than the files below its key.
    """
    name = data_object.full_name
    key = data_object.key if path is None else key_of_path(path, storage)
    if path is None and (key or writing):
        check_key(key)
    if writing:
        refuse_log(key)
    if path is not None:
        return Place(key, "file", name)
    _refuse_other_tables(data_object)
    wanted: Kind | None = None
    if isinstance(data_object, FileObject):
        wanted = "file"
    elif isinstance(data_object, DirectoryObject):
        wanted = "directory"
    whole = isinstance(data_object, DirectoryObject) and not isinstance(data_object, TableObject)
    return Place(key, wanted, name, whole)


def _refuse_other_tables(data_object: DataObject) -> None:
    found = data_object.table_format or _table_format(data_object.get("format"))
    if found:
        raise UnsupportedError(
            f"{data_object.full_name!r} is a table of the format {found!r}, which is more than files: the interface "
            f"{found!r} is for it, as its store's 'interface' or below 'also'"
        )


def _table_format(given: Any) -> str:
    """The name of a format of tables, and none of files, that a plugin brings; else empty."""
    if not isinstance(given, str) or given in FORMATS:
        return ""
    return given if given in default_plugins().table_format_names else ""


def refuse_log(key: str) -> None:
    """Refuse to change a key that is, or is below, the name of a table's log; it may be read.

    Raises:
        DataError: a part of the key is the log's name.
    """
    if any(part.lower() == LOG_NAME for part in key.split("/")):  # some filesystems ignore case
        raise DataError(
            f"key {key!r} can't be changed: {LOG_NAME!r} is the log of a table, which the table's own actions write"
        )
