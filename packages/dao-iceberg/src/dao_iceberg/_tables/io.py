"""The objects of a store as the files that pyiceberg reads and writes: metadata, manifest lists and manifests.

So all requests are the transport's: its credentials, conditions, errors and faults are those of all stores, and
pyiceberg is given no secret of theirs. pyiceberg makes a FileIO from texts alone, of which tables and catalog services
give some; what it makes here is of the transport that the catalog was made with, whatever they say.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from uuid import uuid4
from weakref import WeakValueDictionary

from attrs import define, field
from pyiceberg.io import FileIO, InputFile, OutputFile

from dao.errors import ConflictError, NotFoundError, UnsupportedError
from dao_files.lake import FolderTransport
from dao_files.manifest import Transport

__all__ = ["Locations", "TransportIO"]

_SAME = {"s3a": "s3", "s3n": "s3", "abfs": "az", "abfss": "az"}
"""The schemes of one kind of store."""


@define(eq=False, slots=False, weakref_slot=True)
class Locations:
    """Where the objects of a store are, as Iceberg's metadata says it: texts that nothing encodes.

    Attributes:
        transport: the store's objects.
        moved: the folders of the store in which files are now, by where metadata says that they are.
        token: what stands for this record in texts.
    """

    transport: Transport
    moved: Mapping[str, str] = field(factory=dict, kw_only=True)
    token: str = field(factory=lambda: uuid4().hex, init=False)
    _folders: list[tuple[str, str]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        folders = [(f"{_plain(place)}/", f"{folder}/" if folder else "") for place, folder in self.moved.items()]
        self._folders = sorted(folders, key=lambda one: -len(one[0]))
        _known[self.token] = self

    @property
    def base(self) -> str:
        """The location of the store's root."""
        if isinstance(self.transport, FolderTransport):
            return f"file://{self.transport.root}"
        return self.transport.uri.rstrip("/")

    def of(self, key: str) -> str:
        """The location of an object or folder."""
        return f"{self.base}/{key}"

    def is_moved(self, location: str) -> bool:
        """Whether what metadata has at a location is elsewhere now."""
        return any(f"{_plain(location)}/".startswith(start) for start, _ in self._folders)

    def key_of(self, location: str) -> str:
        """The key of what is at a location.

        Raises:
            UnsupportedError: it is outside of the store.
        """
        place = _plain(location, end=location[-1:] == "/")
        for start, folder in (*self._folders, (f"{_plain(self.base)}/", "")):
            if place.startswith(start):
                key = place[len(start) :].lstrip("/")
                if ".." not in key.split("/"):
                    return f"{folder}{key}"
        raise UnsupportedError(
            f"the file {location!r}, which the table names, is outside of the store at {self.base!r}; if it was moved "
            "there, the store's option 'moved' says from where"
        )


def _plain(location: str, *, end: bool = False) -> str:
    """A location in the one spelling of those that mean the same, with a slash at its end or without."""
    scheme, separator, rest = location.partition(":")
    if not separator or "/" in scheme:
        scheme, rest = "file", location
    if scheme == "file":
        rest = f"/{rest.lstrip('/')}"
    return f"{_SAME.get(scheme, scheme)}:{rest.rstrip('/')}{'/' if end else ''}"


_known: WeakValueDictionary[str, Locations] = WeakValueDictionary()


class TransportIO(FileIO):  # type: ignore[misc]  # mypy skips pyiceberg
    """See :class:`pyiceberg.io.FileIO`.

    Args:
        properties: ``dao.locations`` has the token of a :class:`Locations`.
    """

    def __init__(self, properties: Any) -> None:
        super().__init__({})
        self.locations = _known[properties["dao.locations"]]

    def new_input(self, location: str) -> _Input:
        return _Input(location, self.locations)

    def new_output(self, location: str) -> _Output:
        return _Output(location, self.locations)

    def delete(self, location: Any) -> None:
        text = location if isinstance(location, str) else location.location
        self.locations.transport.delete([self.locations.key_of(text)])


class _Input(InputFile):  # type: ignore[misc]  # the same
    """An object that is read whole: what pyiceberg reads is small."""

    def __init__(self, location: str, locations: Locations) -> None:
        super().__init__(location)
        self._transport, self._key = locations.transport, locations.key_of(location)

    def __len__(self) -> int:
        return self._transport.head(self._key).size

    def exists(self) -> bool:
        try:
            self._transport.head(self._key)
        except NotFoundError:
            return False
        return True

    def open(self, seekable: bool = True) -> BytesIO:
        data = self._transport.get(self._key)
        # The older of the two names that Java gives compressed metadata; pyiceberg knows the newer one.
        return BytesIO(gzip.decompress(data) if self.location.endswith(".metadata.json.gz") else data)


class _Output(OutputFile):  # type: ignore[misc]  # the same
    """An object that is put whole, in one request."""

    def __init__(self, location: str, locations: Locations) -> None:
        super().__init__(location)
        self._locations, self._key = locations, locations.key_of(location)
        self._size: int | None = None

    def __len__(self) -> int:
        return self._locations.transport.head(self._key).size if self._size is None else self._size

    def exists(self) -> bool:
        return self.to_input_file().exists()

    def to_input_file(self) -> _Input:
        return _Input(self.location, self._locations)

    def create(self, overwrite: bool = False) -> _Buffer:
        return _Buffer(self, overwrite)

    def put(self, data: memoryview, overwrite: bool) -> None:
        self._size = len(data)
        try:
            self._locations.transport.put(self._key, data, if_absent=not overwrite)
        except ConflictError as error:
            if not self._has(data):
                raise FileExistsError(f"{self.location} is there") from error

    def _has(self, data: memoryview) -> bool:
        """Whether the object is what was put: an answer was lost, and the request was sent again."""
        try:
            return memoryview(self._locations.transport.get(self._key)) == data
        except NotFoundError:
            return False


class _Buffer(BytesIO):
    """What is written, until it is put; nothing after an error."""

    def __init__(self, output: _Output, overwrite: bool) -> None:
        super().__init__()
        self._output, self._overwrite = output, overwrite

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        if kind is None:
            self.close()
        else:
            super().close()

    def close(self) -> None:
        if not self.closed:
            data = bytes(self.getbuffer())
            super().close()
            self._output.put(memoryview(data), self._overwrite)
