"""Arrow schemas of classes, mappings and other declarations of columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from dao.arrow.models._annotations import Reading, fields_of
from dao.arrow.models._fields import annotations_of
from dao.errors import DataError

__all__ = ["schema_of"]


def schema_of(model: Any, *, uuid: pa.DataType | None = None, notes: bool = False) -> pa.Schema:
    """Return the Arrow schema that a class or mapping declares, with the columns in the order of declaration.

    Accepted are pydantic models (v2), dataclasses, attrs classes, TypedDicts, NamedTuples; a mapping from names to
    types; a :class:`pyarrow.Schema`, a list of :class:`pyarrow.Field`, and any exporter of ``__arrow_c_schema__``.

    =============================== ===================================================================================
    Python                          Arrow
    =============================== ===================================================================================
    bool, int, float                bool, int64, double
    str, bytes                      string, binary
    date, time, timedelta           date32, time64[us], duration[us]
    datetime                        timestamp[us], without a zone; pydantic's AwareDatetime: timestamp[us, tz=UTC]
    Decimal                         decimal128(38, 18); pydantic's max_digits and decimal_places set precision and scale
                                    (max_digits=5 alone allows 12345 and 0.12345: decimal128(10, 5))
    UUID                            string, 36 characters: few stores have a UUID type; ``uuid=`` sets another
    Enum, Literal                   the type of the values: string or int64
    list, set, tuple[T, ...]        list; tuple[T, T] is a fixed_size_list of 2
    dict[K, V]                      map
    a class with fields, a mapping  struct
    T | None                        the same, nullable; without it the column is not nullable, whatever its default is
    Annotated[T, pa.int32()]        the annotated type
    =============================== ===================================================================================

    In a mapping a type may also be an Arrow type, another mapping (a struct), or the name of a type, see
    :func:`dao.arrow.models.parse_type`. Such a column is nullable unless the name ends with ``not null``. Note that the
    name ``int`` means 32 bits, as in SQL and Arrow, and the Python type ``int`` means 64.

    With ``notes`` the fields have what their class says about them as metadata, in text:

    - ``doc``: pydantic's ``Field(description=...)``, and ``doc`` in the metadata of a dataclass's or attrs' field;
    - ``default``: a default other than None that is a single value, as JSON; what JSON has no type for is text (dates
      and times as ISO has them, decimals, UUIDs; bytes in hexadecimal), durations are microseconds;
    - ``aliases``: the other names of a pydantic field as a JSON list: its ``alias``, what its ``validation_alias``
      takes, and ``json_schema_extra={"renamed_from": ...}``.

    Args:
        model: what declares the columns.
        uuid: the type of the columns that a class declares as UUID, such as ``pa.uuid()``; by default a string.
        notes: see above. A schema that is one already is returned as it is.

    Raises:
        DataError: a type without an Arrow equivalent (the message has the path of its field), an annotation that can't
            be resolved, a class that contains itself, or a value that declares no columns.

    >>> schema_of({"id": "bigint not null", "name": "varchar(20)", "price": "decimal(10, 2)"})
    id: int64 not null
    name: string
    price: decimal128(10, 2)
    >>> from dataclasses import dataclass
    >>> from typing import Annotated
    >>> @dataclass
    ... class Flight:
    ...     carrier: str
    ...     delay: int | None = None
    >>> schema_of(Flight)
    carrier: string not null
    delay: int64
    >>> from dataclasses import field
    >>> @dataclass
    ... class Airport:
    ...     code: str = field(metadata={"doc": "three letters"})
    >>> schema_of(Airport, notes=True).field("code").metadata
    {b'doc': b'three letters'}
    """
    if isinstance(model, pa.Schema):
        return model
    if isinstance(model, Sequence) and model and all(isinstance(field, pa.Field) for field in model):
        return pa.schema(model)
    if isinstance(model, Mapping) or annotations_of(model) is not None:
        reading = Reading(uuid or pa.string(), notes)
        return pa.schema(fields_of(model, getattr(model, "__name__", "schema"), reading))
    if hasattr(model, "__arrow_c_schema__"):
        return _export(model)
    shown = model.__qualname__ if isinstance(model, type) else f"a value of type {type(model).__name__}"
    raise DataError(
        f"{shown} declares no columns; what works: a pydantic model, a dataclass, an attrs class, a TypedDict, "
        "a mapping from names to types, a pyarrow.Schema"
    )


def _export(model: Any) -> pa.Schema:
    try:
        return pa.schema(model)
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise DataError(f"{type(model).__name__} exports no schema of columns: {error}") from error
