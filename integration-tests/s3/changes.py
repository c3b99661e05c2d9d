"""What is made to fail beside the kit's own changes: what a store of objects has and others don't."""

from __future__ import annotations

import io
from functools import partial
from typing import Any

from dao import DataAccessObject, NotFoundError
from dao.testing import Backend
from dao.testing._conformance.sweeps import CHANGES, Change

OLD, NEW = b"old" * 1000, b"new" * 2000
LARGE = bytes(range(256)) * (11 << 12)
"""11 MiB: more than one part of an upload, more than what is sent in one request."""


class Trickle(io.RawIOBase):
    """A source of bytes whose length nobody knows."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._content.readinto(buffer)


def write(content: bytes, dao: DataAccessObject, backend: Backend, name: str, **options: Any) -> object:
    return dao.write(content, backend.file(name), **options)


def stream(content: bytes, dao: DataAccessObject, backend: Backend, name: str, **options: Any) -> object:
    return dao.write_stream(io.BufferedReader(Trickle(content)), backend.file(name), **options)


def nothing(dao: DataAccessObject, backend: Backend, name: str) -> object:
    return None


def content_of(dao: DataAccessObject, backend: Backend, name: str) -> bytes | None:
    try:
        return dao.read(backend.file(name), into="bytes")
    except NotFoundError:
        return None


def seen(*names: str) -> Any:
    """Looks at the files of these names, `{}` being the change's own."""

    def look(dao: DataAccessObject, backend: Backend, name: str) -> tuple[bytes | None, ...]:
        return tuple(content_of(dao, backend, pattern.format(name)) for pattern in names)

    return look


def folder(dao: DataAccessObject, backend: Backend, name: str) -> None:
    for position in range(5):
        dao.write(OLD, backend.file(f"{name}/{position}.bin"))


_ONE, _TWO = seen("{}"), seen("{}", "{}_target")

FILE_CHANGES = (
    Change("create a file", (), nothing, partial(write, NEW), _ONE),
    Change("append to a file", (), partial(write, OLD), partial(write, NEW, mode="append"), _ONE),
    Change("create a large file", (), nothing, partial(stream, LARGE), _ONE),
    Change("overwrite a large file", (), partial(write, OLD), partial(stream, LARGE, mode="overwrite"), _ONE),
    Change("delete a file", (), partial(write, OLD), lambda dao, b, n: dao.delete(b.file(n)), _ONE),
    Change(
        "copy a file",
        (),
        partial(write, OLD),
        lambda dao, b, n: dao.copy(b.file(n), b.file(f"{n}_target")),
        _TWO,
    ),
    Change(
        "move a file",
        (),
        partial(write, OLD),
        lambda dao, b, n: dao.move(b.file(n), b.file(f"{n}_target")),
        _TWO,
        between=((OLD, OLD),),
    ),
    Change(
        "delete a folder",
        (),
        folder,
        lambda dao, b, n: dao.delete(b.directory(n)),
        seen(*(f"{{}}/{position}.bin" for position in range(5))),
    ),
)

ALL_CHANGES = tuple(change for change in CHANGES if change.name != "write a file") + FILE_CHANGES
