"""Arrow schemas from classes, and classes from Arrow schemas.

- :func:`schema_of` returns the :class:`pyarrow.Schema` of a pydantic model, a dataclass, an attrs class, a TypedDict or
  a NamedTuple, or of a mapping of column names to types, as in a catalog file;
- :func:`model_of` generates a dataclass, an attrs class or a pydantic model from a schema;
- :func:`default_of` returns the default that a field of such a schema carries;
- :func:`parse_type` parses the name of one type, in Arrow's or SQL's spelling.
"""

from __future__ import annotations

from dao.arrow.models._classes import model_of
from dao.arrow.models._notes import default_of
from dao.arrow.models._schema import schema_of
from dao.arrow.models._typenames import parse_type

__all__ = ["default_of", "model_of", "parse_type", "schema_of"]
