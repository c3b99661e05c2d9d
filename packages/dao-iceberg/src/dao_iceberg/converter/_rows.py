"""Rows of models and tables of Arrow, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import pyarrow as pa
from pydantic import TypeAdapter
from pydantic.errors import PydanticSchemaGenerationError

from dao.arrow import schema_of, to_reader
from dao.errors import DataError

__all__ = ["rows_of", "table_of"]

Model = TypeVar("Model")


def table_of(rows: Iterable[Any], schema: pa.Schema) -> pa.Table:
    """Convert records to a table of a schema; a value that it can't hold is refused."""
    rows = list(rows)
    return to_reader(rows, schema=schema).read_all() if rows else schema.empty_table()


def rows_of(table: pa.Table, model: type[Model]) -> Iterator[Model]:
    """Convert the rows of a table to records of a class that pydantic can validate; columns it lacks are left out.

    Raises:
        DataError: pydantic can't make records of the class.
    """
    try:
        adapter = TypeAdapter(model)
    except PydanticSchemaGenerationError as error:
        raise DataError(
            f"pydantic can't make rows of {model.__name__}: use a pydantic model, a dataclass or a TypedDict"
        ) from error
    fields = schema_of(model).names
    names = [name for name in table.column_names if name in fields]
    for batch in table.select(names).to_batches():
        for row in batch.to_pylist(maps_as_pydicts="strict"):
            yield adapter.validate_python(row, strict=False, by_name=True, by_alias=False)
