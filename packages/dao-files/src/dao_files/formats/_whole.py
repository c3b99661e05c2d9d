"""A read of many files that is wanted whole: pieces of files are fetched ahead and decoded on several cores at once."""

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
"""Requests at the same time for one call."""


class Piece(Protocol):
    """A part of a file that is decoded by itself."""

    @property
    def requests(self) -> Sequence[Callable[[], Any]]:
        """What is to be fetched before it can be decoded; each may run in a thread of its own."""

    @property
    def weight(self) -> int:
        """The bytes that they fetch."""

    def read(self, fetched: Sequence[Any], *, alone: bool) -> tuple[pa.Table, bool]:
        """Its rows, and whether those are left out already that don't meet the predicate.

        Args:
            fetched: what the requests gave.
            alone: whether fewer pieces than there are cores are being decoded, so that this one may take several.
        """


@frozen
class _Job:
    """A piece, the file that it is of, and what the piece said is to be fetched for it."""

    file: OneFile
    piece: Piece
    requests: Sequence[Callable[[], Any]]
    weight: int

    def decoded(self, fetched: Sequence[Any], *, alone: bool) -> list[pa.RecordBatch]:
        """The piece's rows as the plan gives them; see :meth:`Piece.read`."""
        with reading(self.file.path):
            table, filtered = self.piece.read(fetched, alone=alone)
            return [self.file.finished(batch, filtered=filtered) for batch in table.to_batches()]


def read_whole(plan: Plan, pieces: Callable[[OneFile], Sequence[Piece]]) -> pa.Table:
    """Read as planned, except for a limit.

    Args:
        plan: what to read.
        pieces: opens one file, and says what is to be read of it.
    """

    def opened(index: int) -> list[_Job]:
        file = plan.of_file(index)
        with reading(file.path):
            return [_Job(file, piece, piece.requests, piece.weight) for piece in pieces(file)]

    batches: list[pa.RecordBatch] = []
    with closing(in_parallel(opened, range(len(plan.paths)), FETCHERS, ahead=FETCHERS)) as files:
        jobs = (job for found in files for job in found)
        with closing(_decoded(jobs)) as results:
            for result in results:
                batches += result
    return pa.Table.from_batches(batches, plan.output)


def _decoded(jobs: Iterator[_Job]) -> Generator[list[pa.RecordBatch], None, None]:
    """The rows of each piece, in order; a single one is fetched and decoded without a thread that waits for another."""
    first = list(islice(jobs, 2))
    if len(first) < 2:
        for job in first:
            with reading(job.file.path), closing(in_parallel(run, job.requests, FETCHERS)) as coming:
                fetched = list(coming)
            yield job.decoded(fetched, alone=True)
        return
    yield from _together(chain(first, jobs))


def _together(jobs: Iterator[_Job]) -> Generator[list[pa.RecordBatch], None, None]:
    pending: deque[tuple[int, Future[list[pa.RecordBatch]]]] = deque()
    ahead = begun = ended = 0
    most = current().gathered  # if that is more than one piece's
    counting = Lock()
    with (
        ThreadPoolExecutor(FETCHERS, thread_name_prefix="dao-fetch") as fetching,
        ThreadPoolExecutor(WORKERS, thread_name_prefix="dao-decode") as decoding,
    ):

        def decode(job_and_fetched: tuple[_Job, list[Future[Any]]]) -> list[pa.RecordBatch]:
            nonlocal ended
            job, coming = job_and_fetched
            with reading(job.file.path):
                fetched = [one.result() for one in coming]
            found = job.decoded(fetched, alone=begun - ended < WORKERS)
            with counting:
                ended += 1
            return found

        try:
            for job in jobs:
                while pending and (ahead + job.weight > most or len(pending) > 2 * FETCHERS):
                    weight, done = pending.popleft()
                    yield done.result()
                    ahead -= weight
                begun += 1
                coming = [submitted(fetching, run, request) for request in job.requests]
                pending.append((job.weight, submitted(decoding, decode, (job, coming))))
                ahead += job.weight
            while pending:
                yield pending.popleft()[1].result()
        finally:
            for _, future in pending:
                future.cancel()
            fetching.shutdown(wait=False, cancel_futures=True)
