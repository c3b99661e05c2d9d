"""A base class for short transports: derives the other requests."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from attrs import evolve

from dao.errors import NotFoundError, UnsupportedError
from dao_files.manifest._once import without_mark
from dao_files.manifest._transport import ObjectSettings, Stat, Transport, Upload, Writer
from dao_files.manifest._writer import BufferedWriter, Spooled

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["BaseTransport", "copy_through"]


class BaseTransport(ABC):
    """A :class:`~dao_files.manifest.Transport` that is short to write: :attr:`uri`, :meth:`list`, :meth:`get`,
    :meth:`put` and :meth:`delete`. The other requests are made of them; replace those for which the store has
    something faster.

    What they must do is said by the protocol. ``dao_files.testing.TransportSuite`` holds a transport to it.

    A store without versions calls :meth:`refuse_version` in ``get``, one without metadata :meth:`refuse_settings` in
    ``put``, so that no argument is ignored.

    Attributes:
        uri: the root's URI without a ``/`` at its end; give it.
        part_size: bytes that are held in memory by a writer before they go to a temporary file, and that are asked for
            at once by :meth:`chunks`.
    """

    uri: str
    part_size: int = 8 << 20

    @abstractmethod
    def list(self, prefix: str, *, after: str | None = None) -> Iterator[Stat]:
        """See :meth:`dao_files.manifest.Transport.list`."""

    @abstractmethod
    def get(
        self,
        key: str,
        *,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
        version: str | None = None,
    ) -> Buffer:
        """See :meth:`dao_files.manifest.Transport.get`."""

    @abstractmethod
    def put(
        self,
        key: str,
        data: Buffer,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> Stat:
        """See :meth:`dao_files.manifest.Transport.put`."""

    @abstractmethod
    def delete(self, keys: Iterable[str]) -> None:
        """See :meth:`dao_files.manifest.Transport.delete`."""

    @property
    def scheme(self) -> str:
        """The URI's scheme."""
        return self.uri.partition("://")[0]

    def head(self, key: str, *, version: str | None = None) -> Stat:
        """The first entry of a listing that begins with the key."""
        self.refuse_version(version)
        stat = next(iter(self.list(key)), None)
        if stat is None or stat.key != key:
            raise NotFoundError(f"{key!r} is not there")
        return stat

    def chunks(
        self, key: str, *, start: int = 0, etag: str | None = None, version: str | None = None
    ) -> Iterator[Buffer]:
        """One request for every :attr:`part_size` bytes, all on the condition that the object is the same."""
        stat = self.head(key, version=version)
        pinned = stat.etag if etag is None else etag
        ask = partial(self.get, key, length=self.part_size, etag=pinned, version=version)
        first = ask(start=start)

        def pieces() -> Iterator[Buffer]:
            yield first
            for at in range(start + self.part_size, stat.size, self.part_size):
                yield ask(start=at)

        return pieces()

    def writer(
        self,
        key: str,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> Writer:
        """One ``put`` when it is closed, of what was collected in memory or in a temporary file."""

        def put(data: Buffer) -> Stat:
            return self.put(key, data, if_absent=if_absent, if_match=if_match, settings=settings)

        return BufferedWriter(key, self.part_size, put, lambda: Spooled(key, put))

    def folders(self, prefix: str) -> tuple[Sequence[str], Sequence[Stat]]:
        """Found among everything below the prefix."""
        folders: dict[str, None] = {}
        objects = []
        for stat in self.list(prefix):
            name, slash, _ = stat.key[len(prefix) :].partition("/")
            if slash:
                folders[f"{prefix}{name}/"] = None
            else:
                objects.append(stat)
        return tuple(folders), objects

    def copy(
        self,
        source: str,
        target: str,
        *,
        version: str | None = None,
        if_absent: bool = False,
        settings: ObjectSettings | None = None,
    ) -> Stat:
        """Through this process, in bounded memory."""
        return copy_through(self, source, target, version=version, if_absent=if_absent, settings=settings)

    def versions(self, key: str) -> Sequence[Stat]:
        """The one that is there."""
        return [self.head(key)]

    def open_uploads(self, prefix: str = "") -> Sequence[Upload]:
        """None: an aborted writer has left nothing in the store."""
        return []

    def abort_upload(self, upload: Upload) -> None:
        """See :meth:`open_uploads`."""
        raise NotFoundError(f"there is no open upload of {upload.key!r}")

    def presign(self, key: str, *, method: str, expires: timedelta, version: str | None = None) -> str:
        """Refused."""
        raise UnsupportedError(f"a {self.scheme}:// store has no signed URLs")

    def close(self) -> None:  # noqa: B027 - most have nothing to release
        """Nothing is held."""

    @staticmethod
    def refuse_version(version: str | None) -> None:
        """For stores that keep no versions.

        Raises:
            UnsupportedError: one is asked for.
        """
        if version is not None:
            raise UnsupportedError(f"version {version!r}: this store keeps no older versions of a file")

    @staticmethod
    def refuse_settings(settings: ObjectSettings | None) -> None:
        """For stores that keep contents alone. A write's own mark may be dropped: it only helps to recognise a write
        whose answer was lost.

        Raises:
            UnsupportedError: something is to be kept beside the content.
        """
        asked = settings or ObjectSettings()
        if evolve(asked, metadata=without_mark(asked.metadata)) != ObjectSettings():
            raise UnsupportedError("this store keeps contents alone: no metadata, tags, types or classes of storage")


def copy_through(
    transport: Transport,
    source: str,
    target: str,
    *,
    version: str | None,
    if_absent: bool,
    settings: ObjectSettings | None,
) -> Stat:
    """Copy by reading and writing, for what the store's own copy can't; see :meth:`Transport.copy`."""
    found = transport.head(source, version=version)
    if settings is None:
        settings = ObjectSettings(metadata=without_mark(found.metadata))
    if settings.content_type is None:
        settings = evolve(settings, content_type=found.facts.get("content_type"))
    writer = transport.writer(target, if_absent=if_absent, settings=settings)
    try:
        for chunk in transport.chunks(source, etag=found.etag, version=version):
            writer.write(chunk)
    except BaseException:
        writer.abort()
        raise
    writer.close()
    return writer.written
