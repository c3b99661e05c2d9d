"""Rows of Parquet and ORC files for a table: checked as Spectrum checks them, then in a format of PostgreSQL's COPY.

https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-columnar.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import define, field, frozen
from pyarrow import orc

from dao_redshift.testing._bulk._columnar_types import fits, orc_name, parquet_name
from dao_redshift.testing._bulk._columns import Column, Target
from dao_redshift.testing._bulk._faults import LoadError, SpectrumFault, internal, spectrum_fault
from dao_redshift.testing._bulk._loads import FileLoad
from dao_redshift.testing._bulk._storage import BulkStorage, ObjectFile, S3Object
from dao_redshift.testing._bulk._to_binary import BINARY_OPTIONS, END, START, binary_bytes, has_binary
from dao_redshift.testing._bulk._to_postgres import COPY_OPTIONS, csv_bytes, postgres_array
from dao_redshift.testing._statements import Copy

__all__ = ["ColumnarLoad"]

_ROWS = 65_536
_INT2 = (-(2**15), 2**15 - 1)


@frozen
class _Source:
    """A file and how its columns are described in errors."""

    one: S3Object
    schema: pa.Schema
    described: tuple[str, ...]
    orc: bool


@define
class ColumnarLoad:
    """A COPY from columnar files, as it runs.

    Attributes:
        copy: the statement.
        target: its table.
        storage: where the files are.
        errors: what is wrong with the file that ended it.
        files: what was read of each file.
    """

    copy: Copy
    target: Target
    storage: BulkStorage
    errors: list[LoadError] = field(factory=list)
    files: list[FileLoad] = field(factory=list)

    @property
    def options(self) -> str:
        """How PostgreSQL is to read :meth:`chunks`."""
        return BINARY_OPTIONS if self._is_binary else COPY_OPTIONS

    @property
    def _is_binary(self) -> bool:
        return has_binary(column.type for column in self.target.columns)

    def chunks(self, files: list[S3Object]) -> Iterator[bytes]:
        """The rows of all files for PostgreSQL's COPY, in bounded memory.

        Raises:
            RedshiftError: a file doesn't fit the table, can't be read, or has a value that the column can't have.
        """
        is_super = any(column.type == "jsonb" for column in self.target.columns)
        if is_super and "SERIALIZETOJSON" not in self.copy.options:
            raise internal("SUPER column in COPY query requires SERIALIZETOJSON option", 8001)
        if self._is_binary:
            yield START
        for one in files:
            try:
                yield from self._rows(one)
            except SpectrumFault as fault:
                self.errors.append(fault.row)
                raise
        if self._is_binary:
            yield END

    def _rows(self, one: S3Object) -> Iterator[bytes]:
        rows = 0
        with _readable(self.storage.opened(one), one) as file:
            source, batches = _orc(file, one) if self.copy.format == "ORC" else _parquet(file, one)
            _check_schema(source, self.target, "FILLRECORD" in self.copy.options)
            for batch in batches:
                rows += batch.num_rows
                arrays = _checked_columns(batch, source, self.target, self.copy)
                yield self._written(arrays)
        self.files.append(FileLoad(one.place.url, one.size, rows))

    def _written(self, arrays: list[pa.Array]) -> bytes:
        columns = self.target.columns
        if self._is_binary:
            return binary_bytes(arrays, [column.type for column in columns])
        texts = [postgres_array(array, column.type) for array, column in zip(arrays, columns, strict=True)]
        return csv_bytes(pa.RecordBatch.from_arrays(texts, [column.name for column in columns]))


@contextmanager
def _readable(file: ObjectFile, one: S3Object) -> Iterator[ObjectFile]:
    """Say what Arrow refuses in Spectrum's words; what S3 refused, in S3's."""
    try:
        yield file
    except (pa.ArrowException, OSError) as error:
        if file.fault is not None:
            raise file.fault from None
        raise spectrum_fault(f"File '{one.place.https}' can't be read: {error}", one.place.url) from None


def _parquet(file: ObjectFile, one: S3Object) -> tuple[_Source, Iterator[pa.RecordBatch]]:
    opened = pq.ParquetFile(file, coerce_int96_timestamp_unit="us", pre_buffer=False)
    schema = opened.schema_arrow
    described = tuple(parquet_name(opened.schema, i, one.name, one.type) for i, one in enumerate(schema))
    return _Source(one, schema, described, orc=False), opened.iter_batches(_ROWS, use_threads=True)


def _orc(file: ObjectFile, one: S3Object) -> tuple[_Source, Iterator[pa.RecordBatch]]:
    opened = orc.ORCFile(file)
    stripes = (opened.read_stripe(number) for number in range(opened.nstripes))
    described = tuple(orc_name(field.type) for field in opened.schema)
    return _Source(one, opened.schema, described, orc=True), (
        part for stripe in stripes for part in pa.Table.from_batches([stripe]).to_batches(_ROWS)
    )


def _check_schema(source: _Source, target: Target, fill: bool) -> None:
    place, names = source.one.place, source.schema.names
    if len(names) > len(target.columns) or (len(names) < len(target.columns) and not fill):
        raise spectrum_fault(
            f"Unmatched number of columns between table and file. Table columns: {len(target.columns)}, "
            f"Data columns: {len(names)}, File name: {place.https}",
            place.url,
        )
    for one, column, described in zip(source.schema, target.columns, source.described, strict=False):
        if fits(one.type, column, orc=source.orc):
            continue
        fault = (
            f"declared column type {column.declared} for column {one.name} incompatible with ORC file "
            f"column type {described}"
            if source.orc
            else f"has an incompatible Parquet schema for column '{place.url}.{one.name}'. "
            f"Column type: {column.declared}, Parquet schema:\n{described}"
        )
        raise spectrum_fault(f"File '{place.https}' {fault}", place.url, one.name, column.type)


def _checked_columns(batch: pa.RecordBatch, source: _Source, target: Target, copy: Copy) -> list[pa.Array]:
    arrays = []
    for index, column in enumerate(target.columns):
        if index >= batch.num_columns:  # FILLRECORD
            array = pa.nulls(batch.num_rows)
        else:
            array = _checked(batch.column(index), batch.schema.names[index], column, source, copy)
        if column.not_null and array.null_count:
            raise internal(f"Cannot insert a NULL value into column {column.name}", 8001)
        arrays.append(array)
    return arrays


def _checked(array: pa.Array, name: str, column: Column, source: _Source, copy: Copy) -> pa.Array:
    if isinstance(array, pa.ExtensionArray):
        if column.type == "jsonb" and str(array.type).startswith("extension<arrow.json"):
            return array
        array = array.storage
    if column.type == "int2" and not pa.types.is_int16(array.type):
        extremes = pc.min_max(array).as_py()
        if extremes["min"] is not None and not (_INT2[0] <= extremes["min"] and extremes["max"] <= _INT2[1]):
            raise spectrum_fault(f"Value out of range for SMALLINT column {name}, File name: {source.one.place.https}",
                                 source.one.place.url, name, column.type)  # fmt: skip
    if column.length is not None:
        array = _checked_text(array, name, column, source, copy)
    return array


def _checked_text(array: pa.Array, name: str, column: Column, source: _Source, copy: Copy) -> pa.Array:
    place = source.one.place
    if not _is_utf8(array):
        if "ACCEPTINVCHARS" not in copy.options:
            raise spectrum_fault(f"String contains invalid or unsupported UTF-8 codepoints in column {name}, "
                                 f"File name: {place.https}", place.url, name, column.type)  # fmt: skip
        array = _replaced(array, str(copy.options["ACCEPTINVCHARS"]))
    longest = pc.max(pc.binary_length(array)).as_py() or 0
    assert column.length is not None
    if longest > column.length:
        raise spectrum_fault(
            f"The length of the data column {name} is longer than the length defined in the table. "
            f"Table: {column.length}, Data: {longest}, File name: {place.https}",
            place.url, name, column.type,
        )  # fmt: skip
    if column.type == "bpchar" and not pc.all(pc.string_is_ascii(postgres_array(array, column.type))).as_py() and array:
        raise spectrum_fault(f"Multibyte character not supported for CHAR (Hint: try using VARCHAR) in column {name}, "
                             f"File name: {place.https}", place.url, name, column.type)  # fmt: skip
    return array


def _is_utf8(array: pa.Array) -> bool:
    try:
        texts = array if array.type in (pa.string(), pa.large_string()) else array.cast(pa.large_string())
        texts.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _replaced(array: pa.Array, mark: str) -> pa.Array:
    """Texts with every byte that is no UTF-8 replaced."""
    values = array.view(pa.binary() if array.type in (pa.string(), pa.binary()) else pa.large_binary()).to_pylist()
    return pa.array([None if one is None else _replace(one, mark) for one in values], pa.large_string())


def _replace(value: bytes, mark: str) -> str:
    return "".join(
        mark if "\udc80" <= letter <= "\udcff" else letter for letter in value.decode(errors="surrogateescape")
    )
