"""Calls with an idempotency key: done once, however often they are made.

A table's log remembers the key with a digest of the call's arguments and rows, published in one step with the change.
So whether a call was done is known where its change begins, and again after each conflict.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from dao.errors import DataError
from dao.progress import advance
from dao.results import WriteResult
from dao.tables import KeyedCall
from dao_files._actions.done import Done

if TYPE_CHECKING:
    from dao_files._actions.log import Log

__all__ = ["Keyed"]


class Keyed(KeyedCall):
    """One call with an idempotency key, which is looked up in a table's log and kept there."""

    def find_result(self, log: Log, rest: Iterable[pa.RecordBatch] = ()) -> WriteResult | None:
        """Return the result if the call was done before, else None.

        Args:
            log: the table's log.
            rest: the call's rows that were not yet read; all are read if its key is known.

        Raises:
            DataError: another call had this key.
        """
        done = log.find_done(self.key)
        if done is None:
            return None
        for batch in rest:
            advance(batch.num_rows, batch.nbytes)
        difference = self.request.difference(done.request)
        if difference:
            made = "" if done.version is None else f", which made version {done.version},"
            raise DataError(
                f"idempotency_key: {self.key!r} is that of another call{made} at {done.timestamp:%Y-%m-%d %H:%M:%S} "
                f"UTC: {difference}; give this call a key of its own"
            )
        return WriteResult(0, 0, 0, 0, 0, done.version, done.version)

    def done(self, version: int | None, timestamp: datetime) -> Done:
        """Make what the log remembers of the call, after all of its rows were read."""
        return Done(self.key, self.request.text, version, timestamp)
