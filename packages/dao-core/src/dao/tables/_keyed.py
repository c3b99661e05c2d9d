"""One call with an ``idempotency_key=``: what a backend compares with that of an earlier call of the same key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

import pyarrow as pa
from attrs import define, field

from dao.increments import Position
from dao.tables._digest import RequestDigest, RowsDigest

__all__ = ["KeyedCall"]


@define(eq=False, slots=False)
class KeyedCall:
    """One call with an idempotency key; a backend adds where it looks the key up, and what it keeps.

    Attributes:
        key: the key.
        action: the name of the action.
        arguments: the arguments that change the outcome, as for :meth:`dao.tables.RequestDigest.of`.

    >>> call = KeyedCall.of("today", "write", mode="append")
    >>> call.watch(pa.table({"id": [1]}).to_reader()).read_all().num_rows
    1
    >>> call.request == KeyedCall.of("today", "write", mode="append").request
    False
    """

    key: str
    action: str
    arguments: Mapping[str, Any]
    _rows: RowsDigest | None = field(default=None, init=False)

    @classmethod
    def of(
        cls,
        key: str | None,
        action: str,
        *,
        position: Position | Sequence[Position] | None = None,
        **arguments: Any,
    ) -> Self | None:
        """Make the call's record; None for a call without a key.

        Args:
            key: the key.
            action: the name of the action.
            position: the one that the call keeps with its rows, or several.
            arguments: all others that change what is stored, of the rows, the columns or the table.

        Raises:
            DataError: an argument that can't be compared with that of a later call.
        """
        if key is None:
            return None
        if isinstance(position, Position):
            arguments["position"] = f"{position.version} of {position.source}"
        elif position:
            arguments["position"] = [f"{one.version} of {one.source}" for one in position]
        RequestDigest.of(action, arguments)
        return cls(key, action, arguments)

    def watch(self, reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
        """Return a reader of the same rows, whose digest is taken as they are read.

        Raises:
            UnsupportedError: a column whose rows can't be compared.
        """
        rows = self._rows = RowsDigest(reader.schema)

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in reader:
                rows.update(batch)
                yield batch

        return pa.RecordBatchReader.from_batches(reader.schema, batches())

    @property
    def request(self) -> RequestDigest:
        """The digest of the call with the rows that were read so far."""
        return RequestDigest.of(self.action, self.arguments, self._rows)
