"""Rows of text, JSON and Avro files for a table: wrong ones are counted and described, others become CSV."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import pyarrow as pa
import pyarrow.compute as pc
from attrs import define, evolve, field

from dao_redshift.testing._bulk._columns import Column, Target
from dao_redshift.testing._bulk._conversion import BadValue, Conversion
from dao_redshift.testing._bulk._documents import Shredder, avro_records, json_records, shredder_of
from dao_redshift.testing._bulk._faults import FieldValue, LoadError, load_failed
from dao_redshift.testing._bulk._lines import Record, records_of, texts_of
from dao_redshift.testing._bulk._loads import FileLoad
from dao_redshift.testing._bulk._moments import check_formats
from dao_redshift.testing._bulk._storage import BulkStorage, S3Object
from dao_redshift.testing._bulk._to_postgres import COPY_OPTIONS, csv_bytes
from dao_redshift.testing._bulk._values import BOOLEANS, TEXTS, converted
from dao_redshift.testing._statements import Copy

__all__ = ["TextLoad"]

_ROWS = 16_384
_FLOAT = r"^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?$"
_PLAIN = {
    "int2": (r"^[+-]?\d{1,5}$", pa.int16()),
    "int4": (r"^[+-]?\d{1,10}$", pa.int32()),
    "int8": (r"^[+-]?\d{1,19}$", pa.int64()),
    "float4": (_FLOAT, pa.float32()),
    "float8": (_FLOAT, pa.float64()),
    "date": (r"^\d{4}-\d\d-\d\d$", pa.date32()),
    "timestamp": (r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?$", pa.timestamp("us")),
}
"""Texts that PostgreSQL reads as Redshift does, if Arrow finds them valid."""


@define
class TextLoad:
    """A COPY from files with texts, as it runs.

    Attributes:
        copy: the statement.
        target: its table.
        storage: where the files are.
        errors: rows that weren't loaded.
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
        return COPY_OPTIONS

    def chunks(self, files: list[S3Object]) -> Iterator[bytes]:
        """The rows of all files as PostgreSQL's CSV, in bounded memory.

        Raises:
            RedshiftError: there are as many errors as MAXERROR says, or a file can't be read.
        """
        conversion = Conversion.of(self.copy)
        check_formats(conversion)
        shred = (
            shredder_of(self.copy, self.target.columns, self.storage) if self.copy.format in ("JSON", "AVRO") else None
        )
        for one in files:
            lines, before = 0, len(self.errors)
            records = self._records(one, shred)
            while batch := list(islice(records, _ROWS)):
                lines += len(batch)
                yield self._rows(batch, one, conversion)
            self.files.append(FileLoad(one.place.url, one.size, lines, len(self.errors) - before))

    def _records(self, one: S3Object, shred: Shredder | None) -> Iterator[Record]:
        columns = self.target.columns
        if self.copy.format == "AVRO" and shred is not None:
            return avro_records(self.storage.read(one.place), columns, shred, one.place)
        texts = texts_of(self.copy, one.place, self.storage)
        if shred is not None:
            return json_records(texts, columns, shred)
        return records_of(self.copy, texts, len(columns))

    def _rows(self, records: list[Record], one: S3Object, conversion: Conversion) -> bytes:
        wrong: dict[int, LoadError] = {}
        rows, columns = [], []
        for row, record in enumerate(records):
            if isinstance(record.fields, BadValue):
                wrong[row] = _error(one, record, record.fields)
            else:
                rows.append(row)
                columns.append(record.fields)
        arrays = []
        for index, (values, column) in enumerate(
            zip(zip(*columns, strict=True), self.target.columns, strict=bool(rows))
        ):
            array = _plain(values, column, conversion)
            if array is None:
                found: list[str | None] = []
                for row, value in zip(rows, values, strict=True):
                    try:
                        found.append(None if row in wrong else converted(value, column, conversion))
                    except BadValue as fault:
                        found.append(None)
                        wrong[row] = self._field_error(one, records[row], fault, index, value or "")
                array = pa.array(found, pa.large_string())
            arrays.append(array)
        self._count(error for _, error in sorted(wrong.items()))
        batch = pa.RecordBatch.from_arrays(arrays, [column.name for column in self.target.columns[: len(arrays)]])
        if wrong:
            batch = batch.take(pa.array([at for at, row in enumerate(rows) if row not in wrong], pa.int64()))
        return csv_bytes(batch) if batch.num_rows else b""

    def _field_error(self, one: S3Object, record: Record, fault: BadValue, index: int, value: str) -> LoadError:
        column = self.target.columns[index]
        error = _error(one, record, fault, column, value)
        given = [] if isinstance(record.fields, BadValue) else record.fields[: index + 1]
        fields = (
            FieldValue(each.name, each.type, str(each.length or 0), text)
            for each, text in zip(self.target.columns, given, strict=False)
        )
        return evolve(error, fields=tuple(fields))

    def _count(self, errors: Iterable[LoadError]) -> None:
        """Add errors in the order of lines.

        Raises:
            RedshiftError: there are as many as MAXERROR says.
        """
        most = max(1, int(str(self.copy.options.get("MAXERROR", 0))))
        for error in errors:
            self.errors.append(error)
            if len(self.errors) >= most:
                raise load_failed(self.target.name)


