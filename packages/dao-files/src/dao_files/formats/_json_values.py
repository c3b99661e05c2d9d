"""Conversion between JSON values and Arrow arrays: type inference, building arrays, extracting values.

Inference works on whole columns with C-speed set and chain operations, not value by value. Its rules:

- true and false are bool, integers int64, larger integers decimal128(38, 0), other numbers, as -0 is one, float64;
  integers mixed with other numbers are float64 if it holds the integers exactly, else an error;
- texts stay texts regardless of content; objects are structs with the keys in order of appearance, arrays are lists;
- values of incompatible kinds (a text and a number, an object and an array) make a string column, in which values other
  than texts are their JSON text, as in Spark.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from decimal import Decimal
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dao.arrow.convert import cast_array
from dao.errors import DataError, StoreError
from dao_files.formats._float_digits import describe_rounding, first_rounded, may_change
from dao_files.formats._json_parser import SpelledNumber
from dao_files.formats._kinds import is_bytes, is_text
from dao_files.formats._nested import nest, unnest
from dao_files.formats._validity import refuse_far_years

__all__ = ["DigitsNeeded", "build_array", "infer_type", "to_values", "unify_types"]

MAX_DEPTH = 64
"""The most levels of nesting of a column: the limit of Arrow's IPC format."""

_EXACT = 1 << 53
_LARGE = pa.decimal128(38, 0)
_MOST_DIGITS = 20  # of a whole number of 64 bits
_NOT_FINITE = frozenset({"NaN", "Infinity", "-Infinity"})


class DigitsNeeded(Exception):
    """A number that was decoded as a double is asked for as a type that takes all digits of its text."""


def infer_type(values: Sequence[Any], depth: int = 0) -> pa.DataType:
    """Infer the Arrow type that holds all values.

    Args:
        values: as ``json.loads`` returns them: None, bool, int, float, Decimal, str, list, dict.
        depth: the number of nesting levels above these values.

    Raises:
        StoreError: nesting deeper than ``MAX_DEPTH``, or numbers that no common type holds exactly.
    """
    if depth > MAX_DEPTH:
        raise StoreError(f"the data is nested deeper than {MAX_DEPTH} levels")
    kinds = _kinds_of(values)
    if not kinds:
        return pa.null()
    if kinds <= {int, float, Decimal}:
        return _number_type(values, kinds)
    if len(kinds) > 1:
        return pa.string()
    kind = kinds.pop()
    if kind is str:
        return pa.string()
    if kind is bool:
        return pa.bool_()
    present = [value for value in values if value is not None]
    if kind is list:
        return pa.list_(infer_type(list(chain.from_iterable(present)), depth + 1))
    keys = dict.fromkeys(chain.from_iterable(present))
    return pa.struct([(key, infer_type([value.get(key) for value in present], depth + 1)) for key in keys])


def _kinds_of(values: Sequence[Any]) -> set[type]:
    kinds = set(map(type, values)) - {type(None)}
    return kinds - {SpelledNumber} | {Decimal} if SpelledNumber in kinds else kinds


def _number_type(values: Sequence[Any], kinds: set[type]) -> pa.DataType:
    whole = [value for value in values if type(value) is int] if int in kinds else []
    lowest, highest = (min(whole), max(whole)) if whole else (0, 0)
    if kinds == {int}:
        if lowest >= -(1 << 63) and highest < 1 << 63:
            return pa.int64()
        if max(-lowest, highest) < 10**38:
            return _LARGE
        raise StoreError(
            f"the whole number {_show_number(max(-lowest, highest))} has more than 38 digits; "
            "schema= with a text type reads it"
        )
    if max(-lowest, highest) > _EXACT:
        raise StoreError(
            f"a column has numbers with decimals and the whole number {_show_number(max(-lowest, highest))}, which a "
            "double can't hold exactly; schema= with a decimal type reads it"
        )
    return pa.float64()


def _show_number(number: int) -> str:
    return str(number) if number.bit_length() < 256 else f"of {number.bit_length()} bits"


