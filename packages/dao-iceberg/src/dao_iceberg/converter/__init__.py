"""Converts models to Iceberg's schemas and Arrow's, and back, and plans how a table's schema follows its model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from typing import Any, Literal, TypeVar

import pyarrow as pa
from attrs import field, frozen, validators
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.types import StructType

from dao.arrow import model_of, schema_of
from dao.errors import DataError
from dao_iceberg._tables.schema_merging import EvolutionStep, fresh_ids
from dao_iceberg._tables.wanted_types import Wanted, noted_schema, wanted_schema
from dao_iceberg.converter._evolution import EvolutionPlan, Question, plan
from dao_iceberg.converter._rows import rows_of, table_of

__all__ = ["EvolutionPlan", "EvolutionStep", "IcebergConverter"]

Model = TypeVar("Model")


@frozen
class IcebergConverter:
    """Converts between pydantic models, Iceberg schemas and Arrow schemas.

    Whatever :func:`dao.arrow.schema_of` takes stands for a model here: dataclasses, attrs classes and mappings too;
    and so do Iceberg schemas, pyiceberg's tables and Arrow schemas themselves. Columns have the names of the fields,
    not their aliases.

    =================================== ===============================================================================
    Python                              Iceberg
    =================================== ===============================================================================
    bool, str, bytes                    boolean, string, binary
    int                                 long; ``Annotated[int, pa.int32()]``: int
    float                               double; ``Annotated[float, pa.float32()]``: float
    Decimal                             decimal(38, 18); ``Field(max_digits=, decimal_places=)`` set precision and
                                        scale. Iceberg has no decimal without a scale: values with more than 18 places
                                        are refused when rows are converted, never rounded
    date, time                          date, time
    datetime, NaiveDatetime             timestamp: plain ``datetime`` is one without a zone, and a value that has one is
                                        refused when rows are converted
    AwareDatetime                       timestamptz: the moment is kept, its zone becomes UTC
    UUID                                uuid
    Enum, Literal                       the type of the values: string or long
    list, set, tuple[T, ...]            list; tuple[T, T] too: the model knows the length, the table doesn't
    dict[K, V]                          map
    a model                             struct
    T | None                            optional; without it required, whatever the default is
    timedelta                           refused: Iceberg has no type for durations
    =================================== ===============================================================================

    Descriptions (``Field(description=...)``) are the columns' docs. Defaults other than None are kept by Iceberg from
    version 3 on, as write defaults, and initial ones for columns that are added; for version 2 they are the model's own
    affair: they are in the Arrow schema's metadata, and fill the fields of new rows.

    Args:
        format_version: the version of the tables to come. A table that is there says its own.

    >>> from pydantic import BaseModel, Field
    >>> class Order(BaseModel):
    ...     id: int = Field(description="the shop's own number")
    ...     weight: float
    ...     tags: list[str] = []
    ...     note: str | None = None
    >>> converter = IcebergConverter()
    >>> print(converter.to_iceberg(Order))
    table {
      1: id: required long (the shop's own number)
      2: weight: required double
      3: tags: required list<string>
      4: note: optional string
    }
    """

    format_version: int = field(default=2, validator=validators.in_((1, 2, 3)))

    def to_iceberg(
        self, model: Any, existing: Schema | Table | None = None, *, renamed: Mapping[str, str] | None = None
    ) -> Schema:
        """Return the Iceberg schema of a model.

        Field ids are those that pyiceberg gives when it makes a table. With ``existing`` the columns that are there
        keep their ids; the others get ids above all that the table has used.

        Args:
            model: a model, see the class.
            existing: the schema, or the table, that the model is to replace. A column is one that is there if
                ``renamed`` says so, if it has its name, or if one of its aliases has it, in that order. One whose type
                can't be read as the new type gets a new id.
            renamed: new names by the old columns, as for :meth:`evolution_plan`.

        Raises:
            DataError: a type that Iceberg doesn't have (the message has the path of its field and what would work), or
                ``renamed`` without ``existing``.
        """
        if existing is not None:
            return self.evolution_plan(existing, model, renamed=renamed).schema
        if renamed:
            raise DataError("renamed= is about the columns of existing=, which isn't given")
        if isinstance(model, (Schema, Table)):
            return model if isinstance(model, Schema) else model.schema()
        ids = count(1)
        columns = fresh_ids(self._wanted(model).struct, lambda: next(ids), self.format_version)
        assert isinstance(columns, StructType)
        return Schema(*columns.fields)

    def to_arrow(self, model: Any) -> pa.Schema:
        """Return the Arrow schema in which rows of a model go into an Iceberg table and come out of it.

        Docs and defaults are in the fields' metadata, see :func:`dao.arrow.schema_of`.

        Raises:
            DataError: a type that Iceberg doesn't have.
            UnsupportedError: an Iceberg type that Arrow doesn't have.

        >>> import uuid
        >>> print(IcebergConverter().to_arrow({"id": uuid.UUID, "size": "smallint"}))
        id: extension<arrow.uuid> not null
        size: int32
        """
        return noted_schema(self._wanted(model).struct)

    def to_model(
        self, schema: Any, name: str = "Row", *, kind: Literal["dataclass", "attrs", "pydantic"] = "pydantic"
    ) -> type[Any]:
        """Generate a model from an Iceberg schema or table, or an Arrow schema; optional fields default to None.

        ``to_iceberg(to_model(schema))`` is ``schema`` with fresh ids. What Iceberg has no type for comes back as what
        it is stored as: a set as a list, an Enum as its values' type. Structs become models named after model and
        field.

        Args:
            schema: what to make a model of.
            name: the model's name.
            kind: ``pydantic`` for a model that checks its values; or a frozen ``dataclass`` or ``attrs`` class.

        Raises:
            DataError: a column whose name can't be the name of a field, an unknown ``kind``.
            UnsupportedError: an Iceberg type that Python doesn't have, such as a geometry.

        >>> from pyiceberg.types import LongType, NestedField
        >>> Row = IcebergConverter().to_model(Schema(NestedField(7, "id", LongType(), required=True, doc="a number")))
        >>> Row.model_fields["id"].annotation, Row.model_fields["id"].description
        (<class 'int'>, 'a number')
        """
        return model_of(self.to_arrow(schema), kind=kind, name=name)

    def to_table(self, rows: Iterable[Any], model: Any) -> pa.Table:
        """Convert rows of a model to an Arrow table, ready to be written to an Iceberg table.

        Raises:
            DataError: a value that its column can't hold without loss; the message names the path and the row.
        """
        return table_of(rows, self.to_arrow(model))

    def to_rows(self, table: pa.Table, model: type[Model]) -> list[Model]:
        """Convert an Arrow table, as read from an Iceberg table, to rows of a model, which pydantic validates.

        Columns that the model lacks are left out, and fields that the table lacks take their defaults.

        Args:
            table: the rows.
            model: a pydantic model, a dataclass or a TypedDict.

        Raises:
            pydantic.ValidationError: a row that the model refuses.
            DataError: a model that pydantic can't make rows of, such as an attrs class.

        >>> from pydantic import BaseModel
        >>> class Word(BaseModel):
        ...     text: str
        ...     letters: set[str]
        >>> converter = IcebergConverter()
        >>> table = converter.to_table([Word(text="aha", letters={"a"})], Word)
        >>> converter.to_rows(table, Word)
        [Word(text='aha', letters={'a'})]
        """
        return list(rows_of(table, model))

    def evolution_plan(
        self, old: Any, new: Any, *, renamed: Mapping[str, str] | None = None, drop: bool = True
    ) -> EvolutionPlan:
        """Plan how a table with one schema comes to have another.

        A step is additive if all that could be read before it can be read after it, and if old rows fit the new schema:
        add an optional column (from version 3 on also a required one with a default), rename, widen (int to long, float
        to double, a decimal to more digits of the same scale), make optional, reorder, change a doc. Dropping a column
        is breaking. Iceberg can't do the others at all: narrow or change a type, add a required column without a
        default, make an optional one required, drop what the table is partitioned, sorted or identified by. The plan
        says so, and :meth:`EvolutionPlan.apply` refuses it.

        Columns are matched by name, not by field id; a field without a description keeps its column's doc.

        Args:
            old: a model or schema; or a table, which knows best what it can do.
            new: a model or schema.
            renamed: new names by old columns: ``{"airline": "carrier", "address.zip": "postcode"}``. A pydantic
                field may say it itself: by an alias or ``json_schema_extra={"renamed_from": "airline"}``, which counts
                if its own name isn't there yet.
            drop: whether columns that ``new`` lacks are dropped; else they stay where they are, and become optional,
                and nothing else is moved around them.

        Raises:
            DataError: a type that Iceberg doesn't have; a column of ``renamed`` that isn't there.

        >>> from pydantic import BaseModel, Field
        >>> class Old(BaseModel):
        ...     airline: str
        ...     gate: str
        >>> class New(BaseModel):
        ...     carrier: str = Field(alias="airline")
        ...     delay: float | None = None
        >>> IcebergConverter().evolution_plan(Old, New)
        EvolutionPlan: 2 additive, 1 breaking
          breaking   drop     gate: required string (what is stored in it can't be read any more)
          additive   rename   airline: -> carrier
          additive   add      delay: optional double
        """
        start = old if isinstance(old, (Schema, Table)) else self.to_iceberg(old)
        return plan(start, Question(self._wanted(new), self.format_version, dict(renamed or {}), drop))

    def _wanted(self, model: Any) -> Wanted:
        if isinstance(model, Table):
            model = model.schema()
        if isinstance(model, Schema):
            return Wanted(model.as_struct())
        name = getattr(model, "__name__", "the schema")
        return wanted_schema(schema_of(model, uuid=pa.uuid(), notes=True), self.format_version, name)
