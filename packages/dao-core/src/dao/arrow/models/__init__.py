"""Schemas from classes, and classes from schemas.

- :func:`schema_of` gives the :class:`pyarrow.Schema` of a pydantic model, a dataclass, an attrs class, a TypedDict or a
  NamedTuple, or of a mapping of column names to types, as a catalog file has it;
- :func:`model_of` makes a dataclass, an attrs class or a pydantic model of a schema;
- :func:`parse_type` reads the name of one type, Arrow's own or SQL's.
"""

from __future__ import annotations

from dao.arrow.models._classes import model_of
from dao.arrow.models._schema import schema_of
from dao.arrow.models._typenames import parse_type

__all__ = ["model_of", "parse_type", "schema_of"]
