"""Conversion of any tabular value to one Arrow stream."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import islice
from types import GeneratorType
from typing import Any
from weakref import WeakSet

import pyarrow as pa

from dao.arrow.convert._cast import conform
from dao.arrow.convert._columns import refuse_objects
from dao.arrow.convert._frames import open_pandas
from dao.arrow.convert._recognise import Kind, is_row, kind_of, qualified_names
from dao.arrow.convert._rows import columns_to_table, rows_in_batches, rows_to_table
from dao.arrow.convert._validity import refuse_unusable
from dao.arrow.convert._views import normalise_dictionaries
from dao.errors import DataError

__all__ = ["check_tabular", "to_reader"]

_TAKEN: WeakSet[Any] = WeakSet()
"""Streams that were passed in before: reading one again would silently yield no rows."""


def to_reader(data: Any, *, schema: Any = None) -> pa.RecordBatchReader:
    """Convert any tabular value to one stream of record batches. Sources are read lazily, as the stream is read.

    Accepted are:

    - any exporter of ``__arrow_c_stream__`` or ``__arrow_c_array__``: pyarrow's Table, RecordBatch and
      RecordBatchReader, polars, DuckDB relations, DataFusion, arro3 (deltalake), Spark from 4.2 on; without copying;
    - pandas DataFrames: numbers without copying; an index with a name becomes a column, one without a name is dropped
      if it is a ``RangeIndex`` or ``0..n-1``, and refused otherwise; NaN becomes null, as it is a missing value in
      pandas; ``attrs`` are dropped;
    - pyarrow datasets and scanners, polars LazyFrames: lazily; Spark DataFrames from 4.0 on: collected by the driver;
    - a list of dicts (columns in the order of first appearance, a missing key is a null) or of records: attrs,
      dataclass, pydantic or NamedTuple instances, typed by their class where its annotations allow it;
    - a dict of columns, a numpy structured array;
    - an iterable of any of these, read lazily. Batches must have one schema. The types of rows are inferred from the
      first 65,536 of them unless ``schema`` is given. Without ``schema`` the first element is read at once, since a
      stream has a schema.

    Args:
        data: the rows.
        schema: the schema that the stream must have: a :class:`pyarrow.Schema` or anything that
            :func:`dao.arrow.models.schema_of` accepts. Columns are matched by name and cast without loss, see
            :func:`dao.arrow.convert.conform`.

    Raises:
        DataError: not tabular, empty without a schema, a stream that was passed in before, a column whose values are of
            several types (the message names the column and the row), or data that doesn't fit ``schema``. What is known
            from the types is raised at once, the rest as the stream is read.

    >>> to_reader([{"id": 1, "name": "a"}, {"id": 2.5}]).read_all().to_pydict()
    {'id': [1.0, 2.5], 'name': ['a', None]}
    """
    wanted = None if schema is None else _schema(schema)
    check_tabular(data, has_schema=wanted is not None)
    kind = kind_of(data)
    assert kind is not None
    try:
        reader = normalise_dictionaries(_OPENERS[kind](data, wanted))
    except UnicodeEncodeError as error:
        raise DataError(f"the name of a column or field is not text that UTF-8 holds: {error}") from error
    refuse_unusable(reader.schema)
    if wanted is not None:
        reader = conform(reader, wanted)
    if kind in (Kind.READER, Kind.ITERABLE):
        _take(data)
    return reader


def _schema(given: Any) -> pa.Schema:
    if isinstance(given, pa.Schema):
        return given
    from dao.arrow.models import schema_of

    return schema_of(given)


def check_tabular(data: Any, *, has_schema: bool = True) -> None:
    """Check that :func:`to_reader` accepts a value, as far as possible without consuming it.

    Args:
        data: the rows.
        has_schema: the schema is known otherwise, so that ``data`` may be empty.

    Raises:
        DataError: the value is not tabular, or empty without a schema; the message says what would be accepted.
    """
    kind = kind_of(data)
    if kind is None:
        raise _not_tabular(data)
    if not has_schema and kind in (Kind.SEQUENCE, Kind.ITERABLE) and isinstance(data, Collection) and not data:
        raise _empty(data)
    if kind is Kind.ITERABLE and isinstance(data, Collection):  # such as a set: iterating doesn't consume it
        for first in islice(data, 1):
            if not is_row(first) and kind_of(first) is None:
                raise _not_tabular(data)


def _not_tabular(data: Any) -> DataError:
    what = qualified_names(type(data))[0].removeprefix("builtins.")
    hint = (
        "an Arrow table or stream, a pandas, polars or Spark DataFrame, a DuckDB relation, a list of dicts or records, "
        "a dict of columns, or an iterable of record batches"
    )
    if isinstance(data, (list, tuple)) and data:
        what += f" of {qualified_names(type(data[0]))[0].removeprefix('builtins.')}"
    elif is_row(data):
        hint = "a list of rows: put it in one"
    return DataError(f"{what} is not tabular; what works: {hint}")


def _empty(data: Any) -> DataError:
    return DataError(
        f"an empty {type(data).__name__} has no columns: give schema= where that is an argument, else an Arrow table "
        "without rows (schema.empty_table()); or check whether it was read already"
    )


def _take(data: Any) -> None:
    """Remember a stream that can be read only once; iterators without weak references, such as ``map``, can't be."""
    if kind_of(data) is Kind.READER or isinstance(data, GeneratorType):
        _TAKEN.add(data)


def _check_fresh(data: Any) -> None:
    spent = isinstance(data, GeneratorType) and data.gi_frame is None
    if spent or (isinstance(data, (pa.RecordBatchReader, GeneratorType)) and data in _TAKEN):
        raise DataError(
            f"this {type(data).__name__} was passed in or read before, and can be read only once: "
            "make a new one, or read it into a table first"
        )


