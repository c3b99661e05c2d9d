"""The transport of the interface ``s3``: obstore for frequent requests, boto3 for all others.

obstore reads, writes, heads, lists and deletes: a request takes a tenth of boto3's CPU time. boto3 streams, uploads in
parts, copies, lists versions and open uploads, and signs URLs, see :mod:`dao_s3._obstore.transport`. It also takes over

* whole objects that can't be verified by their ETag,
* writes with a checksum that obstore can't compute,
* requests for all metadata of an object,
* every request, once the store has answered that the bucket is in another region: boto3 finds the region.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define, field

from dao.errors import StoreError
from dao_files.manifest import ObjectSettings, Stat, Transport, Upload, Writer
from dao_s3._errors import names_another_region
from dao_s3._obstore.client import Client
from dao_s3._obstore.config import CHECKSUMS
from dao_s3._obstore.location import Location
from dao_s3._obstore.transport import ObstoreTransport
from dao_s3._options import S3Options

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["CombinedTransport", "boto3_transport", "combine"]

T = TypeVar("T")


def boto3_transport(options: S3Options) -> Transport:
    """Import boto3 and create the transport on it."""
    from dao_s3._boto3.transport import Boto3Transport

    return Boto3Transport(options)


def combine(options: S3Options) -> Transport:
    """A transport that honours all options."""
    if options.bucket.startswith("arn:") or options.retry.mode != "standard":
        return boto3_transport(options)  # access points and adaptive retries are unknown to obstore
    defaults = ObjectSettings(
        metadata=options.metadata, tags=options.tags, storage_class=options.storage_class, acl=options.acl
    )
    client = Client(Location("s3", options.bucket, options.prefix), options)
    kms = options.encryption is not None and options.encryption.sse.startswith("aws:kms")
    return CombinedTransport(
        ObstoreTransport(client, defaults, options.part_size, partial(boto3_transport, options)),
        writes=options.checksum in CHECKSUMS,
        md5=not kms,
    )


@define(slots=False, eq=False)
class CombinedTransport:
    """See :class:`dao_files.manifest.Transport`. Whole objects are verified by their ETag if it is an MD5, else by
    boto3.

    Attributes:
        fast: sends the frequent requests, and creates the transport for the others.
        writes: whether it can compute the configured checksum for writes.
        md5: whether ETags may be MD5s; with SSE-KMS they only look like MD5s. Set to false at the first mismatch.
    """

    fast: ObstoreTransport
    writes: bool = True
    md5: bool = True
    _elsewhere: bool = field(default=False, init=False, repr=False)

    @property
    def uri(self) -> str:
        """See :attr:`dao_files.manifest.Transport.uri`."""
        return self.fast.uri

    @property
    def scheme(self) -> str:
        """See :attr:`dao_files.manifest.Transport.scheme`."""
        return self.fast.scheme

    @property
    def slow(self) -> Transport:
        """The transport on boto3."""
        return self.fast.other()

    def _asked(self, request: Callable[[Transport], T]) -> T:
        """Send a request by obstore, or by boto3 if the bucket is in another region than configured."""
        if not self._elsewhere:
            try:
                return request(self.fast)
            except StoreError as error:
                if not names_another_region(error):
                    raise
                self._elsewhere = True
        return request(self.slow)

    def describe(self, key: str) -> Stat:
        """See :meth:`dao_s3._obstore.transport.ObstoreTransport.describe`."""
        return self.fast.describe(key)

    def head(self, key: str, *, version: str | None = None) -> Stat:
        """See :meth:`dao_files.manifest.Transport.head`."""
        return self._asked(lambda transport: transport.head(key, version=version))

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
        if start or length is not None:  # parts have no checksum with either driver
            return self._asked(
                lambda transport: transport.get(key, start=start, length=length, etag=etag, version=version)
            )
        if not self.md5 or self._elsewhere:
            return self.slow.get(key, etag=etag, version=version)
        return self._asked(partial(self._whole, key, etag, version))

    def _whole(self, key: str, etag: str | None, version: str | None, transport: Transport) -> Buffer:
        found = self.fast.verified(key, etag=etag, version=version) if transport is self.fast else None
        if found is not None and found.verified:
            return found.content
        again = self.slow.get(key, etag=etag, version=version)
        if found is not None and bytes(again) == bytes(found.content):
            self.md5 = False  # two downloads agree: this ETag isn't an MD5, so others aren't either
        return again

    def chunks(
        self, key: str, *, start: int = 0, etag: str | None = None, version: str | None = None
    ) -> Iterator[Buffer]:
        """See :meth:`dao_files.manifest.Transport.chunks`."""
        return self.slow.chunks(key, start=start, etag=etag, version=version)

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
        how: dict[str, Any] = {"if_absent": if_absent, "if_match": if_match, "settings": settings}
        if not self.writes:
            return self.slow.put(key, data, **how)
        return self._asked(lambda transport: transport.put(key, data, **how))

    def writer(
        self,
        key: str,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> Writer:
        """See :meth:`dao_files.manifest.Transport.writer`."""
        transport = self.fast if self.writes and not self._elsewhere else self.slow
        return transport.writer(key, if_absent=if_absent, if_match=if_match, settings=settings)

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[Stat]:
        """See :meth:`dao_files.manifest.Transport.list`."""
        yield from self._asked(lambda transport: _begin(transport.list(prefix, after=after)))

    def folders(self, prefix: str) -> tuple[Sequence[str], Sequence[Stat]]:
        """See :meth:`dao_files.manifest.Transport.folders`."""
        return self._asked(lambda transport: transport.folders(prefix))

    def delete(self, keys: Iterable[str]) -> None:
        """See :meth:`dao_files.manifest.Transport.delete`."""
        wanted = list(keys)
        self._asked(lambda transport: transport.delete(wanted))

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
        return self.slow.copy(source, target, version=version, if_absent=if_absent, settings=settings)

    def versions(self, key: str) -> Sequence[Stat]:
        """See :meth:`dao_files.manifest.Transport.versions`."""
        return self.slow.versions(key)

    def open_uploads(self, prefix: str = "") -> Sequence[Upload]:
        """See :meth:`dao_files.manifest.Transport.open_uploads`."""
        return self.slow.open_uploads(prefix)

    def abort_upload(self, upload: Upload) -> None:
        """See :meth:`dao_files.manifest.Transport.abort_upload`."""
        self.slow.abort_upload(upload)

    def presign(self, key: str, *, method: str, expires: timedelta, version: str | None = None) -> str:
        """See :meth:`dao_files.manifest.Transport.presign`."""
        return self.slow.presign(key, method=method, expires=expires, version=version)

    def close(self) -> None:
        """See :meth:`dao_files.manifest.Transport.close`."""
        self.fast.close()

    def __getstate__(self) -> dict[str, Any]:
        return {"fast": self.fast, "writes": self.writes, "md5": self.md5}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(**state)  # type: ignore[misc]


def _begin(stats: Iterator[Stat]) -> Iterator[Stat]:
    """A listing with its first page already requested."""
    first = next(stats, None)
    return stats if first is None else chain((first,), stats)
