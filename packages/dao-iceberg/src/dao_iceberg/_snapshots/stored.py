"""Reads data files of a snapshot: their columns by field ids, their rows without those that are deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, field, frozen
from pyiceberg.manifest import FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table.name_mapping import NameMapping
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import NestedField

from dao.errors import NotFoundError, StoreError, UnsupportedError
from dao.memory import current
from dao.tables import numbers
from dao_files.formats import FileTask, get_format
from dao_files.lake import filesystem_over
from dao_iceberg._snapshots.deletes import Deletes, EqualityDelete
from dao_iceberg._snapshots.planning import StoredFile
from dao_iceberg._tables.client import Snapshot
from dao_iceberg._tables.mapping import Found, find_columns, with_mapped_ids
from dao_iceberg._tables.schemas import arrow_field, arrow_schema

__all__ = ["StoredFiles"]

_BATCH_ROWS = 131_072


@define(eq=False, slots=False)
class StoredFiles:
    """A reader of the data files of a snapshot.

    Attributes:
        snapshot: the snapshot.
        files: its files that may be read.
        columns: in which rows are given; those of the snapshot by default, or those that its table has afterwards.
        mapping: what names of columns mean in files without ids; what the table says by default.
    """

    snapshot: Snapshot
    files: Sequence[StoredFile]
    columns: Schema = field()
    mapping: NameMapping | None = field()
    _found: tuple[Sequence[NestedField], pa.Schema, list[Found]] | None = field(default=None, init=False)

    @columns.default
    def _own(self) -> Schema:
        return self.snapshot.columns

    @mapping.default
    def _own_mapping(self) -> NameMapping | None:
        found: NameMapping | None = self.snapshot.table.name_mapping()
        return found

    @cached_property
    def schema(self) -> pa.Schema:
        """The columns in Arrow."""
        return arrow_schema(self.columns)

    @cached_property
    def deletes(self) -> Deletes:
        """The deletes of the files' rows."""
        return Deletes(self.snapshot)

    @cached_property
    def filesystem(self) -> Any:
        """The files for the formats."""
        sizes = {self.key_of(one): one.entry.file.file_size_in_bytes for one in self.files}
        return filesystem_over(self.snapshot.client.transport, sizes)

    def key_of(self, file: StoredFile) -> str:
        """The key of a file.

        Raises:
            UnsupportedError: it isn't Parquet, is encrypted, or is outside of the store.
        """
        if file.entry.file.file_format != FileFormat.PARQUET:
            raise UnsupportedError(f"the data file {file.path!r} is {file.entry.file.file_format.value}, not Parquet")
        if file.entry.file.key_metadata is not None:
            raise UnsupportedError(f"the data file {file.path!r} is encrypted")
        return self.snapshot.client.locations.key_of(file.path)

    def find(self, file: StoredFile, fields: Sequence[NestedField]) -> list[Found]:
        """Where columns are in a file.

        Raises:
            NotFoundError: the file isn't there.
            StoreError: it is damaged.
        """
        stored = get_format("parquet").infer_schema([self.key_of(file)], self.filesystem)
        known = self._found
        if known is not None and known[0] == fields and stored.equals(known[1], check_metadata=True):
            return known[2]
        found = find_columns(fields, with_mapped_ids(stored, self.mapping, file.path), self._constants(file))
        if all(one.stored is not None for one in found):  # then it is of nothing but the file's schema
            self._found = (list(fields), stored, found)
        return found

    def _constants(self, file: StoredFile) -> Mapping[int, pa.Scalar]:
        """The values of the columns that a file is partitioned by as they are."""
        spec = self.snapshot.metadata.specs()[file.entry.file.spec_id]
        found = {}
        for one, value in zip(spec.fields, file.entry.file.partition, strict=True):
            if isinstance(one.transform, IdentityTransform):
                wanted = next((column for column in self.columns.fields if column.field_id == one.source_id), None)
                if wanted is not None:
                    found[one.source_id] = _scalar(value, arrow_field(wanted).type)
        return found

    def fields(self, names: Sequence[str] | None = None) -> list[NestedField]:
        """Columns by name; all by default."""
        if names is None:
            return list(self.columns.fields)
        by_name = {one.name: one for one in self.columns.fields}
        return [by_name[name] for name in names]

    def read(
        self,
        file: StoredFile,
        names: Sequence[str] | None = None,
        *,
        found: Sequence[Found] | None = None,
        skip: Any = None,
        skip_columns: frozenset[str] = frozenset(),
    ) -> Iterator[pa.RecordBatch]:
        """The rows of a file in their order, without those that are deleted.

        Args:
            file: the file.
            names: the columns; all by default.
            found: where these are in the file, if that is known.
            skip: an expression of Arrow over the columns: rows for which it isn't true may be left out.
            skip_columns: the columns of it.

        Raises:
            StoreError: the file isn't there, or is damaged.
            UnsupportedError: it has values that the table's types can't hold.
        """
        for rows, [kept] in self.read_states([file], names, found=found, skip=skip, skip_columns=skip_columns):
            yield rows if kept is None else rows.filter(kept)

    def read_states(
        self,
        states: Sequence[StoredFile],
        names: Sequence[str] | None = None,
        *,
        found: Sequence[Found] | None = None,
        skip: Any = None,
        skip_columns: frozenset[str] = frozenset(),
    ) -> Iterator[tuple[pa.RecordBatch, list[pa.Array | None]]]:
        """All rows of a file in their order, and by state of its deletes which of them are there.

        Args:
            states: the same file with other deletes each.
            names: as for :meth:`read`.
            found: the same.
            skip: the same.
            skip_columns: the same.

        Returns:
            Rows, and an array of truth values for each state; None where all rows are there.
        """
        file = states[0]
        wanted = self.find(file, self.fields(names)) if found is None else list(found)
        hidden = [_Hidden.of(self, one) for one in states]
        plain = {one.field.name for one in wanted if one.is_plain}
        can_skip = skip is not None and all(one.positions is None for one in hidden) and skip_columns <= plain
        needed = (*wanted, *(column for one in hidden for column in one.columns))
        stored = {one.stored.name: one.stored for one in needed if one.stored is not None}
        task = FileTask(
            schema=pa.schema(list(stored.values())),
            predicate=skip if can_skip else None,
            predicate_columns=skip_columns if can_skip else frozenset(),
            batch_size=_BATCH_ROWS,
        )
        schema = pa.schema([one.field for one in wanted])
        start = 0
        with closing(self._batches(file, task)) as batches:
            for batch in batches:
                columns = [one.column(batch) for one in wanted]
                rows = pa.RecordBatch.from_arrays(columns, schema=schema) if columns else batch.select([])
                yield rows, [one.kept(batch, start) for one in hidden]
                start += batch.num_rows

    def visible(self, file: StoredFile) -> int:
        """How many rows of a file aren't deleted: by the manifests alone where there are no deletes."""
        if not file.has_deletes:
            return file.rows
        if file.equality:
            return sum(int(batch.num_rows) for batch in self.read(file, []))
        positions: Any = self.deletes.positions_of(file)
        return file.rows - int(pc.count_distinct(positions.filter(pc.less(positions, file.rows))).as_py())

    def _batches(self, file: StoredFile, task: FileTask) -> Any:
        if not task.schema.names:
            return _bare(file.rows)
        options = get_format("parquet").options()
        return self._translated(
            file, get_format("parquet").read_file(self.key_of(file), self.filesystem, options, task)
        )

    def _translated(self, file: StoredFile, batches: Any) -> Iterator[pa.RecordBatch]:
        with closing(batches):
            try:
                yield from batches
            except FileNotFoundError as error:
                raise self.missing(file.path) from error

    def missing(self, path: str) -> StoreError:
        """The error for a file that is gone."""
        if self.snapshot.branch is None:
            return NotFoundError(
                f"snapshot {self.snapshot.version} of {self.snapshot.key!r} isn't kept any more: the file {path!r} of "
                "it is gone"
            )
        return StoreError(f"the file {path!r}, which the table {self.snapshot.key!r} names, is not there")


