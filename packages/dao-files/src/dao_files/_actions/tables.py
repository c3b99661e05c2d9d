"""A table in files: its format, data files, partitions and schema."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from attrs import define, evolve

from dao.arrow.convert import without_views
from dao.errors import DataError
from dao.results import FileInfo
from dao.tables import EVERYTHING, Selection
from dao_files._actions.contents import below
from dao_files._actions.log import Log, Record
from dao_files.formats import Format, close_reader, hive_values
from dao_files.formats._options import same_spelling, spelling_of
from dao_files.formats._partitions import partition_types, partition_values
from dao_files.formats._shape import types_text, without_order

if TYPE_CHECKING:
    from dao_files._storage.storage import Snapshot

__all__ = ["StoredTable", "declared_schema", "schema_without_views", "with_views"]


def declared_schema(schema: Any) -> pa.Schema | None:
    """Convert a ``schema=`` argument to an Arrow schema: a schema, a model class, or a mapping."""
    if schema is None or isinstance(schema, pa.Schema):
        return schema
    from dao.arrow.models import schema_of

    return schema_of(schema)


@define(slots=False)
class StoredTable:
    """One file or a tree, opened as a table.

    Attributes:
        snapshot: the snapshot that it is read from.
        format: the format of its files.
        options: the format's options.
        files: its data files.
        log: its log.
        record: the newest version, if its fingerprint matches the files, else None.
        declared: the schema that the caller or the object declares.
        declares_own: True where ``declared`` has the table's own columns, in types of other layouts.
        returned: True where its rows are returned to a caller, as the options of reading say, and not rewritten.
    """

    snapshot: Snapshot
    format: Format
    options: Any
    files: list[FileInfo]
    log: Log
    record: Record | None
    declared: pa.Schema | None = None
    declares_own: bool = False
    returned: bool = False

    @property
    def key(self) -> str:
        """Its key."""
        return self.snapshot.key

    @cached_property
    def filesystem(self) -> Any:
        """The snapshot as a ``pyarrow.fs.FileSystem``."""
        return self.snapshot.filesystem()

    @cached_property
    def partitions(self) -> list[dict[str, str | None]] | None:
        """The values of the partition columns of each file, as text; None where the table has no partitions."""
        if self.snapshot.is_file:
            return None
        values = [hive_values(below(info.key, self.key)) for info in self.files]
        return values if any(values) else None

    @cached_property
    def partition_by(self) -> tuple[str, ...]:
        """The names of the partition columns, outermost first."""
        if self.record is not None:
            return self.record.partition_by
        return tuple(self.partitions[0]) if self.partitions else ()

    @cached_property
    def remembered(self) -> pa.Schema | None:
        """The schema that the log says of the files; of text files even if other programs have changed some since."""
        newest = self.record
        if newest is None and not self.format.has_schema:
            newest = self.log.newest_of(self.format.name)
        return newest.arrow_schema() if newest is not None else None

    @property
    def _is_read_as_remembered(self) -> bool:
        """Whether the columns of text files must be those that the table remembers."""
        is_own = self.declared is None or self.declares_own
        return is_own and self.remembered is not None and not self.format.has_schema

    @cached_property
    def _types(self) -> pa.Schema | None:
        """The schema that is known without reading files, with the dictionary order that the format preserves."""
        known = self.remembered if self.declared is None else self.declared
        if known is None:
            return None
        if self.returned:
            known = self.format.returned_schema(known, self._paths, self.filesystem, self.options)
        # Folder names don't preserve the order of categories.
        kept, loose = without_order(known, self.format.keeps_order), without_order(known)
        fields = [loose.field(i) if f.name in self.partition_by else f for i, f in enumerate(kept)]
        return pa.schema(fields, metadata=known.metadata)

    @property
    def _paths(self) -> list[str]:
        return [info.key for info in self.files]

    @cached_property
    def partition_schema(self) -> pa.Schema:
        """The schema of the partition columns."""
        known = self._types
        if known is not None and set(self.partition_by) <= set(known.names):
            return pa.schema([known.field(name) for name in self.partition_by])
        inferred = partition_types(self._paths, self.partitions, known)
        return pa.schema([self._type_by_log(field) for field in inferred])

    def _type_by_log(self, inferred: pa.Field) -> pa.Field:
        """Return a partition column's field as last logged, if all folders' names fit its type, else as inferred.

        Files of other programs invalidate the log's record, but must not turn the texts of a column into numbers.
        """
        newest = self.log.newest
        schema = newest.arrow_schema() if newest is not None else None
        if newest is None or schema is None or inferred.name not in {*newest.partition_by}.intersection(schema.names):
            return inferred
        field = schema.field(inferred.name)
        try:
            for values in self.partitions or ():
                partition_values(values, pa.schema([field]))
        except DataError:
            return inferred
        return field

    @cached_property
    def file_schema(self) -> pa.Schema:
        """The schema of the rows inside the files."""
        known = self._types
        if known is None:
            known = self.format.infer_schema(self._paths, self.filesystem, self.options)
        kept = pa.schema([field for field in known if field.name not in self.partition_by], metadata=known.metadata)
        if self.returned:
            self.format.check_columns(kept, self.options)
        return kept

    @cached_property
    def schema(self) -> pa.Schema:
        """The schema including partition columns: at their known position, else last."""
        known = self._types
        if known is not None and set(self.partition_by) <= set(known.names):
            return known
        return pa.schema([*self.file_schema, *self.partition_schema], metadata=self.file_schema.metadata)

    def check_files(self) -> None:
        """Check that the table's own types read the files of other programs, before a change takes them for its own.

        All files are read once, as nothing says which ones are new; none if the log describes them, or if a schema is
        declared.

        Raises:
            DataError, StoreError: a file that doesn't fit; the message names it.
        """
        if self.declared is None and self.record is None and self.remembered is not None:
            for _ in self.scan():
                pass

    def in_own_spelling(self) -> StoredTable:
        """Return the table with the options that its files were written with, to add files or rewrite some.

        Raises:
            DataError: an option of the call or the object differs from the one that the files were written with.
        """
        remembered = self.log.spelling(self.format.name)
        if remembered is None:  # of other programs, or written before tables remembered their options
            return self
        asked, written = spelling_of(self.options), spelling_of(self.format.options(remembered))
        for name, value in asked.items():
            if not same_spelling(self.format.Options, name, value, written[name]):
                found, known = self._describe_option(name, value), self._describe_option(name, written[name])
                raise DataError(
                    f"option {name!r}: found {found}, but the files of {self.key!r} are written with {known}, "
                    "and a table is read with one: leave the option out, or overwrite the table"
                )
        return self if asked == written else evolve(self, options=evolve(self.options, **written))

    @property
    def _has_own_spelling(self) -> bool:
        """Whether the options are those of the table's own reads: by others its texts may be other rows."""
        remembered = self.log.spelling(self.format.name) or {}
        return spelling_of(self.options) == spelling_of(self.format.options(remembered))

    def _describe_option(self, name: str, value: Any) -> str:
        shown = repr(list(value) if isinstance(value, tuple) else value)
        if value != getattr(self.format.options(), name):
            return shown
        return "the default" if value is None else f"the default, {shown}"

    def arguments(self, files: Iterable[FileInfo] | None = None) -> tuple[list[str], dict[str, Any]]:
        """Return paths, and the arguments that a format needs to read them as this table.

        Args:
            files: some of the table's files; all where None.
        """
        chosen = self.files if files is None else list(files)
        paths = [info.key for info in chosen]
        if not paths:
            return [], {"schema": self.schema}
        known: dict[str, Any] = {} if self._types is None else {"schema": self.schema}
        if self._is_read_as_remembered:
            known["remembered"] = True
        if self.partitions is not None or self.partition_by:
            values = dict(zip((info.key for info in self.files), self.partitions or (), strict=False))
            known |= {"partitions": [values[path] for path in paths], "partition_schema": self.partition_schema}
        return paths, known

    def scan(self, selection: Selection = EVERYTHING, files: Iterable[FileInfo] | None = None) -> pa.RecordBatchReader:
        """Read lazily; see :meth:`dao_files.formats.Format.scan`.

        Args:
            selection: the projection, predicate, limit and batch size.
            files: some of the table's files; all where None.
        """
        plain = self._filterable(selection.where)
        if plain is not self:
            return _cast_back(plain.scan(selection, files), self.schema)
        paths, known = self.arguments(files)
        return self.format.scan(paths, self.filesystem, self.options, selection, **known)

    def read(self, selection: Selection = EVERYTHING) -> pa.Table:
        """Read into memory; see :meth:`dao_files.formats.Format.read_table`."""
        plain = self._filterable(selection.where)
        if plain is not self:
            return _cast_back(plain.scan(selection), self.schema).read_all()
        paths, known = self.arguments()
        return self.format.read_table(paths, self.filesystem, self.options, selection, **known)

    def might_hold(self, file: FileInfo, where: Any) -> bool:
        """Check from metadata alone whether a file may have rows that meet a predicate."""
        table = self._filterable(where)
        paths, known = table.arguments([file])
        return table.format.might_hold(paths, table.filesystem, table.options, Selection([], where), **known)

    def without_views(self) -> StoredTable:
        """Return the table with plain texts for views, which Arrow can't filter; itself if it has none."""
        plain = schema_without_views(self.schema)
        if plain.equals(self.schema):
            return self
        return evolve(self, declared=plain, declares_own=self.declared is None or self.declares_own)

    def _filterable(self, where: Any) -> StoredTable:
        return self if where is None else self.without_views()

    def count(self) -> int:
        """Count the rows, from metadata alone where possible."""
        if self.record is not None and self.record.rows is not None and self._has_own_spelling:
            return self.record.rows
        if not self.files:
            return 0
        known = self.format.count(self._paths, self.filesystem, self.options)
        return known if known is not None else sum(batch.num_rows for batch in self.scan(Selection([])))


def schema_without_views(schema: pa.Schema) -> pa.Schema:
    """Replace views in a schema by plain texts and bytes: Arrow can't compare, take or filter views (pyarrow 26)."""
    if "_view" not in types_text(schema):
        return schema
    return pa.schema([field.with_type(without_views(field.type)) for field in schema], metadata=schema.metadata)


def with_views(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Cast a batch that was read by :func:`schema_without_views` back to the table's own schema."""
    return batch if batch.schema.equals(schema) else batch.cast(schema)


def _cast_back(reader: pa.RecordBatchReader, whole: pa.Schema) -> pa.RecordBatchReader:
    schema = pa.schema([whole.field(name) for name in reader.schema.names])

    def batches() -> Generator[pa.RecordBatch, None, None]:
        try:
            for batch in reader:
                yield with_views(batch, schema)
        finally:
            close_reader(reader)

    return pa.RecordBatchReader.from_batches(schema, batches())
