"""Conditional writes that recognise their own success, so that they can be retried.

A conditional write whose answer is lost is sent again by the driver, and then fails on itself: the object is there, as
it should be. So each one carries a mark of its own, in the metadata entry ``dao-write``. After an error the object
is looked at: with the mark it is ours, and the write has succeeded. An answer that says *conflict* though the condition
still holds (S3's 409 to requests that come at the same moment) is tried again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING
from uuid import uuid4

from attrs import evolve, frozen

from dao.errors import ConflictError, DaoError, NotFoundError, StoreError, TransientError
from dao.progress import retrying
from dao_files.manifest._transport import ObjectSettings, Stat, Transport, Writer

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["MARK", "Once", "OnceWriter", "copy_once", "pauses", "put_once", "without_mark"]

MARK = "dao-write"
"""The metadata entry that holds a write's own mark."""


def without_mark(metadata: Mapping[str, str]) -> dict[str, str]:
    """The user's own metadata: all but a write's mark."""
    return {name: value for name, value in metadata.items() if name != MARK}


_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)


def pauses() -> Iterator[float]:
    """Seconds to wait before each retry of a write that collided with another one."""
    return (random.uniform(pause / 2, pause) for pause in _PAUSES)


@frozen
class Once:
    """One conditional write.

    Attributes:
        if_absent: nothing may be there.
        if_match: the object that is there must have this ETag.
        mark: the write's own mark.
    """

    if_absent: bool = False
    if_match: str | None = None
    mark: str = ""

    @classmethod
    def of(cls, if_absent: bool, if_match: str | None) -> Once:
        """A write that has not been tried yet."""
        return cls(if_absent, if_match, uuid4().hex)

    def marked(self, settings: ObjectSettings | None) -> ObjectSettings:
        """The settings to write with."""
        settings = settings or ObjectSettings()
        return evolve(settings, metadata={**settings.metadata, MARK: self.mark})

    def judge(self, error: StoreError, found: Stat | None) -> Stat | None:
        """What a write that failed has come to.

        Args:
            error: how it failed: a ConflictError, a TransientError, or a NotFoundError where something should be.
            found: what is there now, None for nothing.

        Returns:
            The object, where the write has succeeded all the same; None where it should be tried again.

        Raises:
            ConflictError: the condition doesn't hold.
            StoreError: the given one: the outcome is unknown, or it has failed.
        """
        if found is not None and found.metadata.get(MARK) == self.mark:
            return found
        if isinstance(error, TransientError) or (self.if_match is None and isinstance(error, NotFoundError)):
            raise error  # it is unknown, or not even the bucket is there
        if self.if_absent and found is None:
            return None
        if self.if_match is not None and found is not None and found.etag == self.if_match:
            return None
        if isinstance(error, ConflictError):
            raise error
        raise ConflictError(f"what was there is gone: {error.message}") from error


def _look_up(transport: Transport, key: str, error: StoreError) -> Stat | None:
    """What is at a key after a failed write.

    Raises:
        StoreError: the given one, where that can't be seen.
    """
    try:
        return transport.head(key)
    except NotFoundError:
        return None
    except DaoError as blind:
        error.add_note(f"whether it was written all the same can't be seen: {blind}")
        raise error from blind


def put_once(
    transport: Transport,
    key: str,
    data: Buffer,
    *,
    if_absent: bool = False,
    if_match: str | None = None,
    settings: ObjectSettings | None = None,
) -> Stat:
    """Store an object in one request under a condition; see :meth:`dao_files.manifest.Transport.put`.

    Raises:
        ConflictError: the condition doesn't hold; nothing was written.
        TransientError: the store doesn't answer; the object may have been written.
    """
    once = Once.of(if_absent, if_match)
    waits = pauses()
    while True:
        try:
            return transport.put(key, data, if_absent=if_absent, if_match=if_match, settings=once.marked(settings))
        except (ConflictError, TransientError, NotFoundError) as error:
            done = once.judge(error, _look_up(transport, key, error))
            if done is not None:
                return done
            _pause_or_raise(waits, error)


def copy_once(transport: Transport, source: str, target: str, *, version: str | None = None) -> Stat:
    """Copy an object to where nothing is, on the server.

    Raises:
        NotFoundError: there is no source.
        ConflictError: something is at the target.
        TransientError: the store doesn't answer; the copy may have been made.
    """
    original = transport.head(source, version=version)
    once = Once.of(if_absent=True, if_match=None)
    settings = once.marked(ObjectSettings(metadata=original.metadata, content_type=original.facts.get("content_type")))
    waits = pauses()
    while True:
        try:
            return transport.copy(source, target, version=version, if_absent=True, settings=settings)
        except (ConflictError, TransientError) as error:
            done = once.judge(error, _look_up(transport, target, error))
            if done is not None:
                return done
            _pause_or_raise(waits, error)


def _pause_or_raise(waits: Iterator[float], error: StoreError) -> None:
    pause = next(waits, None)
    if pause is None:
        raise TransientError(f"the store keeps on answering that others write at the same moment: {error.message}")
    retrying(error, pause)
    time.sleep(pause)


class OnceWriter:
    """A conditional write in pieces; see :class:`dao_files.manifest.Writer`."""

    def __init__(
        self,
        transport: Transport,
        key: str,
        *,
        if_absent: bool = False,
        if_match: str | None = None,
        settings: ObjectSettings | None = None,
    ) -> None:
        self._transport = transport
        self._key = key
        self._once = Once.of(if_absent, if_match)
        self._writer: Writer = transport.writer(
            key, if_absent=if_absent, if_match=if_match, settings=self._once.marked(settings)
        )
        self._found: Stat | None = None

    @property
    def closed(self) -> bool:
        """Whether it is complete or given up."""
        return self._writer.closed

    @property
    def written(self) -> Stat:
        """See :attr:`dao_files.manifest.Writer.written`."""
        return self._found or self._writer.written

    def write(self, data: Buffer, /) -> int:
        """See :meth:`dao_files.manifest.Writer.write`."""
        return self._writer.write(data)

    def close(self) -> None:
        """See :meth:`dao_files.manifest.Writer.close`.

        Raises:
            ConflictError: the condition doesn't hold.
            TransientError: the store doesn't answer, or others wrote at the same moment and it must be sent again.
        """
        if self.closed:
            return
        try:
            self._writer.close()
        except (ConflictError, TransientError, NotFoundError) as error:
            self._found = self._once.judge(error, _look_up(self._transport, self._key, error))
            if self._found is None:
                raise TransientError(f"another write came at the same moment: {error.message}") from error

    def abort(self) -> None:
        """See :meth:`dao_files.manifest.Writer.abort`."""
        self._writer.abort()