def unify_types(first: pa.DataType, second: pa.DataType) -> pa.DataType:
    """Return the type that holds the values of two inferred types, by the rules of :func:`infer_type`.

    >>> unify_types(pa.int64(), pa.float64()), unify_types(pa.int64(), pa.string()), unify_types(pa.null(), pa.bool_())
    (DataType(double), DataType(string), DataType(bool))
    """
    if first.equals(second) or pa.types.is_null(second):
        return first
    if pa.types.is_null(first):
        return second
    numbers = {pa.int64(), pa.float64(), _LARGE}
    if first in numbers and second in numbers:
        return pa.float64() if pa.float64() in (first, second) else _LARGE
    if pa.types.is_list(first) and pa.types.is_list(second):
        return pa.list_(unify_types(first.value_type, second.value_type))
    if pa.types.is_struct(first) and pa.types.is_struct(second):
        fields = {field.name: field.type for field in first}
        for field in second:
            fields[field.name] = unify_types(fields.get(field.name, pa.null()), field.type)
        return pa.struct(list(fields.items()))
    return pa.string()


def build_array(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Build an array of a type from JSON values, as the parser decodes them.

    Texts are parsed to times, dates, timestamps, decimals, durations (in the type's unit) and base64 bytes if the type
    is one of these; in text types other values become their JSON text; ``"NaN"``, ``"Infinity"`` and ``"-Infinity"``
    are parsed to floats.

    Raises:
        DataError: a value that the type can't hold exactly.
        DigitsNeeded: a number was not decoded exactly, and the type is no double.
    """
    try:
        return nest(values, kind, _build_leaf)
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as error:
        if isinstance(error, pa.ArrowMemoryError):
            raise
        raise DataError(f"a value can't be read as {kind}: {error}") from error


def _build_leaf(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    kinds = _kinds_of(values)
    if float in kinds and not pa.types.is_float64(kind):
        raise DigitsNeeded
    if is_text(kind):
        if kinds & {list, dict} and any(map(_has_doubles, values)):
            raise DigitsNeeded
        texts = values if kinds <= {str} else [_as_text(value) for value in values]
        return pa.array(texts, kind)
    if kinds - {bool} and pa.types.is_boolean(kind):
        raise DataError(f"found {_describe_kinds(kinds - {bool})}, expected true or false")
    if bool in kinds and not pa.types.is_boolean(kind):
        raise DataError(f"found true or false, expected {kind}")
    if pa.types.is_floating(kind):
        return _build_floats(values, kind, kinds)
    if is_bytes(kind):
        return pa.array([None if value is None else base64.b64decode(value, validate=True) for value in values], kind)
    if str in kinds and not pa.types.is_boolean(kind):
        return _parse_texts(pa.array([None if value is None else str(value) for value in values], pa.string()), kind)
    if pa.types.is_integer(kind) and Decimal in kinds:
        return _build_integers(values, kind)
    return pa.array(values, kind)


def _parse_texts(texts: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_duration(kind):
        return texts.cast(pa.int64()).cast(kind)
    if pa.types.is_time(kind):  # there is no cast from text to time: cast by way of a timestamp
        return pc.binary_join_element_wise("1970-01-01", texts, "T").cast(pa.timestamp(kind.unit)).cast(kind)
    return cast_array(texts, kind)


def _build_floats(values: Sequence[Any], kind: pa.DataType, kinds: set[type]) -> pa.Array:
    if kinds - {int, float, Decimal, str}:
        raise DataError(f"found {_describe_kinds(kinds - {int, float, Decimal, str})}, expected a number")
    if str in kinds and (wrong := {value for value in values if type(value) is str} - _NOT_FINITE):
        raise DataError(f"found the text {min(wrong)!r}, expected a number")
    if kind.bit_width < 64:
        texts = pa.array([None if value is None else str(value) for value in values], pa.string())
        array = texts.cast(pa.float32()).cast(kind, safe=False)  # of the text itself, as CSV: a double rounds before
    else:
        array = pa.array(values if kinds <= {float} else list(map(_to_double, values)), kind)
        if kinds <= {float} or not pc.any(doubtful := may_change(array)).as_py():
            return array
        asked = doubtful.to_pylist()
        texts = pa.array([str(value) if asks else None for value, asks in zip(values, asked, strict=True)], pa.string())
    row = first_rounded(texts, array)
    if row >= 0:
        raise DataError(describe_rounding(texts[row].as_py(), array[row]))
    return array


def _to_double(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except OverflowError:  # a whole number
        return float("inf")


def _build_integers(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Build whole numbers from ones that may have decimals, all zero."""
    for value in values:
        # the first test is of the exponent, which may be so large that nothing can be done with the number
        if isinstance(value, Decimal) and (value.adjusted() > _MOST_DIGITS or value != value.to_integral_value()):
            raise DataError(f"found {value}, expected a whole number that {kind} holds")
    return pa.array([int(value) if isinstance(value, Decimal) else value for value in values], kind)


def _as_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else _json_text(value)


def _has_doubles(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_doubles, value.values()))
    return any(map(_has_doubles, value)) if isinstance(value, list) else isinstance(value, float)


def _json_text(value: Any) -> str:
    """Return the JSON text of a value, numbers as they were spelled."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return f"[{', '.join(map(_json_text, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_json_text(key)}: {_json_text(item)}" for key, item in value.items()) + "}"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _describe_kinds(kinds: set[type]) -> str:
    names = {str: "texts", int: "numbers", float: "numbers", Decimal: "numbers", bool: "true or false"}
    names.update({list: "arrays", dict: "objects"})
    return " and ".join(sorted({names.get(kind, kind.__name__) for kind in kinds}))


def to_values(array: pa.Array, nan: str) -> list[Any]:
    """Convert an array to values for ``json.dumps``; :func:`build_array` is the inverse.

    Args:
        array: the array.
        nan: how NaN and the infinities, which JSON lacks, are written: ``"error"``, ``"null"`` or ``"text"``.

    Raises:
        DataError: a value or type that JSON can't store.
    """
    return unnest(array, lambda leaf: _leaf_values(leaf, nan))


def _leaf_values(array: pa.Array, nan: str) -> list[Any]:
    kind = array.type
    refuse_far_years(array, "JSON")
    if pa.types.is_floating(kind):
        return _float_values(array.cast(pa.float64()), nan)
    if pa.types.is_null(kind) or pa.types.is_boolean(kind) or pa.types.is_integer(kind) or is_text(kind):
        return array.to_pylist()  # type: ignore[no-any-return]
    if is_bytes(kind):
        return [None if value is None else base64.b64encode(value).decode() for value in array.to_pylist()]
    if pa.types.is_duration(kind):
        return array.cast(pa.int64()).to_pylist()  # type: ignore[no-any-return]
    if pa.types.is_date(kind) or pa.types.is_time(kind) or pa.types.is_decimal(kind):
        return array.cast(pa.string()).to_pylist()  # type: ignore[no-any-return]
    if pa.types.is_timestamp(kind):
        return _timestamp_values(array)
    raise DataError(f"JSON can't store {kind}")


def _timestamp_values(array: pa.Array) -> list[Any]:
    """Format timestamps by ISO 8601 with a T, in UTC with a Z where the type has a zone."""
    zone = array.type.tz
    naive = array.cast(pa.timestamp(array.type.unit, "UTC")).cast(pa.timestamp(array.type.unit)) if zone else array
    texts = pc.replace_substring(naive.cast(pa.string()), " ", "T", max_replacements=1)
    return (pc.binary_join_element_wise(texts, "Z", "") if zone else texts).to_pylist()  # type: ignore[no-any-return]


def _float_values(array: pa.Array, nan: str) -> list[Any]:
    values: list[Any] = array.to_pylist()
    not_finite = pc.invert(pc.is_finite(array))
    if not pc.any(not_finite).as_py():
        return values
    if nan == "error":
        raise DataError(
            "JSON has no NaN and no infinity; the option nan='null' writes null for them, nan='text' writes "
            "'NaN', 'Infinity' and '-Infinity'"
        )
    for index in pc.indices_nonzero(not_finite.fill_null(False)).to_pylist():
        value = values[index]
        text = "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
        values[index] = None if nan == "null" else text
    return values
