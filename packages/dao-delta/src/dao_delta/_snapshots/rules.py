"""The SQL of a table's rules: its CHECK constraints, invariants and generated columns, as its writer meant it.

Delta has Spark's SQL there, where ``"x"`` is a text, a backslash escapes, and ``'a''b'`` was ``ab`` before Spark 4.
deltalake puts its own into the same place, where ``"x"`` is a column, a backslash stands for itself, and ``''`` is a
quote; and nothing says who wrote one. So SQL with one of them is read both ways: by deltalake's names have the table's
letter case, and by Spark's no comparison is one of constants. Where both make sense, and differ, it is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.types as pt
from attrs import frozen

from dao.errors import DataError, UnsupportedError, did_you_mean

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

    from dao_delta._tables.client import Snapshot

__all__ = ["Meaning", "Rule", "exact_path", "parse_spark", "rules_of", "same_either_way"]

_SQL_TYPES = {"long": "BIGINT", "integer": "INT", "short": "SMALLINT", "byte": "TINYINT", "double": "DOUBLE"}
_OF_ONE_ENGINE = re.compile(r"[\"\\]|''")


@frozen
class Rule:
    """What rows of a table must fulfil.

    Attributes:
        kind: ``constraint``, ``invariant`` or ``generated``.
        name: the constraint's name, else the column.
        sql: as the table has it.
    """

    kind: str
    name: str
    sql: str

    def __str__(self) -> str:
        what = {"constraint": "the CHECK constraint", "invariant": "the invariant of column"}
        return f"{what.get(self.kind, 'the generated column')} {self.name!r} ({self.sql})"

    @property
    def way_out(self) -> str:
        """What helps where a constraint can't be read."""
        if self.kind != "constraint":
            return "change it in Spark"
        return f"run('drop_constraint', ..., name={self.name!r}), and add one with `names` and 'texts'"

    def meaning(self, schema: pa.Schema) -> Meaning:
        """What it means for rows with some columns.

        Raises:
            DataError: it needs a column that they lack.
            UnsupportedError: it can't be parsed, or Spark and deltalake would read it as different things.
        """
        found = self._only(schema) if same_either_way(self.sql) else self._either(schema)
        paths = _paths(found)
        exact = not any(pt.is_floating(_type_at(path, schema)) for path in paths)
        return Meaning(found, frozenset(path[0] for path in paths), exact)

    def _only(self, schema: pa.Schema) -> Expression:
        """What SQL means that both engines read alike."""
        try:
            found = parse_spark(self.sql)
        except ValueError as error:
            raise UnsupportedError(f"{self} can't be parsed: {error}; {self.way_out}") from error
        return self._resolved(found, schema)

    def _resolved(self, found: Expression, schema: pa.Schema) -> Expression:
        try:
            return _with_columns(found, schema)
        except DataError as error:
            raise DataError(f"{self} needs a column that the table hasn't: {error.message}; {self.way_out}") from error

    def _either(self, schema: pa.Schema) -> Expression:
        sense: dict[str, Expression] = {}
        faults = []
        for found, is_spark in ((_parsed(self.sql, "spark"), True), (_parsed(self.sql, "postgres"), False)):
            if found is None:
                continue
            try:
                resolved = _with_columns(found, schema, exactly=not is_spark)
            except DataError as error:
                faults.append(error)
                continue
            if not is_spark or all(_paths(one) for one in _parts(found)):
                sense[_datafusion(resolved)] = resolved
        if len(sense) == 1:
            return next(iter(sense.values()))
        if sense or not faults:
            raise UnsupportedError(
                f"{self} is ambiguous: texts and names mean other things in Spark than in deltalake; {self.way_out}"
            )
        raise DataError(f"{self} can't be told from its columns: {faults[-1].message}; {self.way_out}")


@frozen(eq=False)
class Meaning:
    """A rule's SQL, read.

    Attributes:
        tree: with the columns by their own names.
        columns: those that it needs.
        exact: whether numbers such as 1.5 are decimals, as in Spark where no column is a float.
    """

    tree: Expression
    columns: frozenset[str]
    exact: bool = True

    def sql(self, kind: Any = None) -> str:
        """It as DataFusion reads it; with the cast to a column's type, in Delta's JSON, that Spark implies."""
        text = _datafusion(self.tree, exact=self.exact)
        return f"CAST({text} AS {_SQL_TYPES[kind]})" if isinstance(kind, str) and kind in _SQL_TYPES else text


def rules_of(snapshot: Snapshot) -> tuple[Rule, ...]:
    """The rules of a table.

    Raises:
        UnsupportedError: an invariant isn't as Delta has it.
    """
    found = [Rule("constraint", name, sql) for name, sql in snapshot.constraints.items()]
    found += [Rule("generated", name, sql) for name, sql in snapshot.generated.items()]
    invariants = {one["name"]: one["metadata"].get("delta.invariants") for one in snapshot.fields}
    found += [Rule("invariant", name, _invariant(name, text)) for name, text in invariants.items() if text is not None]
    return tuple(found)


