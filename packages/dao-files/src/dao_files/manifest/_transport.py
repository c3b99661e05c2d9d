"""The protocol of requests to an object store, independent of the driver.

A transport knows keys, bytes and conditions, and nothing of tables. What is built on one (:mod:`dao_files.manifest`,
:class:`dao_files.manifest.Once`) is the same for all.

**Keys** are relative to the store's root (its bucket and prefix), exact, and never normalised.
**Errors** are DAO's: :class:`~dao.errors.NotFoundError` (no such key, version or bucket),
:class:`~dao.errors.PermissionDeniedError` (403, expired token, clock skew; the message tells them apart),
:class:`~dao.errors.ConflictError` (a condition did not hold: 412, 409), :class:`~dao.errors.TransientError` (throttled,
timed out, connection broken, 5xx: retries are exhausted, and **a write may have been done**),
:class:`~dao.errors.StoreError` (all else). No driver's error leaves a transport, no message holds a secret.
**Retries** are the driver's own. A body that is cut is asked for again from where it broke; fewer bytes than promised
are never given.
A transport is safe between threads, survives a fork, and can be pickled (without connections and secrets).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from attrs import field, frozen

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["ObjectSettings", "Stat", "Transport", "Upload", "Writer"]


@frozen
class Stat:
    """The metadata of one object.

    Attributes:
        key: where it is.
        size: bytes.
        etag: the store's mark of its content, without quotation marks, as conditions take it.
        modified: when it was written, in UTC; None where the answer doesn't say (a put's).
        version: the version's id, where the bucket keeps versions.
        metadata: the user's own metadata; only :meth:`Transport.head` knows it.
        facts: what else :meth:`Transport.head` tells: ``content_type``, ``storage_class``, ``encryption``,
            ``kms_key``, ``checksum``..., as far as the store says.
    """

    key: str
    size: int
    etag: str | None = None
    modified: datetime | None = None
    version: str | None = None
    metadata: Mapping[str, str] = field(factory=dict)
    facts: Mapping[str, str] = field(factory=dict)


@frozen(kw_only=True)
class ObjectSettings:
    """How an object is to be stored; None leaves it to the store's configuration.

    Attributes:
        metadata: the user's own metadata: lower-case names, texts.
        tags: tags by name.
        content_type: the MIME type.
        storage_class: such as ``STANDARD_IA``.
        acl: a canned ACL, such as ``bucket-owner-full-control``.
    """

    metadata: Mapping[str, str] = field(factory=dict)
    tags: Mapping[str, str] = field(factory=dict)
    content_type: str | None = None
    storage_class: str | None = None
    acl: str | None = None


class Writer(Protocol):
    """One object that is being written in pieces: a file object that can only be written to.

    Small contents are one request, larger ones a multipart upload whose parts are sent meanwhile, in bounded memory.
    Nothing is visible before :meth:`close`. Whatever fails, no multipart upload is left open.
    """

    @property
    def closed(self) -> bool:
        """Whether it is complete or given up."""

    def write(self, data: Buffer, /) -> int:
        """Add bytes."""

    def close(self) -> None:
        """Complete the object; afterwards :attr:`written` tells what it is. A second call does nothing.

        Raises:
            ConflictError: the condition did not hold.
            TransientError: retries are exhausted; the object may be complete.
        """

    def abort(self) -> None:
        """Give up: nothing becomes visible and no upload stays open. After :meth:`close` it does nothing."""

    @property
    def written(self) -> Stat:
        """Size, ETag and version of the complete object."""


@frozen
class Upload:
    """A multipart upload that is open.

    Attributes:
        key: of the object to be.
        id: the upload's id.
        begun: when it was begun, in UTC.
    """

    key: str
    id: str
    begun: datetime | None = None


class Transport(Protocol):
    """See the module's docstring for what holds for every request."""

    @property
    def uri(self) -> str:
        """The root's URI without a ``/`` at its end, such as ``s3://bucket/prefix``."""

    @property
    def scheme(self) -> str:
        """Of which kind the store is: ``s3``, ``gs``, ``az``, ``file``, ``memory``, ``http``."""

    def head(self, key: str, *, version: str | None = None) -> Stat:
        """Everything about one object but its content."""

    def get(
        self,
        key: str,
        *,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
        version: str | None = None,
    ) -> Buffer:
        """A whole object or a part of it, in memory; its checksum is verified where the store has one of the whole.

        Args:
            key: the object.
            start: the first byte. At or past the end there are none: an empty buffer, no error.
            length: bytes at most.
            etag: it must still be this one; else ConflictError.
            version: this version of it.
        """

    def chunks(
        self, key: str, *, start: int = 0, etag: str | None = None, version: str | None = None
    ) -> Iterator[Buffer]:
        """The content piece by piece, in bounded memory, from one answer where that goes; the first piece is fetched
        before this returns, so that what is missing is missed at once.
        """

    def put(
        self,
        key: str,
        data: Buffer,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> Stat:
        """Store an object in one request, with a checksum.

        Args:
            key: where.
            data: the content.
            if_absent: only if nothing is there (``If-None-Match: *``).
            if_match: only if the object there has this ETag.
            settings: how to store it.
        """

    def writer(
        self,
        key: str,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> Writer:
        """Begin an object of unknown length. The conditions hold at :meth:`Writer.close`, atomically."""

    def list(self, prefix: str, *, after: str | None = None) -> Iterator[Stat]:
        """All objects whose keys begin with ``prefix``, in the order of their keys' UTF-8 bytes, page by page.

        Args:
            prefix: the beginning of the keys, exact: ``"a/"`` finds ``a/b``, not ``ab``. Empty for all.
            after: only keys behind this one.
        """

    def folders(self, prefix: str) -> tuple[Sequence[str], Sequence[Stat]]:
        """What is directly below ``prefix`` (delimiter ``/``): folders, each with a ``/`` at its end, and objects."""

    def delete(self, keys: Iterable[str]) -> None:
        """Delete objects, in batches of up to 1,000; what isn't there is no error.

        Raises:
            StoreError: some could not be deleted; the message says how many and why, and names one.
        """

    def copy(
        self,
        source: str,
        target: str,
        *,
        version: str | None = None,
        if_absent: bool = False,
        settings: ObjectSettings | None = None,
    ) -> Stat:
        """Copy inside the store, on the server, of any size, with metadata and tags; ``settings`` replaces them.

        ``if_absent`` must hold atomically also on stores that ignore conditions of a plain copy, as MinIO does: a copy
        by parts is completed under the condition.
        """

    def versions(self, key: str) -> Sequence[Stat]:
        """The versions of one object, newest first; a store that keeps none gives the one that is there.

        Raises:
            UnsupportedError: this driver can't ask for them.
        """

    def open_uploads(self, prefix: str = "") -> Sequence[Upload]:
        """Multipart uploads that are open.

        Raises:
            UnsupportedError: this driver can't ask for them.
        """

    def abort_upload(self, upload: Upload) -> None:
        """Give up an open multipart upload."""

    def presign(self, key: str, *, method: str, expires: timedelta, version: str | None = None) -> str:
        """A URL that allows to ``GET`` or ``PUT`` one object until it expires. It is a secret: never log it.

        Raises:
            UnsupportedError: this kind of store has none.
        """

    def close(self) -> None:
        """Close all connections. The transport may be used again."""
