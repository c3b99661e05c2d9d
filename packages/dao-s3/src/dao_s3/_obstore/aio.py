"""The requests for single objects, awaited: obstore's own asynchronous ones, no threads of Python's.

The same arguments, results and errors as :class:`~dao_s3._obstore.transport.ObstoreTransport` has. A write that is
cancelled is waited for, so that nothing is written after the cancellation was raised.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar, cast

from dao.errors import ConflictError, DaoError, NotFoundError, StoreError, TransientError
from dao.progress import retrying
from dao_files.manifest import ObjectSettings, Once, Stat, pauses
from dao_s3._obstore import reading
from dao_s3._obstore.errors import is_past_the_end, translated
from dao_s3._obstore.keys import check_key
from dao_s3._obstore.settings import translate_settings, with_defaults
from dao_s3._obstore.stats import bare, stat_of_head
from dao_s3._obstore.transport import ObstoreTransport
from dao_s3._obstore.writing import bytes_of, check_writable, mode_of, stat_of_put

if TYPE_CHECKING:
    from obstore import GetResult
    from typing_extensions import Buffer

__all__ = ["AsyncRequests", "finish_anyway", "in_thread"]

T = TypeVar("T")

_AT_ONCE = 8


async def finish_anyway(work: Awaitable[T]) -> T:
    """Await something to its end even if this task is cancelled meanwhile; then raise the cancellation."""
    future = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise


async def in_thread(call: Callable[[], T]) -> T:
    """Run a blocking call in a worker thread, and wait for its end in any case."""
    return await finish_anyway(asyncio.to_thread(call))


class AsyncRequests:
    """Requests for single objects, awaited. Any number of tasks may share it.

    Args:
        transport: the same requests, not awaited.
    """

    def __init__(self, transport: ObstoreTransport) -> None:
        self._transport = transport
        self._location = transport.client.location

    def _key(self, key: str) -> str:
        return check_key(key, self._location)

    async def head(self, key: str) -> Stat:
        """See :meth:`dao_files.manifest.Transport.head`."""
        import obstore

        try:
            with translated(self._location, key):
                found = await obstore.get_async(self._transport.client.store, self._key(key), options={"head": True})
                return stat_of_head(key, found.meta, found.attributes)
        except StoreError as error:
            if reading.has_no_reason(error):
                await self.get(key, length=1)
            raise

    async def get(self, key: str, *, start: int = 0, length: int | None = None, version: str | None = None) -> Buffer:
        """See :meth:`dao_files.manifest.Transport.get`."""
        if length == 0:
            await self.get(key, start=start, length=1, version=version)
            return b""
        import obstore

        with translated(self._location, key):
            options = reading.get_options(start, length, None, version)
            try:
                result = await obstore.get_async(self._transport.client.store, self._key(key), options=options)
            except Exception as error:
                if is_past_the_end(error):
                    return b""
                raise
            if reading.is_large(result, self._location.scheme):
                return await self._in_pieces(key, result, version)
            return await result.bytes_async()

    async def _in_pieces(self, key: str, result: GetResult, version: str | None) -> Buffer:
        import obstore

        begin, end = result.range
        whole = memoryview(bytearray(end - begin))
        turns = asyncio.Semaphore(_AT_ONCE)

        async def fetch(start: int, length: int) -> None:
            options = reading.get_options(start, length, bare(result.meta["e_tag"]), version)
            async with turns:
                got = await obstore.get_async(self._transport.client.store, key, options=options)
                piece = memoryview(await got.bytes_async())
            if len(piece) != length:
                raise reading.cut_short_error(self._location.uri_of(key), len(piece), length)
            whole[start - begin : start - begin + length] = piece

        try:
            async with asyncio.TaskGroup() as group:
                for start, length in reading.pieces_of(result):
                    group.create_task(fetch(start, length))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return whole.toreadonly()

    async def put(
        self, key: str, data: Buffer, *, if_absent: bool = False, settings: ObjectSettings | None = None
    ) -> Stat:
        """See :meth:`dao_files.manifest.Transport.put`."""
        import obstore

        check_writable(self._location)
        content = bytes_of(data)
        full = with_defaults(settings, self._transport.defaults)
        how: dict[str, Any] = {**translate_settings(full, self._location.scheme)}
        with translated(self._location, key):
            result = await finish_anyway(
                cast(
                    Any,
                    obstore.put_async(
                        self._transport.client.store,
                        self._key(key),
                        content,
                        mode=mode_of(if_absent, None),
                        use_multipart=False,
                        **how,
                    ),
                )
            )
        return stat_of_put(key, content.nbytes, result)

    async def put_once(self, key: str, data: Buffer, *, settings: ObjectSettings | None = None) -> Stat:
        """See :func:`dao_files.manifest.put_once`, with ``if_absent``."""
        once = Once.of(if_absent=True, if_match=None)
        waits = pauses()
        while True:
            try:
                return await self.put(key, data, if_absent=True, settings=once.marked(settings))
            except (ConflictError, TransientError) as error:
                done = once.judge(error, await self._looked_up(key, error))
                if done is not None:
                    return done
                pause, refused = next(waits, None), error
            if pause is None:
                raise TransientError(
                    f"the store keeps on answering that others write at the same moment: {refused.message}"
                )
            retrying(refused, pause)
            await asyncio.sleep(pause)

    async def _looked_up(self, key: str, error: StoreError) -> Stat | None:
        try:
            return await self.head(key)
        except NotFoundError:
            return None
        except DaoError as blind:
            error.add_note(f"whether it was written all the same can't be seen: {blind}")
            raise error from blind

    async def delete(self, key: str) -> None:
        """Delete one object; see :meth:`dao_files.manifest.Transport.delete`."""
        import obstore

        check_writable(self._location)
        try:
            with translated(self._location, key):
                await finish_anyway(cast(Any, obstore.delete_async(self._transport.client.store, self._key(key))))
        except NotFoundError as error:
            if self._location.scheme == "s3":
                raise error  # there is no bucket

    async def is_folder(self, key: str) -> bool:
        """Whether there is anything below ``key/``."""
        import obstore

        with translated(self._location, key):
            pages = obstore.list(self._transport.client.store, prefix=self._key(key), chunk_size=1)
            async for _ in pages:
                return True
        return False
