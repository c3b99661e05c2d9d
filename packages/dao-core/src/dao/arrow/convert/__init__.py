"""Data in and data out: anything tabular becomes an Arrow stream, an Arrow result becomes what the caller works with.

- :func:`to_reader` takes whatever holds rows and gives a :class:`pyarrow.RecordBatchReader`, lazily and without copying
  where the source allows it;
- :func:`is_tabular` says whether :func:`to_reader` would take it, without importing anything;
- :func:`convert` turns a result into pandas, polars, DuckDB, Spark, a list of dicts...; :data:`INTO` has the names;
- :func:`conform` casts a stream to a schema, without loss or with an error;
- :func:`select_fields` finds the columns of ``columns=`` in a schema, and :func:`refuse_invalid` looks for values that
  their type doesn't allow, such as text that isn't UTF-8: what a backend of tables does before it reads and writes;
- :func:`normalise_views` turns string views into strings, for the code that has to sort or group with pyarrow.

Names are loaded when they are first asked for: :func:`is_tabular` and :data:`INTO` work without pyarrow.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dao.arrow.convert.cast import conform
    from dao.arrow.convert.incoming import to_reader
    from dao.arrow.convert.outgoing import check_into, convert
    from dao.arrow.convert.recognise import INTO, is_tabular
    from dao.arrow.convert.views import normalise_views
    from dao.arrow.formats.shape import select_fields
    from dao.arrow.formats.validity import refuse_invalid

__all__ = [
    "INTO",
    "check_into",
    "conform",
    "convert",
    "is_tabular",
    "normalise_views",
    "refuse_invalid",
    "select_fields",
    "to_reader",
]

_HOMES = {
    "INTO": "convert.recognise",
    "check_into": "convert.outgoing",
    "conform": "convert.cast",
    "convert": "convert.outgoing",
    "is_tabular": "convert.recognise",
    "normalise_views": "convert.views",
    "refuse_invalid": "formats.validity",
    "select_fields": "formats.shape",
    "to_reader": "convert.incoming",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"dao.arrow.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
