"""Conversion of Arrow results to the types of other libraries."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pt

from dao.arrow.convert._frames import was_nullable
from dao.arrow.convert._incoming import to_reader
from dao.arrow.convert._recognise import INTO, Kind, kind_of
from dao.arrow.convert._validity import refuse_unusable
from dao.errors import ConfigError, DataError, PluginError, did_you_mean

__all__ = ["check_into", "convert"]

_EXACT_AS_FLOAT = 2**53
_NULLABLE = {name: name.replace("int", "Int").replace("u", "U", 1) for name in (
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"
)}  # fmt: skip


def convert(result: Any, into: str) -> Any:
    """Convert a result to the type that ``into`` names, with at most one copy; a value of that type is returned as is.

    ============ ============================== ======================================================================
    ``into``     returns                        copies
    ============ ============================== ======================================================================
    ``arrow``    ``pyarrow.Table``              none
    ``reader``   ``pyarrow.RecordBatchReader``  none; a lazy stream stays lazy
    ``pandas``   ``pandas.DataFrame``           numbers, once: pandas can't write into Arrow's memory. Text: none
    ``polars``   ``polars.DataFrame``           text in the old layout, once; else none
    ``duckdb``   ``duckdb.DuckDBPyRelation``    none; on DuckDB's default connection, which is one per process
    ``spark``    ``pyspark.sql.DataFrame``      sent to the active SparkSession
    ``pylist``   ``list[dict]``                 everything, to Python objects
    ============ ============================== ======================================================================

    Types in **pandas** are the defaults of pandas and pyarrow. Text is ``str``; a timestamp is ``datetime64`` in its
    own unit and zone; dates, times, decimals and bytes are Python objects; dictionaries are categories; integers and
    booleans are ``Int64`` (``Int8``, ``UInt64``...) and ``boolean`` if the column has nulls or came from such a pandas
    column, else ``int64`` and ``bool``. Columns whose default type would change a value remain Arrow's
    (``ArrowDtype``): times with nanoseconds; lists, structs and maps with such times, or with nulls among integers
    beyond 2**53. The index is ``0..n-1``, regardless of pandas metadata in the table. A table that is read from a
    stream is freed column by column while the frame is made.

    In **polars** maps are lists of structs; zones, units and categories are preserved. **DuckDB** compares column names
    without case, and renames the second of ``id`` and ``Id`` to ``Id_1``. In **pylist** maps are lists of pairs, and
    timestamps with nanoseconds are pandas' Timestamps.

    Args:
        result: an Arrow table or stream, or any other value that :func:`to_reader` accepts.
        into: one of :data:`INTO`.

    Raises:
        DataError: ``into`` is not known, the result is not tabular, or the library can't hold its types or values.
        PluginError: the library is not installed; the message has the command that installs it.
        ConfigError: there is no active SparkSession.

    >>> convert(pa.table({"id": [1, 2]}), "pylist")
    [{'id': 1}, {'id': 2}]
    """
    target = _target(into)
    kind = kind_of(result)
    if kind is None:
        advice = "format= says how to read a file as rows, or " if isinstance(result, bytes) else ""
        raise DataError(f"into={into!r} converts a table, and this is {type(result).__name__}: {advice}leave into= out")
    if kind is _KIND_OF_TARGET.get(into):
        return result
    if isinstance(result, pa.Table | pa.RecordBatchReader):
        refuse_unusable(result.schema)
    return target(result)


def check_into(into: str) -> None:
    """Check that :func:`convert` can convert to ``into``, before there is a result.

    Raises:
        DataError: ``into`` is not known.
        PluginError: the library is not installed; the message has the command that installs it.
        ConfigError: there is no active SparkSession.
    """
    _target(into)
    library = _LIBRARIES.get(into)
    if library is not None:
        _library(library, into)
    if into == "spark":
        _spark_session()


def _target(into: str) -> Callable[[Any], Any]:
    target = _TARGETS.get(into)
    if target is None:
        raise DataError(f"into={into!r} is not known: {did_you_mean(str(into), INTO)}")
    return target


def _to_arrow(result: Any) -> pa.Table:
    return result if isinstance(result, pa.Table) else to_reader(result).read_all()


def _table(result: Any) -> pa.Table:
    """The rows as a table with valid times of day: Python and DuckDB would turn 24:00 and later into other times."""
    table = _to_arrow(result)
    for name, column in zip(table.column_names, table.columns, strict=True):
        for chunk in column.chunks if _holds(column.type, pt.is_time) else ():
            try:
                chunk.validate(full=True)
            except pa.ArrowInvalid as error:
                raise DataError(f"column {name!r}: {error}; into='arrow' keeps it") from error
    return table


def _holds(kind: pa.DataType, matches: Callable[[pa.DataType], bool]) -> bool:
    """Whether a type or one of the types nested in it matches."""
    if isinstance(kind, pa.BaseExtensionType):
        return _holds(kind.storage_type, matches)
    if pt.is_dictionary(kind) or pt.is_run_end_encoded(kind):
        return _holds(kind.value_type, matches)
    return matches(kind) or any(_holds(kind.field(place).type, matches) for place in range(kind.num_fields))


def _library(name: str, into: str) -> Any:
    try:
        return import_module(name)
    except ImportError as error:
        missing = isinstance(error, ModuleNotFoundError) and error.name in (name, name.partition(".")[0])
        why = f"is not installed: pip install {name.partition('.')[0]}" if missing else f"can't be imported: {error}"
        raise PluginError(f"into={into!r} needs {name.partition('.')[0]}, which {why}") from error


def _refusal(into: str, error: Exception) -> DataError:
    return DataError(f"into={into!r}: {error}. into='arrow' keeps every type")


def _to_pandas(result: Any) -> Any:
    pandas = _library("pandas", "pandas")
    ours = not isinstance(result, pa.Table)
    table = _table(result)
    for field in table.schema:
        if _holds(field.type, _repeats_a_name):
            raise _refusal("pandas", DataError(f"column {field.name!r} has structs with two fields of one name"))
    kept = {
        i: dtype
        for i in range(table.num_columns)
        if (dtype := _exact_dtype(pandas, table.field(i), table.column(i))) is not None
    }
    exact = {i: table.column(i) for i in kept}
    plain = table.select([i for i in range(table.num_columns) if i not in kept]) if kept else table
    names, length = table.column_names, table.num_rows
    del table, result
    try:
        # No split_blocks: without a copy pandas refuses df.loc[0, "x"] = 1, since Arrow's memory is read-only.
        frame = plain.to_pandas(ignore_metadata=True, self_destruct=ours)
    except (pa.ArrowException, OverflowError, ValueError, TypeError) as error:
        raise _refusal("pandas", error) from error
    if kept and not len(frame.columns):
        frame = pandas.DataFrame(index=pandas.RangeIndex(length))
    for i, dtype in sorted(kept.items()):
        series = exact.pop(i).to_pandas(types_mapper=lambda _, dtype=dtype: dtype)
        frame.insert(i, names[i], series, allow_duplicates=True)
    return frame


def _exact_dtype(pandas: Any, field: pa.Field, column: pa.ChunkedArray) -> Any:
    """The pandas type that preserves a column's values if the default one would change some; else ``None``."""
    if pt.is_integer(column.type) or pt.is_boolean(column.type):
        if not (column.null_count or was_nullable(field)):
            return None
        name = str(column.type)
        return pandas.BooleanDtype() if name == "bool" else pandas.array([], dtype=_NULLABLE[name]).dtype
    arrow = column.type
    if pt.is_nested(arrow) and any(_needs_arrow(leaf) for chunk in column.chunks for leaf in _leaves(chunk)):
        return pandas.ArrowDtype(arrow)
    return pandas.ArrowDtype(arrow) if _needs_arrow(column) and not pt.is_nested(arrow) else None


