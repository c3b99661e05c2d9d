"""The plan of a schema's evolution: its steps, said additive or breaking, and how a table takes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attrs import field, frozen
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction
from pyiceberg.table.update.schema import UpdateSchema
from pyiceberg.types import StructType

from dao.display import table_of
from dao.errors import DaoError, DataError, UnsupportedError
from dao_iceberg._errors import translate
from dao_iceberg._tables.schema_merging import IDENTIFIER, EvolutionStep, Merge
from dao_iceberg._tables.wanted_types import Wanted

__all__ = ["EvolutionPlan", "Question", "plan"]


@frozen
class Question:
    """What a plan answers: how to come to a schema.

    Attributes:
        wanted: the schema.
        version: the format version to plan for, unless a table says its own.
        renamed: the new names of columns by their old paths.
        drop: whether columns that the schema lacks are dropped.
    """

    wanted: Wanted
    version: int
    renamed: Mapping[str, str]
    drop: bool


@frozen(repr=False, str=False)
class EvolutionPlan:
    """The steps from one schema to another; ``print(plan)`` lists them. See :meth:`IcebergConverter.evolution_plan`.

    Attributes:
        steps: the steps in the order in which they are done.
        schema: the schema that is come to: fields that stay have their ids, new ones have ids above all that were used.
    """

    steps: tuple[EvolutionStep, ...]
    schema: Schema
    _question: Question = field(eq=False)

    @property
    def additive(self) -> bool:
        """Whether every step is: what could be read before can be read after it, and old rows fit the new schema."""
        return not self.breaking

    @property
    def breaking(self) -> tuple[EvolutionStep, ...]:
        """The steps that aren't additive."""
        return tuple(step for step in self.steps if not step.additive)

    def __repr__(self) -> str:
        if not self.steps:
            return "EvolutionPlan: nothing to do"
        broken = len(self.breaking)
        head = f"EvolutionPlan: {len(self.steps) - broken} additive, {broken} breaking"
        return "\n".join([head, *(f"  {step}" for step in self.steps)])

    def _repr_html_(self) -> str:
        rows = [(step.kind, step.text, step.breaking) for step in self.steps]
        return table_of(["step", "what", "breaking because"], rows, repr(self).splitlines()[0]).html()

    def apply(self, table: Table, *, breaking: bool = False) -> Schema:
        """Evolve a table by the plan, in one commit.

        Data files are not touched. The commit is only made if the table comes to have exactly the schema of the plan.

        Args:
            table: a pyiceberg table whose schema the plan starts from.
            breaking: whether to take steps that are breaking, such as dropping a column.

        Returns:
            The table's schema then.

        Raises:
            DataError: steps are breaking and ``breaking`` wasn't given, or the table's schema isn't the one that the
                plan starts from, as after another writer evolved it.
            UnsupportedError: a step is impossible in Iceberg, or with this library.
            ConflictError: another writer committed first.
        """
        impossible = [step for step in self.steps if not step.possible]
        if impossible:
            raise UnsupportedError(f"Iceberg can't do that to a table; write a new one: {_listed(impossible)}")
        if self.breaking and not breaking:
            raise DataError(f"the plan has breaking steps, which breaking=True allows: {_listed(self.breaking)}")
        fresh = plan(table, self._question)
        if fresh.steps != self.steps:
            raise DataError("the table's schema is not the one that the plan starts from; plan from the table")
        if not self.steps:
            return table.schema()
        try:
            with table.transaction() as transaction:
                _evolve(transaction, fresh)
        except DaoError:
            raise
        except (ValueError, NotImplementedError) as error:
            raise UnsupportedError(f"pyiceberg refuses the plan: {error}") from error
        except Exception as error:
            if (ours := translate(error)) is None:
                raise
            raise ours from error
        return table.schema()


def _listed(steps: Any) -> str:
    return "; ".join(" ".join(str(step).split()) for step in steps)


def plan(start: Schema | Table, question: Question) -> EvolutionPlan:
    """The plan from a schema or a table to what is asked for."""
    if isinstance(start, Table):
        schema, last_id, version = start.schema(), start.metadata.last_column_id, start.metadata.format_version
    else:
        schema, last_id, version = start, start.highest_field_id, question.version
    pinned = _pinned(start, schema)
    merge = Merge(
        question.wanted, version=version, last_id=last_id, renamed=question.renamed, pinned=pinned, drop=question.drop
    )
    columns = merge.run(StructType(*schema.fields))
    identifiers = set(schema.identifier_field_ids) & set(_required_ids(columns))
    after = Schema(*columns.fields, schema_id=schema.schema_id, identifier_field_ids=sorted(identifiers))
    return EvolutionPlan(tuple(merge.steps), after, question)


def _required_ids(struct: StructType) -> Iterator[int]:
    """The fields that are required, as are those that they are inside of: only these can identify rows."""
    for one in struct.fields:
        if one.required:
            yield one.field_id
            if isinstance(one.field_type, StructType):
                yield from _required_ids(one.field_type)


def _pinned(start: Schema | Table, schema: Schema) -> dict[int, str]:
    """The fields that the table needs, by id, and what for."""
    pinned: dict[int, str] = {}
    if isinstance(start, Table):
        pinned |= {one.source_id: "what the table is sorted by" for one in start.sort_order().fields}
        pinned |= {one.source_id: "what the table is partitioned by" for one in start.spec().fields}
    return pinned | dict.fromkeys(schema.identifier_field_ids, IDENTIFIER)


def _evolve(transaction: Transaction, target: EvolutionPlan) -> None:
    """Change what is there first, then add and move: a new column may have the name of one that was renamed."""
    for group in (_CHANGES, _ADDITIONS):
        steps = [step for step in target.steps if step.kind in group]
        if not steps:
            continue
        with transaction.update_schema() as update:
            for step in steps:
                group[step.kind](update, step)
    got = transaction.table_metadata.schema()
    if got.as_struct() != target.schema.as_struct() or got.identifier_field_ids != target.schema.identifier_field_ids:
        raise UnsupportedError(f"pyiceberg came to another schema than the plan's; nothing was changed. It has:\n{got}")


def _reorder(update: UpdateSchema, step: EvolutionStep) -> None:
    first, *others = step.change
    update.move_first((*step.path, first))
    for name in others:
        update.move_after((*step.path, name), (*step.path, first))
        first = name


_Act = Callable[[UpdateSchema, EvolutionStep], Any]
_CHANGES: dict[str, _Act] = {
    "drop": lambda update, step: update.delete_column(step.path),
    "rename": lambda update, step: update.rename_column(step.path, step.change),
    "widen": lambda update, step: update.update_column(step.path, field_type=step.change),
    "optional": lambda update, step: update.make_column_optional(step.path),
    "doc": lambda update, step: update.update_column(step.path, doc=step.change),
    "default": lambda update, step: update.set_default_value(step.path, step.change),
}
_ADDITIONS: dict[str, _Act] = {
    "add": lambda update, step: update.add_column(
        step.path, step.change.field_type, step.change.doc, step.change.required, step.change.write_default
    ),
    "reorder": _reorder,
}
