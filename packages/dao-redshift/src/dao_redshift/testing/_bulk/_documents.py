"""Records of JSON and Avro files: documents become fields by name or by path.

https://docs.aws.amazon.com/redshift/latest/dg/copy-parameters-data-format.html (copy-json, copy-avro) and
https://docs.aws.amazon.com/redshift/latest/dg/copy-usage_notes-copy-from-json.html
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import fastavro
from fastavro.types import Schema

from dao_redshift.testing._bulk._avro_blocks import without_snappy
from dao_redshift.testing._bulk._columns import Column
from dao_redshift.testing._bulk._conversion import BadValue
from dao_redshift.testing._bulk._faults import internal
from dao_redshift.testing._bulk._json_text import decoder, json_text
from dao_redshift.testing._bulk._lines import Record
from dao_redshift.testing._bulk._storage import BulkStorage, Place
from dao_redshift.testing._statements import Copy, RedshiftError

__all__ = ["Shredder", "avro_records", "json_records", "shredder_of"]

_STEP = re.compile(r"\.([^.\[\]]+)|\[\s*'((?:[^'\\]|\\.)*)'\s*\]|\[\s*\"((?:[^\"\\]|\\.)*)\"\s*\]|\[\s*(\d+)\s*\]")
_WHITE = re.compile(r"\s*")
_LONGEST = 4 * 2**20

Shredder = Callable[[Any], list[Any]]
"""The values of the columns in a document."""


def shredder_of(copy: Copy, columns: tuple[Column, ...], storage: BulkStorage) -> Shredder:
    """How documents become fields.

    Raises:
        RedshiftError: the file of paths is wrong, or ``noshred`` has more than one column.
    """
    how = str(copy.options[copy.format])
    if how in ("auto", "auto ignorecase"):
        return _by_name(columns, fold=how != "auto")
    if how == "noshred":
        if len(columns) != 1 or columns[0].type != "jsonb":
            raise internal("COPY with 'noshred' needs a target of a single SUPER column", 8001)
        return lambda document: [document]
    if not how.startswith("s3://"):
        raise RedshiftError(
            f"{copy.format} expects 'auto', 'auto ignorecase', 'noshred' or the URL of a file of paths", "42601"
        )
    return _by_path(Place.of(how), columns, storage)


def _by_name(columns: tuple[Column, ...], *, fold: bool) -> Shredder:
    names = [column.name.lower() if fold else column.name for column in columns]

    def shred(document: Any) -> list[Any]:
        if not isinstance(document, dict):
            raise BadValue(1224, "Invalid JSONPath format. Expected an object")
        found = {name.lower(): value for name, value in document.items()} if fold else document
        return [found.get(name) for name in names]

    return shred


def _by_path(place: Place, columns: tuple[Column, ...], storage: BulkStorage) -> Shredder:
    try:
        spelled = json.loads(storage.read(place))["jsonpaths"]
        paths = [_steps(str(path)) for path in spelled]
    except (ValueError, KeyError, TypeError):
        raise internal(f"Invalid JSONPath format: {place.url} has no list jsonpaths of paths", 8001) from None
    if len(paths) != len(columns):
        raise internal(f"Number of jsonpaths and the number of columns should match. JSONPath size: {len(paths)}, "
                       f"Number of columns in table or column list: {len(columns)}", 8001)  # fmt: skip
    return lambda document: [_at(document, path) for path in paths]


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    at = 1
    if not path.startswith("$"):
        raise ValueError(path)
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise ValueError(path)
        name = next((one for one in found.groups()[:3] if one is not None), None)
        steps.append(int(found[4]) if name is None else name)
        at = found.end()
    return steps


def _at(document: Any, path: list[str | int]) -> Any:
    for step in path:
        if isinstance(step, int):
            document = document[step] if isinstance(document, list) and step < len(document) else None
        else:
            document = document.get(step) if isinstance(document, dict) else None
    return document


def _text(value: Any, column: Column) -> str | None:
    if value is None:
        return None
    if column.type == "jsonb":
        return json_text(value)
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}" if column.type == "numeric" else str(value)
    return json_text(value)


def _record(number: int, line: str, document: Any, columns: tuple[Column, ...], shred: Shredder) -> Record:
    try:
        fields = [_text(value, column) for value, column in zip(shred(document), columns, strict=True)]
    except BadValue as fault:
        return Record(number, line, fault)
    return Record(number, line, fields)


def json_records(texts: Iterator[str], columns: tuple[Column, ...], shred: Shredder) -> Iterator[Record]:
    """The documents of a JSON file, which follow one another with white space or nothing between them."""
    text, at, number, ended = "", 0, 1, False
    while True:
        at, number = _skipped(text, at, number)
        if at < len(text):
            try:
                document, end = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                if ended or len(text) - at > _LONGEST:
                    yield Record(number, text[at : at + 1024].split("\n")[0], BadValue(1224, "Invalid JSON format"))
                    at, number = _next_line(text, at, number)
                    continue
            else:
                complete = end < len(text) or ended  # a number could go on
                if complete:
                    yield _record(number, text[at:end], document, columns, shred)
                    number += text.count("\n", at, end)
                    at = end
                    continue
        if ended:
            return
        following = next(texts, None)
        ended = following is None
        text, at = text[at:] + (following or ""), 0


def _skipped(text: str, at: int, number: int) -> tuple[int, int]:
    found = _WHITE.match(text, at)
    end = found.end() if found else at
    return end, number + text.count("\n", at, end)


def _next_line(text: str, at: int, number: int) -> tuple[int, int]:
    end = text.find("\n", at)
    return (len(text), number) if end < 0 else (end + 1, number + 1)


def avro_records(content: bytes, columns: tuple[Column, ...], shred: Shredder, place: Place) -> Iterator[Record]:
    """The records of an Avro file.

    Raises:
        RedshiftError: it can't be read, or has logical types, which Redshift doesn't know.
    """
    try:
        reader = fastavro.reader(io.BytesIO(without_snappy(content)))
        _refuse_logical(reader.writer_schema, place)
        for number, document in enumerate(reader, start=1):
            yield _record(number, "", document, columns, shred)
    except (ValueError, EOFError, IndexError, KeyError) as error:
        raise internal(f"Cannot read the Avro file {place.url}: {error}", 8001) from None


def _refuse_logical(schema: Schema | None, place: Place) -> None:
    if isinstance(schema, list):
        for one in schema:
            _refuse_logical(one, place)
    elif isinstance(schema, dict):
        if "logicalType" in schema:
            raise RedshiftError(
                f"COPY from AVRO does not support the logical type {schema['logicalType']} in {place.url}"
            )
        for name in ("type", "items", "values"):
            if isinstance(schema.get(name), dict | list):
                _refuse_logical(schema[name], place)
        for one in schema.get("fields", ()):
            _refuse_logical(one, place)
