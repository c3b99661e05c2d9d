"""Which SQL a new constraint may have: what Spark and deltalake read alike, so that all writers hold to one rule."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.types as pt

from dao.errors import DataError
from dao_delta._snapshots.rules import exact_path, parse_spark, same_either_way

if TYPE_CHECKING:
    from sqlglot.expressions import Expression

__all__ = ["portable"]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z")
_LOCAL = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d:\d\d(\.\d{1,6})?)?\Z")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)\Z")
_KNOWN = (
    "AND, OR, NOT, = <> < <= > >= <=>, IS NULL, IS TRUE, IN, BETWEEN, LIKE, + - *, CASE, coalesce(), length(), "
    "upper(), lower(), trim(), abs(), DATE '2020-01-01', concat() of texts and chr()"
)


def portable(sql: str, schema: pa.Schema) -> str:
    """An expression with the columns by their own names, checked to mean one thing for all engines.

    Args:
        sql: as the user wrote it, in Spark's SQL: `names` in backticks, 'texts' in single quotes.
        schema: the table's columns.

    Raises:
        DataError: it is no expression of the table's columns, or Spark and deltalake would read it as different things.
    """
    from sqlglot import exp

    try:
        found = parse_spark(sql)
    except ValueError as error:
        raise DataError(f'expression: found {sql!r}, expected SQL such as "amount >= 0": {error}') from error
    if not same_either_way(sql):
        raise DataError(
            f"expression: found {sql!r}, of which Spark and deltalake read texts and names differently: write names as "
            "`name` or name, texts as 'text', a quote in a text as concat('it', chr(39), 's'), a backslash as chr(92)"
        )
    if not any(found.find_all(exp.Column)):
        raise DataError(f"expression: found {sql!r}, expected a condition on columns: {', '.join(schema.names)}")
    own = _by_own_names(sql, found, schema)
    kind = _Kinds(schema).of(parse_spark(own))
    if kind != "boolean":
        raise DataError(f"expression: found {sql!r}, which is no condition but {_a(kind)}")
    return own


def _by_own_names(sql: str, found: Expression, schema: pa.Schema) -> str:
    from sqlglot import exp

    changes = []
    for column in found.find_all(exp.Column):
        try:
            names = exact_path([part.name for part in column.parts], schema)
        except DataError as error:
            raise DataError(f"expression: {error.message}") from error
        changes += [
            (part.meta["start"], part.meta["end"] + 1, part.name, name)
            for part, name in zip(column.parts, names, strict=True)
        ]
    for start, end, given, name in sorted(changes, reverse=True):
        if given != name:
            sql = f"{sql[:start]}{name if _PLAIN.match(name) else f'`{name}`'}{sql[end:]}"
    return sql


def _a(kind: str) -> str:
    return f"of the kind {kind!r}"


class _Kinds:
    """What kinds of values the parts of an expression have: ``number``, ``float``, ``text``, ``date``..."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema

    def of(self, node: Expression) -> str:
        """The kind of an expression.

        Raises:
            DataError: it has a part that engines don't read alike.
        """
        found = self._of(node)
        if found is None:
            text = node.sql(dialect="spark")
            raise DataError(f"expression: {text!r} isn't read alike by Spark and deltalake; both know {_KNOWN}")
        return found

    def _of(self, node: Expression) -> str | None:
        from sqlglot import exp

        if isinstance(node, exp.Column):
            return self._column(node)
        if isinstance(node, exp.Paren):
            return self.of(node.this)
        if isinstance(node, exp.Literal):
            return "text" if node.is_string else "float" if "e" in node.name.lower() else "number"
        if isinstance(node, exp.Boolean):
            return "boolean"
        if isinstance(node, exp.Null):
            return "null"
        if isinstance(node, (exp.And, exp.Or, exp.Not)):
            return self._all(node, "boolean")
        if isinstance(node, exp.Is):
            self.of(node.this)
            return "boolean" if isinstance(node.expression, exp.Null) or self._all(node, "boolean") else None
        return self._compared(node) or self._computed(node) or self._function(node)

    def _column(self, node: Expression) -> str:
        fields = self._schema
        kind: pa.DataType = pa.null()
        for name in (part.name for part in node.parts):
            kind = fields.field(name).type
            fields = kind
        return _kind_of(kind)

    def _all(self, node: Expression, kind: str) -> str | None:
        kinds = {self.of(one) for one in node.iter_expressions()} - {"null"}
        return kind if kinds <= {kind} else None

    def _compared(self, node: Expression) -> str | None:
        from sqlglot import exp

        if isinstance(node, (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ)):
            return self._alike([node.this, node.expression])
        if isinstance(node, exp.Between) and not node.args.get("symmetric"):
            return self._alike([node.this, node.args["low"], node.args["high"]])
        if isinstance(node, exp.In) and node.expressions:
            return self._alike([node.this, *node.expressions])
        if isinstance(node, exp.Like) and isinstance(node.expression, exp.Literal):
            return "boolean" if self.of(node.this) == self.of(node.expression) == "text" else None
        return None

    def _alike(self, nodes: list[Expression]) -> str | None:
        """Whether values can be compared, each engine turning them into the same type."""
        from sqlglot import exp

        kinds = {self.of(one) for one in nodes} - {"null"}
        if len(kinds) <= 1:
            return None if "other" in kinds else "boolean"
        if kinds == {"number", "float"}:
            return "boolean"
        forms = {"date": _DATE, "local time": _LOCAL, "time": _INSTANT}
        times = kinds - {"text"}
        if len(times) != 1 or not times <= set(forms):
            return None
        texts = [one for one in nodes if self.of(one) == "text"]
        form = forms[times.pop()]
        return "boolean" if all(isinstance(one, exp.Literal) and form.match(one.name) for one in texts) else None

    def _computed(self, node: Expression) -> str | None:
        from sqlglot import exp

        if isinstance(node, (exp.Add, exp.Sub, exp.Mul)):
            kinds = {self.of(node.this), self.of(node.expression)}
            return None if not kinds <= {"number", "float"} else "float" if "float" in kinds else "number"
        if isinstance(node, (exp.Neg, exp.Abs)):
            kind = self.of(node.this)
            return kind if kind in ("number", "float") else None
        if isinstance(node, exp.Coalesce):
            return self._one_of([node.this, *node.expressions])
        if isinstance(node, exp.Case) and node.this is None:
            branches = [one.args["true"] for one in node.args["ifs"]]
            if {self.of(one.this) for one in node.args["ifs"]} != {"boolean"}:
                return None
            default = node.args.get("default")
            return self._one_of([*branches, *([] if default is None else [default])])
        return None

    def _one_of(self, nodes: list[Expression]) -> str | None:
        kinds = {self.of(one) for one in nodes} - {"null"}
        return kinds.pop() if len(kinds) == 1 else None

    def _function(self, node: Expression) -> str | None:
        from sqlglot import exp

        if isinstance(node, (exp.Upper, exp.Lower)) or (type(node) is exp.Trim and len(node.args) == 1):
            return "text" if self.of(node.this) == "text" else None
        if isinstance(node, exp.Length):
            return "number" if self.of(node.this) == "text" else None
        if isinstance(node, exp.Cast) and isinstance(node.this, exp.Literal):
            is_date = node.to.is_type(exp.DataType.Type.DATE) and _DATE.match(node.this.name)
            return "date" if is_date else None
        if isinstance(node, exp.Chr) and len(node.expressions) == 1:
            return "text" if isinstance(node.expressions[0], exp.Literal) else None
        if isinstance(node, exp.Concat):
            fixed = all(isinstance(one, (exp.Literal, exp.Chr)) for one in node.expressions)
            return "text" if fixed and {self.of(one) for one in node.expressions} == {"text"} else None
        return None


def _kind_of(kind: pa.DataType) -> str:
    if pt.is_integer(kind) or pt.is_decimal(kind):
        return "number"
    if pt.is_timestamp(kind):
        return "time" if kind.tz else "local time"
    known = ((pt.is_floating, "float"), (pt.is_boolean, "boolean"), (pt.is_date, "date"), (pt.is_string, "text"))
    return next((name for test, name in known if test(kind)), "other")