@frozen(eq=False)
class _Hidden:
    """Which rows of a file are deleted.

    Attributes:
        positions: the numbers of rows; None for none.
        equality: values of rows.
        columns: where the columns of these are in the file, in order.
    """

    positions: pa.Array | None
    equality: Sequence[EqualityDelete]
    columns: Sequence[Found]

    @classmethod
    def of(cls, stored: StoredFiles, file: StoredFile) -> _Hidden:
        equality = stored.deletes.equality_of(file)
        fields = [one for delete in equality for one in delete.fields]
        columns = stored.find(file, fields) if fields else ()
        return cls(stored.deletes.positions_of(file), equality, columns)

    def kept(self, batch: pa.RecordBatch, start: int) -> pa.Array | None:
        """Which rows are there; None for all.

        Args:
            batch: rows of the file.
            start: the number of the first one.
        """
        kept = None if self.positions is None else _others(self.positions, start, batch.num_rows)
        left = iter(self.columns)
        for delete in self.equality:
            other = delete.keeps([next(left).column(batch) for _ in delete.fields])
            kept = other if kept is None else pc.and_(kept, other)
        return kept


def _scalar(value: Any, kind: pa.DataType) -> pa.Scalar:
    """A value of a partition as Arrow has it: moments and dates are counts there."""
    if value is not None and pa.types.is_temporal(kind):
        return pa.scalar(value, pa.int32() if kind.bit_width == 32 else pa.int64()).cast(kind)
    return pa.scalar(value, kind)


def _others(positions: pa.Array, start: int, count: int) -> pa.Array:
    """Which of some rows have none of some numbers."""
    near = positions.filter(pc.and_(pc.greater_equal(positions, start), pc.less(positions, start + count)))
    return pc.invert(pc.is_in(pc.add(numbers(count), start), value_set=near))


def _bare(count: int) -> Iterator[pa.RecordBatch]:
    """Batches without columns."""
    size = min(_BATCH_ROWS, current().batch)
    for begin in range(0, count, size):
        yield pa.RecordBatch.from_arrays([pa.nulls(min(size, count - begin))], ["-"]).select([])
