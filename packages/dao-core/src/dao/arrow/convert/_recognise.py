"""Recognition of tabular values by their type's attributes and qualified names, without importing libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from functools import lru_cache
from itertools import islice
from os import PathLike
from typing import Any, TypeVar

from dao._arguments import INTOS

__all__ = ["INTO", "Kind", "is_row", "is_row_type", "is_tabular", "kind_of", "per_type", "qualified_names"]

_T = TypeVar("_T")

INTO: tuple[str, ...] = tuple(name for name in INTOS if name != "bytes")
"""The names that :func:`dao.arrow.convert.convert` accepts as ``into``."""


class Kind(Enum):
    """The kinds of tabular values."""

    READER = "a pyarrow.RecordBatchReader"
    TABLE = "a pyarrow.Table"
    DATASET = "a pyarrow dataset or scanner"
    PANDAS = "a pandas DataFrame"
    POLARS = "a polars DataFrame"
    LAZYFRAME = "a polars LazyFrame"
    SPARK = "a Spark DataFrame"
    RELATION = "a DuckDB relation"
    STREAM = "an exporter of __arrow_c_stream__"
    ARRAY = "an exporter of __arrow_c_array__"
    NUMPY = "a numpy structured array"
    COLUMNS = "a dict of columns"
    SEQUENCE = "a list of rows or batches"
    ITERABLE = "an iterable of rows or batches"


_BY_NAME: dict[str, Kind | None] = {
    "pyarrow.lib.Schema": None,  # iterable, but not a table
    "pyarrow.lib.RecordBatchReader": Kind.READER,
    "pyarrow.lib.Table": Kind.TABLE,
    "pyarrow._dataset.Dataset": Kind.DATASET,
    "pyarrow._dataset.Scanner": Kind.DATASET,
    "pandas.DataFrame": Kind.PANDAS,  # pandas 3
    "pandas.core.frame.DataFrame": Kind.PANDAS,  # pandas 2
    "polars.dataframe.frame.DataFrame": Kind.POLARS,
    "polars.lazyframe.frame.LazyFrame": Kind.LAZYFRAME,
    "pyspark.sql.dataframe.DataFrame": Kind.SPARK,  # also the parent of both kinds from Spark 4.0 on
    "pyspark.sql.connect.dataframe.DataFrame": Kind.SPARK,
    "duckdb._relation.DuckDBPyRelation": Kind.RELATION,  # DuckDB 2
    "_duckdb.DuckDBPyRelation": Kind.RELATION,
    "duckdb.duckdb.DuckDBPyRelation": Kind.RELATION,
    "numpy.ndarray": Kind.NUMPY,
}
_NEVER = (str, bytes, bytearray, memoryview, PathLike)
_MODEL_MARKS = ("__attrs_attrs__", "__dataclass_fields__", "__pydantic_complete__")
_A_COLUMN_HAS = ("__arrow_c_array__", "__arrow_c_stream__", "__array__")


def per_type(function: Callable[[type], _T]) -> Callable[[type], _T]:
    """Cache the results of a function of a type, for the last 1,024 types."""
    return lru_cache(maxsize=1024)(function)


@per_type
def qualified_names(kind: type) -> tuple[str, ...]:
    """The ``module.name`` of a class and its base classes, in method resolution order."""
    return tuple(f"{base.__module__}.{base.__qualname__}" for base in kind.__mro__)


@per_type
def _kind_of_type(kind: type) -> Kind | None:
    """The kind according to the type alone; for dicts, lists and arrays the content decides too."""
    for name in qualified_names(kind):
        if name in _BY_NAME:
            return _BY_NAME[name]
    if hasattr(kind, "__arrow_c_stream__"):
        return Kind.STREAM
    if hasattr(kind, "__arrow_c_array__"):
        return Kind.ARRAY
    if issubclass(kind, _NEVER) or hasattr(kind, "read") or is_row_type(kind):
        return None
    if issubclass(kind, Mapping):
        return Kind.COLUMNS
    if issubclass(kind, (list, tuple)):
        return Kind.SEQUENCE
    return Kind.ITERABLE if issubclass(kind, Iterable) else None


@per_type
def is_row_type(kind: type) -> bool:
    """Whether instances are records with named fields: attrs, dataclass, pydantic, NamedTuple."""
    return any(hasattr(kind, mark) for mark in _MODEL_MARKS) or (issubclass(kind, tuple) and hasattr(kind, "_fields"))


def is_row(value: Any) -> bool:
    """Whether a value is one row: a mapping, or an instance of a record class.

    >>> is_row({"a": 1}), is_row([1])
    (True, False)
    """
    return isinstance(value, Mapping) or is_row_type(type(value))


def _is_column(value: Any) -> bool:
    if isinstance(value, (str, bytes, bytearray, Mapping)):
        return False
    return isinstance(value, (list, tuple, range)) or any(hasattr(value, mark) for mark in _A_COLUMN_HAS)


def kind_of(data: Any) -> Kind | None:
    """The kind of a tabular value, ``None`` if it isn't one. Consumes nothing."""
    kind = _kind_of_type(type(data))
    if kind is Kind.COLUMNS:
        return kind if data and all(_is_column(values) for values in islice(data.values(), 8)) else None
    if kind is Kind.SEQUENCE and data:
        return kind if is_row(data[0]) or kind_of(data[0]) is not None else None
    if kind is Kind.NUMPY and not data.dtype.names:
        return None
    return kind


def is_tabular(data: Any) -> bool:
    """Whether :func:`dao.arrow.convert.to_reader` accepts ``data``. Takes microseconds, imports and consumes nothing.

    Tables, data frames and streams are recognised by type; a list or tuple by its first element; a dict by its values.
    An iterator, such as a generator, is assumed to be tabular, since inspecting it would consume it. Text, bytes,
    paths, file objects and single records are not tabular.

    >>> is_tabular([{"a": 1}]), is_tabular({"a": [1, 2]}), is_tabular(b"a,b"), is_tabular([1, 2])
    (True, True, False, False)
    """
    return kind_of(data) is not None
