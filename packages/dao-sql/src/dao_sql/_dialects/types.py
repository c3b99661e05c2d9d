"""How a dialect maps Arrow's types to SQL's, and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from dao.errors import DataError
from dao_sql._dialects.names import NamesDialect
from dao_sql._documents.types import document_type, noted_type
from dao_sql._types.advice import way_out
from dao_sql._types.columns import ColumnType
from dao_sql._types.holding import declared_parts, holding

__all__ = ["TypesDialect"]


class TypesDialect(NamesDialect):
    """See :class:`dao_sql.Dialect`."""

    types: ClassVar[Mapping[str, pa.DataType]]
    wires: ClassVar[Mapping[pa.DataType, pa.DataType]] = {}
    decimal: ClassVar[str] = ""
    decimal_digits: ClassVar[int] = 38
    document: ClassVar[str] = ""

    def column_type(self, column: pa.Field) -> ColumnType:
        """The type of a new column for the values of an Arrow field.

        Raises:
            DataError: the database has no type for them.
        """
        arrow = holding(column.type, {*self.types.values(), *self._decimals(column.type)})
        if arrow is None and self.document and pa.types.is_nested(_values_type(column.type)):
            return self.document_type(document_type(column.name, column.type))
        if arrow is None:
            advice = way_out(_values_type(column.type), self.decimal_digits if self.decimal else 0)
            raise DataError(f"column {column.name!r} is {column.type}, for which {self.name} has no type{advice}")
        if pa.types.is_decimal(arrow):
            return self.decimal_type(arrow)
        return self.make_type(arrow, next(name for name, kind in self.types.items() if kind.equals(arrow)).upper())

    def declared_type(self, declared: str) -> ColumnType:
        """The type of a column that a catalog declares; what isn't known is read as text, and must be that text."""
        name, first, second = declared_parts(declared)
        if name in self.types:
            return self.make_type(self.types[name], declared.upper())
        if self.decimal and name == declared_parts(self.decimal)[0] and first is not None and first <= 76:
            return self.decimal_type((pa.decimal128 if first <= 38 else pa.decimal256)(first, second or 0))
        store, fetch = f"CAST({{}} AS {declared})", f"CAST({{}} AS {self.text})"
        return ColumnType(pa.string(), declared, staged=self.text, store=store, fetch=fetch, kept=fetch.format(store),
                          comparable=False)  # fmt: skip

    def noted_type(self, declared: str, note: str | None) -> ColumnType:
        """The type of a column that a catalog declares, with the note of it: see :meth:`dao_sql.Dialect.notes`."""
        arrow = noted_type(note) if self.document and declared.upper() == self.document else None
        return self.declared_type(declared) if arrow is None else self.document_type(arrow)

    def document_type(self, arrow: pa.DataType) -> ColumnType:
        """The type of a column of documents, which are staged as text."""
        store, fetch = f"CAST({{}} AS {self.document})", f"CAST({{}} AS {self.text})"
        return ColumnType(arrow, self.document, pa.string(), self.text, store, fetch, comparable=False)

    def make_type(self, arrow: pa.DataType, sql: str) -> ColumnType:
        """The type of a column with these values and this declaration."""
        return ColumnType(arrow, sql, wire=self.wires.get(arrow, arrow))

    def decimal_type(self, arrow: pa.DataType) -> ColumnType:
        """The type of a column of decimals. They go as text, which no driver rounds."""
        sql = f"{self.decimal}({arrow.precision}, {arrow.scale})"
        return ColumnType(arrow, sql, pa.string(), self.text, f"CAST({{}} AS {sql})", f"CAST({{}} AS {self.text})")

    @property
    def text(self) -> str:
        """The SQL type of text."""
        return next(name for name, kind in self.types.items() if kind.equals(pa.string())).upper()

    def _decimals(self, arrow: pa.DataType) -> Collection[pa.DataType]:
        if not self.decimal or not pa.types.is_decimal(arrow) or arrow.precision > self.decimal_digits:
            return ()
        if not 0 <= arrow.scale <= arrow.precision:
            return ()
        return (arrow,) if arrow.bit_width == 256 else (pa.decimal128(arrow.precision, arrow.scale),)

    def encode(self, column: pa.Array, kind: ColumnType) -> pa.Array:
        """The values of a column as the driver takes them, from those of `kind.arrow`."""
        from dao.arrow.convert import cast_array
        from dao_sql._documents.encode import to_documents

        if kind.is_document:
            return to_documents(column)
        sent = cast_array(column, kind.wire)
        return _without_exponents(sent) if pa.types.is_decimal(kind.arrow) and kind.wire == pa.string() else sent

    def decode(self, column: pa.Array, kind: ColumnType) -> pa.Array:
        """The values of a column as readers get them, from what the driver gave."""
        from dao.arrow.convert import cast_array
        from dao_sql._documents.decode import from_documents

        if isinstance(column.type, pa.BaseExtensionType) and column.type != kind.arrow:
            column = column.storage
        if kind.is_document:
            return from_documents(column, kind.arrow)
        return cast_array(column, kind.arrow)


def _values_type(kind: pa.DataType) -> pa.DataType:
    """The type of the values of a dictionary or of runs; any other type itself."""
    encoded = pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind)
    return _values_type(kind.value_type) if encoded else kind


def _without_exponents(texts: pa.Array) -> pa.Array:
    """The texts of decimals in plain digits: Arrow writes small ones as 1E-38, which not every database reads."""
    if not pc.any(pc.match_substring(texts, "E")).as_py():
        return texts
    return pa.array([None if text is None else format(Decimal(text), "f") for text in texts.to_pylist()], pa.string())
