"""Reading of many files into one table: pieces of files are prefetched and decoded concurrently on several cores."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from itertools import chain, islice
from threading import Lock
from typing import Any, Protocol

import pyarrow as pa
from attrs import frozen

from dao.memory import current
from dao_files._workers import WORKERS, in_parallel, run, submitted
from dao_files.formats._faults import reading
from dao_files.formats._scan_plan import OneFile, Plan

__all__ = ["FETCHERS", "Piece", "read_whole"]

FETCHERS = 8
"""Concurrent requests of one call."""


class Piece(Protocol):
    """A part of a file that is decoded independently."""

    @property
    def requests(self) -> Sequence[Callable[[], Any]]:
        """The requests that fetch the bytes to decode; each may run in its own thread."""

    @property
    def weight(self) -> int:
        """The bytes that the requests fetch."""

    def read(self, fetched: Sequence[Any], *, alone: bool) -> tuple[pa.Table, bool]:
        """Decode the rows; also returns whether the predicate has been applied to them.

        Args:
            fetched: the results of the requests, in order.
            alone: whether fewer pieces than cores are being decoded, so that this one may use several cores.
        """


@frozen
class _Job:
    """A piece with its file, its requests and its weight."""

    file: OneFile
    piece: Piece
    requests: Sequence[Callable[[], Any]]
    weight: int

    def decode(self, fetched: Sequence[Any], *, alone: bool) -> list[pa.RecordBatch]:
        """Decode the piece to batches of the plan; see :meth:`Piece.read`."""
        with reading(self.file.path):
            table, filtered = self.piece.read(fetched, alone=alone)
            return [self.file.finish(batch, filtered=filtered) for batch in table.to_batches()]


def read_whole(plan: Plan, pieces: Callable[[OneFile], Sequence[Piece]]) -> pa.Table:
    """Execute a plan that has no limit, and return all rows.

    Args:
        plan: the plan.
        pieces: opens one file and splits it into its pieces.

    Raises:
        DataError, StoreError: as :meth:`dao_files.formats.Format.scan`.
    """

    def open_file(index: int) -> list[_Job]:
        file = plan.of_file(index)
        with reading(file.path):
            return [_Job(file, piece, piece.requests, piece.weight) for piece in pieces(file)]

    batches: list[pa.RecordBatch] = []
    with closing(in_parallel(open_file, range(len(plan.paths)), FETCHERS, ahead=FETCHERS)) as files:
        jobs = (job for found in files for job in found)
        with closing(_decode_jobs(jobs)) as results:
            for result in results:
                batches += result
    return pa.Table.from_batches(batches, plan.output)


def _decode_jobs(jobs: Iterator[_Job]) -> Generator[list[pa.RecordBatch], None, None]:
    """Yield the batches of each piece, in order; a single piece is decoded in the calling thread."""
    first = list(islice(jobs, 2))
    if len(first) < 2:
        for job in first:
            with reading(job.file.path), closing(in_parallel(run, job.requests, FETCHERS)) as results:
                fetched = list(results)
            yield job.decode(fetched, alone=True)
        return
    yield from _decode_concurrently(chain(first, jobs))


def _decode_concurrently(jobs: Iterator[_Job]) -> Generator[list[pa.RecordBatch], None, None]:
    pending: deque[tuple[int, Future[list[pa.RecordBatch]]]] = deque()
    ahead = started = ended = 0
    most = current().gathered  # a single piece may have more
    counting = Lock()
    with (
        ThreadPoolExecutor(FETCHERS, thread_name_prefix="dao-fetch") as fetching,
        ThreadPoolExecutor(WORKERS, thread_name_prefix="dao-decode") as decoding,
    ):

        def decode(job_and_fetched: tuple[_Job, list[Future[Any]]]) -> list[pa.RecordBatch]:
            nonlocal ended
            job, futures = job_and_fetched
            with reading(job.file.path):
                fetched = [one.result() for one in futures]
            found = job.decode(fetched, alone=started - ended < WORKERS)
            with counting:
                ended += 1
            return found

        try:
            for job in jobs:
                while pending and (ahead + job.weight > most or len(pending) > 2 * FETCHERS):
                    weight, done = pending.popleft()
                    yield done.result()
                    ahead -= weight
                started += 1
                futures = [submitted(fetching, run, request) for request in job.requests]
                pending.append((job.weight, submitted(decoding, decode, (job, futures))))
                ahead += job.weight
            while pending:
                yield pending.popleft()[1].result()
        finally:
            for _, future in pending:
                future.cancel()
            fetching.shutdown(wait=False, cancel_futures=True)