def _invariant(column: str, text: str) -> str:
    try:
        return str(json.loads(text)["expression"]["expression"])
    except (KeyError, TypeError, ValueError) as error:
        raise UnsupportedError(f"the invariant of column {column!r} isn't one of Delta: {text}") from error


def parse_spark(sql: str) -> Expression:
    """Parse an expression in Spark's SQL.

    Raises:
        ValueError: it is none.
    """
    from sqlglot import errors, exp, parse_one

    try:
        found = parse_one(sql, read="spark")
    except (errors.ParseError, errors.TokenError) as error:
        raise ValueError(_plain(str(error))) from error
    odd = next((one for one in found.walk() if isinstance(one, (exp.Query, exp.Command, exp.Block, exp.Star))), None)
    if odd is not None:
        raise ValueError("it is no expression of a row's columns")
    return found


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text).split("\n")[0]


def same_either_way(sql: str) -> bool:
    """Whether Spark and deltalake read the texts and names of SQL alike."""
    if not _OF_ONE_ENGINE.search(sql):
        return True
    both = _parsed(sql, "spark"), _parsed(re.sub("`", '"', sql), "postgres")
    return '"' not in sql and None not in both and len({_datafusion(one) for one in both if one is not None}) == 1


def _parsed(sql: str, dialect: str) -> Expression | None:
    from sqlglot import errors, parse_one

    try:
        return parse_spark(sql) if dialect == "spark" else parse_one(sql, read=dialect)
    except (ValueError, errors.ParseError, errors.TokenError):
        return None


def _parts(found: Expression) -> Iterator[Expression]:
    """The conditions that AND, OR and NOT join, without constants such as TRUE."""
    from sqlglot import exp

    if isinstance(found, (exp.And, exp.Or, exp.Not, exp.Paren)):
        for one in found.iter_expressions():
            yield from _parts(one)
    elif not isinstance(found, (exp.Boolean, exp.Null)):
        yield found


def _paths(found: Expression) -> list[tuple[str, ...]]:
    """The columns of an expression, each with the fields below it."""
    from sqlglot import exp

    return [tuple(part.name for part in one.parts) for one in found.find_all(exp.Column)]


def _with_columns(found: Expression, schema: pa.Schema, *, exactly: bool = False) -> Expression:
    """The expression with the columns by the names of a schema; letter case is ignored unless ``exactly``.

    Raises:
        DataError: there is no such column.
    """
    from sqlglot import exp

    found = found.copy()
    for column in list(found.find_all(exp.Column)):
        names = exact_path([part.name for part in column.parts], schema, exactly=exactly)
        for part, name in zip(column.parts, names, strict=True):
            part.set("this", name)
    return found


def exact_path(names: Sequence[str], schema: pa.Schema, *, exactly: bool = False) -> list[str]:
    """A column and the fields below it, by their own names.

    Raises:
        DataError: there is none.
    """
    fields: Any = schema
    path = []
    for name in names:
        known = {one.name: one for one in fields}
        alike = [one for one in known if one == name or (not exactly and one.casefold() == name.casefold())]
        if name not in alike and len(alike) != 1:
            shown = ".".join(names)
            raise DataError(f"no column {shown!r} ({did_you_mean(name, known)})")
        path.append(name if name in alike else alike[0])
        kind = known[path[-1]].type
        fields = kind if pt.is_struct(kind) else ()
    return path


def _type_at(path: Sequence[str], schema: pa.Schema) -> pa.DataType:
    fields: Any = schema
    for name in path:
        fields = fields.field(name).type
    return fields


def _datafusion(found: Expression, *, exact: bool = False) -> str:
    """Spark's SQL as DataFusion reads it."""
    from sqlglot import exp

    parts: Mapping[Any, str] = {exp.Year: "YEAR", exp.Quarter: "QUARTER", exp.Month: "MONTH", exp.Day: "DAY"}

    def of_standard(node: Expression) -> Expression:
        if type(node) in parts:
            return exp.Extract(this=exp.var(parts[type(node)]), expression=node.this.copy())
        if isinstance(node, exp.Column) and len(node.parts) > 1:
            first, *others = (part.name for part in node.parts)
            value: Expression = exp.column(first, quoted=True)
            for name in others:
                value = exp.Anonymous(this="get_field", expressions=[value, exp.Literal.string(name)])
            return value
        if exact and isinstance(node, exp.Literal) and not node.is_string and re.fullmatch(r"\d*\.\d*", node.name):
            return _decimal(node.name)
        return node

    tree: Expression = exp.Paren(this=found.copy())
    for node in reversed(list(tree.walk())):  # the innermost first
        changed = of_standard(node)
        if changed is not node:
            node.replace(changed)
    return str(tree.this.sql(dialect="postgres", identify=True))


def _decimal(text: str) -> Expression:
    from sqlglot import exp

    value = Decimal(text)
    scale = max(0, -int(value.as_tuple().exponent))
    digits = max(len(value.as_tuple().digits), scale, 1)
    return exp.cast(exp.Literal.string(text), exp.DataType.build(f"DECIMAL({digits}, {scale})"))
