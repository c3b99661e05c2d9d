"""The requests of :mod:`dao_files.manifest`, made by obstore: its stores are asked, its errors are translated.

What it can't do on S3 is asked of the other driver (``beyond``): versions, open uploads, ACLs, large writes, streams,
copies with conditions, settings or more than 5 GiB, listings with keys that it can't name; and everything in
a forked process, see :mod:`dao_s3._obstore.client`. On other stores such a request is an UnsupportedError, or is done
another way.

**Checksums**: every write to S3 is sent with one and verified by the store. Reads are counted, and protected by TLS;
obstore doesn't compare them with a stored checksum.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from attrs import define, field

from dao.errors import DataError, StoreError, TransientError, UnsupportedError
from dao_files.manifest import (
    BufferedWriter,
    ObjectSettings,
    Spooled,
    Stat,
    Target,
    Transport,
    Upload,
    Writer,
    copy_through,
)
from dao_s3._obstore import copying, deleting, listing, reading, writing
from dao_s3._obstore.client import Client, has_lost_its_threads
from dao_s3._obstore.errors import translated
from dao_s3._obstore.keys import UnnameableError, check_key, is_nameable
from dao_s3._obstore.reading import Whole
from dao_s3._obstore.settings import with_defaults
from dao_s3._obstore.stats import stat_of_head
from dao_s3._obstore.writer import Streamed

if TYPE_CHECKING:
    from obstore import GetOptions
    from obstore.store import ObjectStore
    from typing_extensions import Buffer

__all__ = ["ObstoreTransport"]

_WITHOUT_VERSIONS = ("file", "memory", "http")
_SIGNING = ("s3", "gs", "az")
_SIGNED_BY_AZURE = re.compile(r"[A-Za-z0-9._~/+-]*")
_LONGEST_SIGNED = timedelta(days=7)


@define(slots=False, eq=False)
class ObstoreTransport:
    """See :class:`dao_files.manifest.Transport`.

    Attributes:
        client: which store.
        defaults: the default settings of stored objects.
        part_size: bytes of one part of a multipart upload, and what a writer holds.
        beyond: makes the transport that is asked for what obstore can't do; called once, when it is needed.
    """

    client: Client
    defaults: ObjectSettings = field(factory=ObjectSettings)
    part_size: int = 8 << 20
    beyond: Callable[[], Transport] | None = None
    _other: Transport | None = field(default=None, init=False, repr=False)

    @property
    def uri(self) -> str:
        """See :attr:`dao_files.manifest.Transport.uri`."""
        return self.client.location.uri

    @property
    def scheme(self) -> str:
        """See :attr:`dao_files.manifest.Transport.scheme`."""
        return self.client.location.scheme

    @property
    def _store(self) -> ObjectStore:
        return self.client.store

    def _key(self, key: str, version: str | None = None) -> str:
        if version is not None and self.scheme in _WITHOUT_VERSIONS:  # obstore would give what is there now
            raise UnsupportedError(f"version {version!r}: a {self.scheme}:// store keeps no older versions of a file")
        return check_key(key, self.client.location)

    def _elsewhere(self, *keys: str) -> Transport | None:
        """The other driver, where obstore can be asked for nothing any more, or has no name for one of the keys."""
        if self.beyond is None or (all(map(is_nameable, keys)) and not has_lost_its_threads()):
            return None
        return self.other()

    def other(self, what: str = "that") -> Transport:
        """The other driver.

        Raises:
            UnsupportedError: this kind of store has no other driver.
        """
        if self.beyond is None:
            raise UnsupportedError(f"obstore can't do {what} on {self.scheme}://; on S3 it is there, by interface: s3")
        if self._other is None:
            self._other = self.beyond()
        return self._other

    def describe(self, key: str) -> Stat:
        """As :meth:`head`, with all metadata that S3 returns: obstore passes on few."""
        return self.head(key) if self.beyond is None else self.other().head(key)

    def head(self, key: str, *, version: str | None = None) -> Stat:
        """See :meth:`dao_files.manifest.Transport.head`."""
        if (other := self._elsewhere(key)) is not None:
            return other.head(key, version=version)
        import obstore

        options: GetOptions = {"head": True} if version is None else {"head": True, "version": version}
        try:
            with translated(self.client.location, key):
                found = obstore.get(self._store, self._key(key, version), options=options)
                return stat_of_head(key, found.meta, found.attributes)
        except StoreError as error:
            if reading.has_no_reason(error):
                self.get(key, length=1, version=version)  # this answer has a body, which says why
            raise

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
        if (other := self._elsewhere(key)) is not None:
            return other.get(key, start=start, length=length, etag=etag, version=version)
        return reading.get(
            self._store,
            self._key(key, version),
            self.client.location,
            start=start,
            length=length,
            etag=etag,
            version=version,
        )

    def verified(self, key: str, *, etag: str | None, version: str | None) -> Whole | None:
        """A whole object with the verdict of its ETag; None where that is no MD5 or the object is large.

        Raises:
            DaoError: as :meth:`get`.
        """
        if self._elsewhere(key) is not None:
            return None
        return reading.verified(self._store, self._key(key), self.client.location, etag=etag, version=version)

    def chunks(
        self, key: str, *, start: int = 0, etag: str | None = None, version: str | None = None
    ) -> Iterator[Buffer]:
        """See :meth:`dao_files.manifest.Transport.chunks`."""
        if self.beyond is not None:  # it compares checksums, and is no slower
            return self.other().chunks(key, start=start, etag=etag, version=version)
        return reading.chunks(
            self._store, self._key(key, version), self.client.location, start=start, etag=etag, version=version
        )

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
        full = with_defaults(settings, self.defaults)
        other = self._elsewhere(key) or (self.other("acl") if full.acl is not None and self.beyond else None)
        if other is not None:
            return other.put(key, data, if_absent=if_absent, if_match=if_match, settings=full)
        return writing.put(
            self._store,
            self._key(key),
            data,
            self.client.location,
            if_absent=if_absent,
            if_match=if_match,
            settings=full,
        )

    def writer(
        self,
        key: str,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> Writer:
        """See :meth:`dao_files.manifest.Transport.writer`."""
        full = with_defaults(settings, self.defaults)
        if (other := self._elsewhere(key)) is not None:
            return other.writer(key, if_absent=if_absent, if_match=if_match, settings=full)
        self._key(key)
        conditions: dict[str, Any] = {"if_absent": if_absent, "if_match": if_match}
        put = partial(self._put_buffer, key, settings=full, **conditions)
        return BufferedWriter(key, self.part_size, put, lambda: self._overflow(key, full, conditions))

    def _put_buffer(self, key: str, data: Buffer, **how: Any) -> Stat:
        return self.put(key, data, **how)

    def _overflow(self, key: str, settings: ObjectSettings, conditions: dict[str, Any]) -> Target:
        conditional = conditions["if_absent"] or conditions["if_match"] is not None
        if self.beyond is not None:
            # obstore completes no upload on a condition, and leaves one open whose beginning was answered in vain.
            return self.other().writer(key, settings=settings, **conditions)
        if conditional or self.scheme == "file" or has_lost_its_threads():
            return Spooled(key, partial(self._put_buffer, key, settings=settings, **conditions))
        return Streamed(key, self.part_size, lambda pieces: self._stream(key, pieces, settings))

    def _stream(self, key: str, pieces: Iterator[Buffer], settings: ObjectSettings) -> Stat:
        return writing.stream(self._store, self._key(key), pieces, self.client.location, settings, self.part_size)

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[Stat]:
        """See :meth:`dao_files.manifest.Transport.list`."""
        last = after
        other = self._elsewhere()
        if other is None:
            try:
                for stat in listing.objects(self._store, prefix, after, self.client.location):
                    last = stat.key
                    yield stat
                return
            except (UnnameableError, TransientError):
                # A key, or the prefix; or an answer that broke off, which obstore doesn't ask for again.
                if self.beyond is None:
                    raise
                other = self.other()
        yield from other.list(prefix, after=last)

    def folders(self, prefix: str) -> tuple[Sequence[str], Sequence[Stat]]:
        """See :meth:`dao_files.manifest.Transport.folders`."""
        other = self._elsewhere()
        if other is None:
            try:
                return listing.folders(self._store, prefix, self.client.location)
            except (UnnameableError, TransientError):
                if self.beyond is None:
                    raise
                other = self.other()
        return other.folders(prefix)

    def delete(self, keys: Iterable[str]) -> None:
        """See :meth:`dao_files.manifest.Transport.delete`."""
        wanted = list(keys)
        strange: set[str] = set()
        try:
            deleting.delete(self.client, self._nameable(wanted, strange))
        except TransientError:
            if self.beyond is None:
                raise
            # obstore sends a batch once; the other driver sends it again, and what is gone already is no error.
            self.other("delete again").delete(wanted)
            return
        if strange:
            self.other("name all of these keys").delete(strange)

    def _nameable(self, keys: Iterable[str], strange: set[str]) -> Iterator[str]:
        """The keys that obstore can delete here; the others are collected."""
        for key in keys:
            if self._elsewhere(key) is None:
                yield self._key(key)
            else:
                strange.add(key)

    def copy(
        self,
        source: str,
        target: str,
        *,
        version: str | None = None,
        if_absent: bool = False,
        settings: ObjectSettings | None = None,
    ) -> Stat:
        """See :meth:`dao_files.manifest.Transport.copy`."""
        plain = version is None and settings is None and self.defaults.storage_class is None
        other = self._elsewhere(source, target)
        if other is None and self.beyond is not None and (if_absent or not plain or self._is_too_large(source)):
            other = self.other()
        if other is not None:
            return other.copy(source, target, version=version, if_absent=if_absent, settings=settings)
        self._key(source), self._key(target)
        if plain and self.scheme != "http":
            copying.copy(self._store, source, target, self.client.location, if_absent)
            return self.head(target)
        return copy_through(self, source, target, version=version, if_absent=if_absent, settings=settings)

    def _is_too_large(self, source: str) -> bool:
        return self.head(source).size > copying.LARGEST_ON_S3

    def versions(self, key: str) -> Sequence[Stat]:
        """See :meth:`dao_files.manifest.Transport.versions`."""
        if self.scheme in _WITHOUT_VERSIONS:
            return [self.head(key)]
        return self.other("list versions").versions(key)

    def open_uploads(self, prefix: str = "") -> Sequence[Upload]:
        """See :meth:`dao_files.manifest.Transport.open_uploads`."""
        if self.scheme in _WITHOUT_VERSIONS:
            return []
        return self.other("list open uploads").open_uploads(prefix)

    def abort_upload(self, upload: Upload) -> None:
        """See :meth:`dao_files.manifest.Transport.abort_upload`."""
        self.other("abort uploads").abort_upload(upload)

    def presign(self, key: str, *, method: str, expires: timedelta, version: str | None = None) -> str:
        """See :meth:`dao_files.manifest.Transport.presign`."""
        if self.scheme not in _SIGNING:
            raise UnsupportedError(f"a {self.scheme}:// store has no signed URLs")
        if method not in ("GET", "PUT"):
            raise DataError(f"method: found {method!r}, expected 'GET' or 'PUT'")
        if not timedelta(seconds=1) <= expires <= _LONGEST_SIGNED:
            raise DataError(f"expires: found {expires}, expected a second to 7 days")
        other = self._elsewhere(key) or (self.other("sign a version's URL") if version is not None else None)
        if other is not None:
            return other.presign(key, method=method, expires=expires, version=version)
        import obstore

        if self.scheme == "az" and not _SIGNED_BY_AZURE.fullmatch(f"{self.client.location.prefix}/{key}"):
            raise UnsupportedError(f"obstore makes wrong signatures for Azure of such keys as {key!r}: found at 0.12.1")
        with translated(self.client.location, key):
            return obstore.sign(cast(Any, self._store), cast(Any, method), self._key(key), expires)

    def close(self) -> None:
        """See :meth:`dao_files.manifest.Transport.close`."""
        self.client.close()
        if self._other is not None:
            self._other.close()

    def __getstate__(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("client", "defaults", "part_size", "beyond")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]
