"""Rows of models and tables of Arrow, both ways."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeVar

import pyarrow as pa

from dao.arrow import to_reader

__all__ = ["rows_of", "table_of"]

Model = TypeVar("Model")


def table_of(rows: Iterable[Any], schema: pa.Schema) -> pa.Table:
    """Convert records to a table of a schema; a value that it can't hold is refused."""
    rows = list(rows)
    return to_reader(rows, schema=schema).read_all() if rows else schema.empty_table()


def rows_of(table: pa.Table, model: type[Model]) -> Iterator[Model]:
    """Convert the rows of a table to pydantic models; columns that the model lacks are left out."""
    validate = model.model_validate  # type: ignore[attr-defined]
    names = [name for name in model.model_fields if name in table.column_names]  # type: ignore[attr-defined]
    for batch in table.select(names).to_batches():
        for row in batch.to_pylist(maps_as_pydicts="strict"):
            yield validate(row, strict=False, by_name=True, by_alias=False)