def _error(one: S3Object, record: Record, fault: BadValue, column: Column | None = None, value: str = "") -> LoadError:
    return LoadError(
        filename=one.place.url,
        line_number=record.number,
        colname=column.name if column else "",
        type=column.type if column else "",
        col_length=str(column.length or 0) if column else "0",
        position=max(0, record.line.find(value)) if value else 0,
        raw_line=record.line[:1024],
        raw_field_value=value[:1024],
        err_code=fault.code,
        err_reason=fault.reason,
    )


def _plain(values: tuple[str | None, ...], column: Column, conversion: Conversion) -> pa.Array | None:
    """A column all of whose texts are as simple as they mostly are; None if one needs a closer look."""
    try:
        array = pa.array(values, pa.string())
    except (UnicodeEncodeError, pa.ArrowException):
        return None
    array = pc.if_else(pc.equal(array, conversion.null), pa.scalar(None, pa.string()), array)
    if column.type in TEXTS:
        return array if _is_plain_text(array, column, conversion) else None
    array = pc.if_else(pc.equal(array, ""), pa.scalar(None, pa.string()), array)
    if column.not_null and array.null_count:
        return None
    if column.type in _PLAIN and not (conversion.date_format if column.type == "date" else conversion.time_format):
        pattern, kind = _PLAIN[column.type]
        try:
            cast = pc.cast(array, kind) if _all(pc.match_substring_regex(array, pattern)) else None
        except pa.ArrowInvalid:
            return None
        is_finite = cast is None or pattern is not _FLOAT or _all(pc.is_finite(cast))
        return cast if is_finite else None
    if column.type == "numeric" and column.modifier > 0:
        whole = column.precision - column.scale
        pattern = rf"^[+-]?\d{{1,{max(whole, 1)}}}(\.\d{{0,{column.scale}}})?$"
        return array if whole and _all(pc.match_substring_regex(array, pattern)) else None
    if column.type == "bool":
        return array if _all(pc.is_in(pc.utf8_lower(array), pa.array([*BOOLEANS, None]))) else None
    return None


def _is_plain_text(array: pa.Array, column: Column, conversion: Conversion) -> bool:
    if conversion.blanks_as_null or conversion.empty_as_null or conversion.trim or column.type == "bpchar":
        return False
    if column.not_null and array.null_count:
        return False
    longest = pc.max(pc.binary_length(array)).as_py() or 0
    return longest <= (column.length or 0) and not pc.any(pc.match_substring(array, "\0")).as_py()


def _all(found: pa.Array) -> bool:
    return bool(pc.all(found, skip_nulls=True).as_py() is not False)