def _repeats_a_name(kind: pa.DataType) -> bool:
    return bool(pt.is_struct(kind) and len({part.name for part in kind}) < kind.num_fields)


def _needs_arrow(leaf: Any) -> bool:
    if pt.is_integer(leaf.type):
        return _beyond_float(leaf)
    if pt.is_time64(leaf.type) and leaf.type.unit == "ns":
        whole = leaf.cast(pa.time64("us"), safe=False).cast(pa.time64("ns"))
        return not pc.all(pc.equal(leaf, whole), min_count=0).as_py()
    return False


def _beyond_float(values: Any) -> bool:
    """Whether integers have nulls, which makes them float64 in pandas, and a value that a float64 can't hold."""
    if not values.null_count or values.type.bit_width < 64:
        return False
    ends = pc.min_max(values).as_py()
    return ends["max"] is not None and max(abs(ends["min"]), ends["max"]) > _EXACT_AS_FLOAT


def _leaves(array: Any) -> list[Any]:
    """The leaf arrays of a nested array."""
    if pt.is_struct(array.type):
        return [leaf for child in array.flatten() for leaf in _leaves(child)]
    if pt.is_map(array.type):
        return [*_leaves(array.keys), *_leaves(array.items)]
    if pt.is_nested(array.type) and hasattr(array, "flatten"):
        return _leaves(array.flatten())
    return [array]