def _open_reader(data: Any, schema: pa.Schema | None) -> pa.RecordBatchReader:
    _check_fresh(data)
    # A Python iterator rather than RecordBatchReader.from_stream: across a C stream exceptions lose their type.
    return pa.RecordBatchReader.from_batches(data.schema, iter(data))


def _open_dataset(data: Any, schema: pa.Schema | None) -> pa.RecordBatchReader:
    return (data.scanner() if hasattr(data, "scanner") else data).to_reader()


def _open_stream(data: Any, schema: pa.Schema | None) -> pa.RecordBatchReader:
    try:
        return pa.RecordBatchReader.from_stream(data)
    except DataError:
        raise
    except Exception as error:  # exporters may raise any exception; each means that the value can't be read
        raise DataError(
            f"{type(data).__name__} exports no Arrow stream of rows: {error}. "
            "A single column has to be put in a table; a stream can be read only once"
        ) from error


def _open_polars(data: Any, schema: pa.Schema | None) -> pa.RecordBatchReader:
    for name, dtype in data.schema.items():
        refuse_objects(name, dtype)
    return _open_stream(data, schema)


def _open_array(data: Any, schema: pa.Schema | None) -> pa.RecordBatchReader:
    try:
        batch = pa.record_batch(data)
    except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError, ValueError) as error:
        raise DataError(
            f"{type(data).__name__} is no record batch: {error}; a single column has to be put in a table"
        ) from error
    return pa.RecordBatchReader.from_batches(batch.schema, [batch])


def _open_lazyframe(data: Any, schema: pa.Schema | None) -> pa.RecordBatchReader:
    if not hasattr(data, "collect_batches"):  # polars before 1.35
        return _open_polars(data.collect(), schema)
    empty = _open_polars(data.collect_schema().to_frame(), schema)
    batches = (batch for frame in data.collect_batches(lazy=True) for batch in _open_stream(frame, schema))
    return pa.RecordBatchReader.from_batches(empty.schema, batches)


def _open_spark(data: Any, schema: pa.Schema | None) -> pa.RecordBatchReader:
    if hasattr(data, "__arrow_c_stream__"):
        return _open_stream(data, schema)
    if not hasattr(data, "toArrow"):
        raise DataError(
            "Spark DataFrames can be read as Arrow from Spark 4.0 on; here write it with a Spark interface instead"
        )
    return data.toArrow().to_reader()


def _open_relation(data: Any, schema: pa.Schema | None) -> pa.RecordBatchReader:
    return _open_stream(data, schema) if hasattr(data, "__arrow_c_stream__") else data.fetch_record_batch()


def _open_numpy(data: Any, schema: pa.Schema | None) -> pa.RecordBatchReader:
    return columns_to_table({name: data[name] for name in data.dtype.names}, schema).to_reader()


def _open_columns(data: Any, schema: pa.Schema | None) -> pa.RecordBatchReader:
    return columns_to_table(data, schema).to_reader()


def _open_sequence(data: Any, schema: pa.Schema | None) -> pa.RecordBatchReader:
    if data and is_row(data[0]):
        return rows_to_table(data, schema).to_reader()
    return _open_iterable(data, schema)


def _open_iterable(data: Any, schema: pa.Schema | None) -> pa.RecordBatchReader:
    _check_fresh(data)
    items = iter(data)
    if schema is not None:
        return pa.RecordBatchReader.from_batches(schema, _chain(items, schema))
    try:
        first = next(items)
    except StopIteration:
        raise _empty(data) from None
    if is_row(first):
        return rows_in_batches(first, items)
    opened = to_reader(first)
    return pa.RecordBatchReader.from_batches(opened.schema, _agreeing(opened, items))


def _chain(items: Iterator[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Yield the batches of all elements, cast to one schema; the kind of each element is checked as it is read."""
    for item in items:
        yield from (rows_in_batches(item, items, schema) if is_row(item) else to_reader(item, schema=schema))


def _agreeing(opened: pa.RecordBatchReader, items: Iterator[Any]) -> Iterator[pa.RecordBatch]:
    yield from opened
    for position, item in enumerate(items, start=1):
        reader = to_reader(item)
        if not reader.schema.equals(opened.schema):
            raise DataError(
                f"element {position} has another schema than the first one: {_difference(opened.schema, reader.schema)}"
            )
        if reader.schema.metadata == opened.schema.metadata:
            yield from reader
        else:
            yield from (batch.replace_schema_metadata(opened.schema.metadata) for batch in reader)


def _difference(first: pa.Schema, other: pa.Schema) -> str:
    if first.names != other.names:
        return f"columns {other.names} instead of {first.names}"
    pairs = ((a, b) for a, b in zip(first, other, strict=True) if not a.equals(b))
    return ", ".join(f"{a.name!r} is {_declared(b)} instead of {_declared(a)}" for a, b in pairs)


def _declared(field: pa.Field) -> str:
    return f"{field.type}{'' if field.nullable else ' not null'}"


_OPENERS: dict[Kind, Callable[[Any, pa.Schema | None], Any]] = {
    Kind.READER: _open_reader,
    Kind.TABLE: lambda data, schema: data.to_reader(),
    Kind.DATASET: _open_dataset,
    Kind.PANDAS: open_pandas,
    Kind.POLARS: _open_polars,
    Kind.LAZYFRAME: _open_lazyframe,
    Kind.SPARK: _open_spark,
    Kind.RELATION: _open_relation,
    Kind.STREAM: _open_stream,
    Kind.ARRAY: _open_array,
    Kind.NUMPY: _open_numpy,
    Kind.COLUMNS: _open_columns,
    Kind.SEQUENCE: _open_sequence,
    Kind.ITERABLE: _open_iterable,
}
