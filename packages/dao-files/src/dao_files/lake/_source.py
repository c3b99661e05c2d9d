"""The rows of a call: read once, and written into data files once, whatever the conflicts of its commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import pyarrow as pa
from attrs import define, field

from dao.arrow.convert import to_reader
from dao.errors import ConflictError
from dao.tables import KeyedCall
from dao_files.lake._files import PartitionedFiles

__all__ = ["RowSource"]

F = TypeVar("F", bound=PartitionedFiles)


@define(eq=False, slots=False)
class RowSource(Generic[F]):
    """The rows of a call: written into files once, and again only if the table was changed so that they don't fit.

    Attributes:
        data: what was handed in.
        schema: the schema to which it is cast; None for its own.
        keyed: the call, if it has an idempotency key.
    """

    data: Any
    schema: pa.Schema | None = None
    keyed: KeyedCall | None = None
    _reader: pa.RecordBatchReader | None = field(default=None, init=False)
    _files: F | None = field(default=None, init=False)
    _made_for: Any = field(default=None, init=False)
    _failure: BaseException | None = field(default=None, init=False)

    def opened(self) -> pa.RecordBatchReader:
        """The rows from their beginning, in the columns that arrive."""
        return to_reader(self.data, schema=self.schema)

    @property
    def arriving(self) -> pa.Schema:
        """The columns of the rows."""
        return self._rows().schema

    def _rows(self) -> pa.RecordBatchReader:
        if self._reader is None:
            reader = self.opened()
            self._reader = reader if self.keyed is None else self.keyed.watch(reader)
        return self._reader

    def read_rest(self) -> None:
        """Read the rows that were not yet read, and drop them."""
        for _ in self._rows():
            pass

    @property
    def can_be_read_again(self) -> bool:
        """Whether the data is in memory, and no stream."""
        return isinstance(self.data, (pa.Table, pa.RecordBatch, list)) or hasattr(self.data, "__dataframe__")

    def written(
        self,
        made_for: Any,
        files: Callable[[], F],
        shaped: Callable[[pa.RecordBatchReader], Iterator[pa.RecordBatch]],
        changed: str,
    ) -> F:
        """The data files with the rows.

        Args:
            made_for: what the files depend on: those that are there are used again if it is the same.
            files: begins a set of files.
            shaped: gives the rows as they are written, and refuses those that don't fit.
            changed: what another writer must have changed of the table if they are not, for the error.

        Raises:
            ConflictError: the rows must be written again, and they were a stream.
        """
        if self._failure is not None:  # part of the rows are in the files, and of a stream the others are gone
            raise self._failure
        if self._files is not None and self._made_for == made_for:
            return self._files
        if self._files is not None:
            if not self.can_be_read_again:
                raise ConflictError(f"another writer changed the table's {changed}, and the stream can't be read again")
            self.discard()
            self._reader = None
        self._files, self._made_for = files(), made_for
        try:
            self._files.write(shaped(self._rows()))
        except BaseException as error:
            self._failure = error
            raise
        return self._files

    def discard(self) -> None:
        """Delete the files: no commit names them."""
        if self._files is not None:
            self._files.discard()
            self._files = None