def _to_polars(result: Any) -> Any:
    polars = _library("polars", "polars")
    if kind_of(result) is Kind.LAZYFRAME:
        return result.collect()
    try:
        table = _table(result)
        for leaf in (leaf for column in table.columns for chunk in column.chunks for leaf in _leaves(chunk)):
            if getattr(leaf.type, "unit", "") == "s" and not pt.is_time(leaf.type):
                # Raises on overflow: polars converts seconds to milliseconds too, unchecked.
                leaf.cast(pa.int64()).cast(pa.duration("s")).cast(pa.duration("ms"))
        return polars.from_arrow(table, rechunk=False)
    except (Exception, polars.exceptions.PanicException) as error:
        raise _refusal("polars", error) from error


def _to_duckdb(result: Any) -> Any:
    duckdb = _library("duckdb", "duckdb")
    table = _table(result)
    if any(_has_nanoseconds(leaf) for column in table.columns for chunk in column.chunks for leaf in _leaves(chunk)):
        raise _refusal("duckdb", DataError("DuckDB's intervals have microseconds, and one has nanoseconds"))
    try:
        return duckdb.from_arrow(table)
    except duckdb.Error as error:
        raise _refusal("duckdb", error) from error


def _has_nanoseconds(leaf: Any) -> bool:
    """Whether an interval has a value that is not a whole number of microseconds."""
    if not pt.is_interval(leaf.type) or not len(leaf):
        return False
    halves = pa.Array.from_buffers(pa.int64(), 2 * len(leaf), [None, leaf.buffers()[1]], offset=2 * leaf.offset)
    nanoseconds = halves.take(pa.array(range(1, 2 * len(leaf), 2))).filter(leaf.is_valid())
    whole = pc.multiply(pc.divide(nanoseconds, 1000), 1000)
    return not pc.all(pc.equal(nanoseconds, whole), min_count=0).as_py()


def _spark_session() -> Any:
    session = _library("pyspark.sql", "spark").SparkSession.getActiveSession()
    if session is None:
        raise ConfigError(
            "into='spark' needs an active SparkSession in this thread: SparkSession.builder.getOrCreate() makes one"
        )
    return session


def _to_spark(result: Any) -> Any:
    session = _spark_session()
    if not hasattr(import_module("pyspark.sql").DataFrame, "toArrow"):
        return session.createDataFrame(_to_pandas(result))  # Spark 3 takes no Arrow table
    return session.createDataFrame(_table(result))


def _to_pylist(result: Any) -> Any:
    table = _table(result)
    try:
        return table.to_pylist()
    except (pa.ArrowInvalid, ValueError, OverflowError, ImportError) as error:
        raise _refusal("pylist", error) from error


_TARGETS: dict[str, Callable[[Any], Any]] = {
    "arrow": _to_arrow,
    "duckdb": _to_duckdb,
    "pandas": _to_pandas,
    "polars": _to_polars,
    "pylist": _to_pylist,
    "reader": to_reader,
    "spark": _to_spark,
}
_LIBRARIES: dict[str, str] = {"duckdb": "duckdb", "pandas": "pandas", "polars": "polars", "spark": "pyspark.sql"}
_KIND_OF_TARGET: dict[str, Kind] = {
    "arrow": Kind.TABLE,
    "duckdb": Kind.RELATION,
    "pandas": Kind.PANDAS,
    "polars": Kind.POLARS,
    "reader": Kind.READER,
    "spark": Kind.SPARK,
}
