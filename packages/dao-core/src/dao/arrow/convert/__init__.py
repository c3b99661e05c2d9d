"""Conversion of tabular values to Arrow streams, of Arrow results to other libraries' types, and lossless casts.

- :func:`to_reader` converts any tabular value to a :class:`pyarrow.RecordBatchReader`, lazily and without copying where
  the source allows it;
- :func:`is_tabular` tells whether :func:`to_reader` accepts a value, without importing anything;
- :func:`convert` converts a result to pandas, polars, DuckDB, Spark, a list of dicts...; :data:`INTO` has the names;
- :func:`conform` casts a stream to a schema, without loss or with an error; :func:`cast_column` casts one array;
- :func:`cast_array`, :func:`rebuild_nested` and :func:`change_types` are the parts of such casts, for the encoders of
  formats: they reach layouts that pyarrow's own casts don't;
- :func:`select_fields` resolves the projection ``columns=`` against a schema, and :func:`refuse_invalid` detects values
  that their type doesn't allow, such as text that isn't UTF-8, :func:`null_in` nulls that a field doesn't allow: checks
  of a table backend before it reads and writes;
- :func:`repeated` puts one value in all rows;
- :func:`normalise_views` converts string views to strings, for code that sorts or groups with pyarrow.

Names are imported on first access: :func:`is_tabular` and :data:`INTO` work without pyarrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao.arrow.convert._cast import cast_column, check_names, conform, conform_batch
    from dao.arrow.convert._incoming import check_tabular, to_reader
    from dao.arrow.convert._layouts import cast_array, change_types, make_list_type, rebuild_nested
    from dao.arrow.convert._nulls import null_in
    from dao.arrow.convert._outgoing import check_into, convert
    from dao.arrow.convert._recognise import INTO, is_tabular
    from dao.arrow.convert._repeated import repeated
    from dao.arrow.convert._select import find_names, select_fields
    from dao.arrow.convert._validity import VARIANT_MARK, refuse_invalid, refuse_unusable, refuse_variants
    from dao.arrow.convert._views import normalise_views, without_views

_HOMES = {
    "INTO": "dao.arrow.convert._recognise",
    "VARIANT_MARK": "dao.arrow.convert._validity",
    "cast_array": "dao.arrow.convert._layouts",
    "cast_column": "dao.arrow.convert._cast",
    "change_types": "dao.arrow.convert._layouts",
    "check_into": "dao.arrow.convert._outgoing",
    "check_names": "dao.arrow.convert._cast",
    "check_tabular": "dao.arrow.convert._incoming",
    "conform": "dao.arrow.convert._cast",
    "conform_batch": "dao.arrow.convert._cast",
    "convert": "dao.arrow.convert._outgoing",
    "find_names": "dao.arrow.convert._select",
    "is_tabular": "dao.arrow.convert._recognise",
    "make_list_type": "dao.arrow.convert._layouts",
    "normalise_views": "dao.arrow.convert._views",
    "null_in": "dao.arrow.convert._nulls",
    "rebuild_nested": "dao.arrow.convert._layouts",
    "refuse_invalid": "dao.arrow.convert._validity",
    "refuse_unusable": "dao.arrow.convert._validity",
    "refuse_variants": "dao.arrow.convert._validity",
    "repeated": "dao.arrow.convert._repeated",
    "select_fields": "dao.arrow.convert._select",
    "to_reader": "dao.arrow.convert._incoming",
    "without_views": "dao.arrow.convert._views",
}

__all__ = [
    "INTO",
    "VARIANT_MARK",
    "cast_array",
    "cast_column",
    "change_types",
    "check_into",
    "check_names",
    "check_tabular",
    "conform",
    "conform_batch",
    "convert",
    "find_names",
    "is_tabular",
    "make_list_type",
    "normalise_views",
    "null_in",
    "rebuild_nested",
    "refuse_invalid",
    "refuse_unusable",
    "refuse_variants",
    "repeated",
    "select_fields",
    "to_reader",
    "without_views",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
