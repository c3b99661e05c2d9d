"""Data in and data out: anything tabular becomes an Arrow stream, an Arrow result becomes what the caller works with.

- :func:`to_reader` takes whatever holds rows and gives a :class:`pyarrow.RecordBatchReader`, lazily and without copying
  where the source allows it;
- :func:`is_tabular` says whether :func:`to_reader` would take it, without importing anything;
- :func:`convert` turns a result into pandas, polars, DuckDB, Spark, a list of dicts...; :data:`INTO` has the names;
- :func:`conform` casts a stream to a schema, without loss or with an error, and :func:`cast_column` one array;
- :func:`cast_array`, :func:`rebuild_nested` and :func:`change_types` are what such casts are made of: to layouts that
  pyarrow's own do not reach, for the encoders of formats;
- :func:`select_fields` finds the columns of ``columns=`` in a schema, and :func:`refuse_invalid` looks for values that
  their type doesn't allow, such as text that isn't UTF-8: what a backend of tables does before it reads and writes;
- :func:`normalise_views` turns string views into strings, for the code that has to sort or group with pyarrow.

Names are loaded when they are first asked for: :func:`is_tabular` and :data:`INTO` work without pyarrow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao.arrow.convert._cast import cast_column, check_names, conform, conform_batch
    from dao.arrow.convert._incoming import check_tabular, to_reader
    from dao.arrow.convert._layouts import cast_array, change_types, make_list_type, rebuild_nested
    from dao.arrow.convert._outgoing import check_into, convert
    from dao.arrow.convert._recognise import INTO, is_tabular
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
    "rebuild_nested": "dao.arrow.convert._layouts",
    "refuse_invalid": "dao.arrow.convert._validity",
    "refuse_unusable": "dao.arrow.convert._validity",
    "refuse_variants": "dao.arrow.convert._validity",
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
    "rebuild_nested",
    "refuse_invalid",
    "refuse_unusable",
    "refuse_variants",
    "select_fields",
    "to_reader",
    "without_views",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
