"""Data in and data out: anything tabular becomes an Arrow stream, an Arrow result becomes what the caller works with.

- :func:`to_reader` takes whatever holds rows and gives a :class:`pyarrow.RecordBatchReader`, lazily and without copying
  where the source allows it;
- :func:`is_tabular` says whether :func:`to_reader` would take it, without importing anything;
- :func:`convert` turns a result into pandas, polars, DuckDB, Spark, a list of dicts...; :data:`INTO` has the names;
- :func:`conform` casts a stream to a schema, without loss or with an error;
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

__all__ = ["INTO", "check_into", "conform", "convert", "is_tabular", "normalise_views", "to_reader"]

_HOMES = {
    "INTO": "recognise",
    "conform": "cast",
    "check_into": "outgoing",
    "convert": "outgoing",
    "is_tabular": "recognise",
    "normalise_views": "views",
    "to_reader": "incoming",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
