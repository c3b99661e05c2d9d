"""Hive partitions: conversion between paths such as ``country=DE/month=1/part-0.parquet`` and column values.

Names and values are percent-encoded as Spark and Hive do; a null is ``__HIVE_DEFAULT_PARTITION__``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc

from dao.errors import DataError
from dao_files.formats._float_digits import describe_rounding, first_changed
from dao_files.formats._pruning import prune

__all__ = ["NULL_PARTITION", "hive_path", "hive_values", "partition_types", "partition_values", "prune_files"]

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""The partition value that stands for null in a directory name."""

_WHOLE = re.compile(r"-?(0|[1-9][0-9]{0,17})\Z")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


def hive_values(path: str) -> dict[str, str | None]:
    """Decode the partition values in a path's directories, as text (None for null), outermost first.

    >>> hive_values("flights/country=DE/month=1/part-0.parquet")
    {'country': 'DE', 'month': '1'}
    """
    pairs = (segment.split("=", 1) for segment in path.split("/")[:-1] if "=" in segment)
    return {unquote(name): None if value == NULL_PARTITION else unquote(value) for name, value in pairs if name}


def hive_path(values: Mapping[str, Any]) -> str:
    """Encode partition values as directories, outermost first; the inverse of :func:`hive_values`.

    Args:
        values: column name to value; ``None`` is null. Values are encoded as text.

    >>> hive_path({"country": "DE", "month": 1, "note": "a/b", "x": None})
    'country=DE/month=1/note=a%2Fb/x=__HIVE_DEFAULT_PARTITION__'
    """
    return "/".join(f"{_quote_name(name)}={_quote_value(value)}" for name, value in values.items())


def _quote(text: str) -> str:
    return quote(text, safe=" !$()+,-.;@_")


def _quote_name(name: str) -> str:
    """Encode a column name for a directory name, including a leading dot, which would hide the directory."""
    return f"%2E{_quote(name[1:])}" if name.startswith(".") else _quote(name)


def _quote_value(value: Any) -> str:
    if value is None:
        return NULL_PARTITION
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"%5F{text[1:]}" if text == NULL_PARTITION else _quote(text)  # a text that equals the marker of null


def partition_types(
    paths: Sequence[str], partitions: Sequence[Mapping[str, str | None]] | None, schema: pa.Schema | None
) -> pa.Schema:
    """Determine the partition schema: the given types, else int64, date32 or string by all values.

    Raises:
        DataError: not one mapping per path, or mappings with different columns.
    """
    if partitions is None:
        return pa.schema([])
    if len(partitions) != len(paths):
        raise DataError(f"partitions: found {len(partitions)} mappings for {len(paths)} paths, expected one per path")
    names = list(partitions[0]) if partitions else []
    for path, values in zip(paths, partitions, strict=True):
        if list(values) != names:
            raise DataError(f"partitions of {path!r}: found the columns {list(values)}, expected {names}")
    given = {field.name: field for field in schema} if schema is not None else {}
    return pa.schema(
        [given.get(name) or pa.field(name, _infer_type([row[name] for row in partitions])) for name in names]
    )


def _infer_type(texts: Sequence[str | None]) -> pa.DataType:
    present = {text for text in texts if text is not None}
    if present and all(_WHOLE.match(text) for text in present):
        return pa.int64()
    if present and all(_DATE.match(text) for text in present):
        try:
            pa.array(sorted(present)).cast(pa.date32())
        except pa.ArrowInvalid:
            return pa.string()
        return pa.date32()
    return pa.string()


def partition_values(values: Mapping[str, str | None], schema: pa.Schema) -> dict[str, pa.Scalar]:
    """Convert the texts of one file's partition to scalars of the partition schema.

    Raises:
        DataError: a text that doesn't fit its column's type.
    """
    return {field.name: _parse_scalar(field, values.get(field.name)) for field in schema}


def _parse_scalar(field: pa.Field, text: str | None) -> pa.Scalar:
    if text is None:
        return pa.scalar(None, field.type)
    try:
        if pa.types.is_dictionary(kind := field.type):  # Arrow casts scalars only to dictionaries of texts
            only = pa.repeat(_parse_scalar(field.with_type(kind.value_type), text), 1)
            return pa.DictionaryArray.from_arrays(pa.array([0], kind.index_type), only, ordered=kind.ordered)[0]
        found = pc.cast(pa.scalar(text), field.type)
        if pa.types.is_floating(field.type) and first_changed(pa.array([text]), pa.repeat(found, 1)) >= 0:
            raise DataError(f"partition column {field.name!r}: {describe_rounding(text, found)}")
        return found
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise DataError(f"partition column {field.name!r}: {text!r} is no {field.type}") from error


def prune_files(
    predicate: Any, whole: pa.Schema, schema: pa.Schema, partitions: Sequence[Mapping[str, str | None]]
) -> list[int]:
    """Return the indices of the files whose partition values don't rule out the predicate.

    Args:
        predicate: a pyarrow Expression over ``whole``, or None.
        whole: all columns, of the files and of the partitions.
        schema: the partition columns.
        partitions: the partition values of each file.
    """
    if predicate is None or not schema.names:
        return list(range(len(partitions)))
    return prune(predicate, whole, [_guarantee(row, schema) for row in partitions])


def _guarantee(row: Mapping[str, str | None], schema: pa.Schema) -> pc.Expression:
    whole = pc.scalar(True)
    for name, value in partition_values(row, schema).items():
        known = pc.field(name) == value if value.is_valid else pc.field(name).is_null()
        whole = known & whole
    return whole
