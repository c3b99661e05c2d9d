"""Parsing of SQL text to a tree, by sqlglot's DuckDB parser and an allowlist of its node types.

Any other node type is refused by name, so that a form that a later sqlglot parses is refused until it is supported
here.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import TokenType

from dao.arrow.predicates import _tree as tree
from dao.arrow.predicates._numeric import MAX_DIGITS, parse_boolean, parse_decimal, parse_float, parse_integer
from dao.arrow.predicates._temporal import (
    datetime_of_nanoseconds,
    parse_date,
    parse_time,
    parse_timestamp,
    time_of_nanoseconds,
)
from dao.errors import DataError

__all__ = ["parse_sql"]

SUPPORTED = (
    "supported: columns, struct fields (a.b), literals, = <> < <= > >=, IS [NOT] DISTINCT FROM, [NOT] IN (...), "
    "[NOT] BETWEEN, IS [NOT] NULL, IS [NOT] TRUE|FALSE, [NOT] LIKE|ILIKE 'pattern' [ESCAPE 'c'], AND, OR, NOT"
)


class _Where(DuckDB):  # type: ignore[misc, unused-ignore]
    """sqlglot's DuckDB dialect with hexadecimal strings (X'AB'), which DuckDB has and sqlglot's dialect lacks."""

    class Tokenizer(DuckDB.Tokenizer):  # type: ignore[misc, unused-ignore]
        HEX_STRINGS = [("x'", "'"), ("X'", "'")]  # noqa: RUF012 (sqlglot's metaclass reads a plain list)


def parse_sql(text: str) -> tree.Predicate:
    """Parse one SQL boolean expression to a tree.

    Raises:
        DataError: a syntax error (the message has its position), an unsupported form, or too deep nesting.
    """
    try:
        return _convert(_parse_condition(text))
    except RecursionError:
        raise DataError(f"where={_shown(text)} is nested too deeply: use fewer parentheses, NOTs or signs") from None


def _parse_condition(text: str) -> exp.Expr | None:
    dialect = _Where()
    try:
        tokens = dialect.tokenize(text)
        _refuse_tokens(text, tokens)
        return next(iter(dialect.parser().parse_into(exp.Condition, tokens, text)), None)
    except TokenError:
        raise DataError(f"where={_shown(text)} can't be read: {_unclosed(text)}") from None
    except ParseError as error:
        raise _syntax_error(text, error) from None
    except (DataError, RecursionError):
        raise
    except Exception as error:  # sqlglot raises other errors too for invalid SQL: for 'ELSE' an IndexError
        raise DataError(f"where={_shown(text)} is not a SQL condition ({error}); {SUPPORTED}") from error


def _unclosed(text: str) -> str:
    """Describe the position of an unclosed quote, for a message."""
    quote, start = "", 0
    for index, character in enumerate(text):
        if not quote and character in "'\"":
            quote, start = character, index
        elif character == quote:
            quote = ""
    return f"the quote {quote} at column {start + 1} has no end" if quote else "its text is no SQL"


def _shown(text: str) -> str:
    return repr(text if len(text) <= 200 else f"{text[:197]}...")


def _refuse_tokens(text: str, tokens: list[Any]) -> None:
    if not tokens:
        raise DataError(f"where={_shown(text)} holds no condition: leave where= out to get all rows")
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.token_type is TokenType.SEMICOLON:
            raise DataError(f"where={_shown(text)} has a ';' at column {token.start + 1}: give one expression only")
        if token.comments:
            raise DataError(f"where={_shown(text)} has a comment near column {token.start + 1}: leave comments out")
        better = _better_spelling(before.token_type if before else None, token)
        if better:
            raise DataError(f"where={_shown(text)} has {token.text} at column {token.start + 1}: write {better}")


def _better_spelling(before: Any, token: Any) -> str | None:
    """The spelling to suggest for words that some releases of sqlglot ignore, or apply to more than SQL does."""
    if before is TokenType.BETWEEN and token.text.upper() == "SYMMETRIC":
        return "a BETWEEN low AND high"
    if token.token_type in (TokenType.ISNULL, TokenType.NOTNULL):
        return "IS NULL or IS NOT NULL"
    return None


def _syntax_error(text: str, error: ParseError) -> DataError:
    detail = error.errors[0] if error.errors else {}
    line, column, found = detail.get("line"), detail.get("col"), detail.get("highlight")
    position = f" at line {line}, column {column}" if line else ""
    near = f", near {found!r}" if found else ""
    return DataError(f"where={_shown(text)} is not a SQL condition{position}{near}; {SUPPORTED}")


def _unsupported(node: exp.Expr, hint: str = SUPPORTED) -> DataError:
    try:
        text = _shown(node.sql("duckdb"))
    except Exception:  # an incomplete expression that sqlglot itself can't write
        text = "this form"
    return DataError(f"where= can't use {text} ({type(node).__name__}); {hint}")


def _convert(node: exp.Expr | None) -> tree.Predicate:
    if node is None:
        raise DataError(f"where= lacks a value or a condition after an operator; {SUPPORTED}")
    converter = _CONVERTERS.get(type(node))
    if converter is None:
        raise _unsupported(node)
    return converter(node)


def _chain(kind: type[exp.Expr], node: exp.Expr) -> list[tree.Predicate]:
    """The operands of ``a AND b AND c``, collected iteratively: sqlglot nests a chain to the left, once per operand."""
    operands = []
    while isinstance(node, kind):
        operands.append(_convert(node.expression))
        node = node.this
    operands.append(_convert(node))
    return operands[::-1]


def _column(node: exp.Column) -> tree.Predicate:
    parts = node.parts
    if any(not isinstance(part, exp.Identifier) for part in parts) or node.args.get("join_mark"):
        raise _unsupported(node)
    return tree.Column(map(_name, parts))


def _deep_column(node: exp.Dot) -> tree.Predicate:
    if isinstance(node.this, (exp.Column, exp.Dot)) and isinstance(node.expression, exp.Identifier):
        outer = _convert(node.this)
        if isinstance(outer, tree.Column):
            return tree.Column((*outer.path, _name(node.expression)))
    raise _unsupported(node)


def _name(identifier: exp.Identifier) -> str:
    name: str = identifier.name
    if "\0" in name:
        raise DataError(f"the name {name!r} has a character NUL, which SQL can't have in a name")
    return name


def _literal(node: exp.Literal) -> tree.Literal:
    text = node.this
    return tree.Literal(text, tree.Kind.STRING) if node.is_string else _number(text)


def _number(text: str) -> tree.Literal:
    """Convert a number with DuckDB's type: one with an exponent, or with a point and over 38 digits, is a DOUBLE."""
    if len(text) > MAX_DIGITS:
        raise DataError(f"where= has a number of {len(text)} characters: at most {MAX_DIGITS} are read")
    if text.isdigit():
        return tree.Literal(int(text), tree.Kind.INTEGER)
    if "e" not in text.lower():
        digits = sum(map(str.isdigit, text))
        if digits <= 38:
            return tree.Literal(Decimal(text), tree.Kind.DECIMAL)
    return tree.Literal(parse_float(text, 64), tree.Kind.DOUBLE)


def _negative(node: exp.Neg) -> tree.Predicate:
    inner = _convert(node.this)
    numbers = (tree.Kind.INTEGER, tree.Kind.DECIMAL, tree.Kind.DOUBLE)
    if not isinstance(inner, tree.Literal) or inner.kind not in numbers:
        raise _unsupported(node, "a minus sign goes before a number only")
    value: Any = inner.value
    return tree.Literal(value.copy_negate() if isinstance(value, Decimal) else -value, inner.kind)


def _comparison(operator: str) -> Callable[[exp.Expr], tree.Predicate]:
    def convert(node: exp.Expr) -> tree.Predicate:
        for operand in (node.this, node.expression):
            if isinstance(operand, (*_COMPARISONS, exp.Is, exp.Not)):
                raise _unsupported(node, "put parentheses around a condition that is compared with another")
        return tree.Comparison(operator, _convert(node.this), _convert(node.expression))

    return convert


def _left_operand(node: exp.Expr) -> tree.Predicate:
    """Convert the operand before IN, BETWEEN, IS or LIKE; before 30 sqlglot binds a NOT there too tightly."""
    if isinstance(node.this, exp.Not):
        raise _unsupported(node, "put parentheses around the condition that is tested")
    return _convert(node.this)


def _in(node: exp.In) -> tree.Predicate:
    values = node.expressions
    if not values or set(node.args) - {"this", "expressions"} - _absent(node):
        raise _unsupported(node, "IN takes a list of values, such as a IN (1, 2)")
    return tree.In(_left_operand(node), map(_convert, values))


def _absent(node: exp.Expr) -> set[str]:
    return {name for name, value in node.args.items() if not value}


def _between(node: exp.Between) -> tree.Predicate:
    return tree.Between(_left_operand(node), _convert(node.args["low"]), _convert(node.args["high"]))


def _is(node: exp.Is) -> tree.Predicate:
    operand, right = _left_operand(node), node.expression
    unknown = isinstance(right, exp.Column) and right.sql().upper() == "UNKNOWN"  # as sqlglot before 30 parses it
    if isinstance(right, exp.Null) or unknown:
        return tree.IsNull(operand)
    if isinstance(right, exp.Boolean):
        return tree.IsBoolean(operand, bool(right.this))
    raise _unsupported(node, "IS takes NULL, TRUE, FALSE, or DISTINCT FROM")


def _like(node: exp.Like | exp.ILike, escape: str | None = None) -> tree.Predicate:
    pattern = node.expression
    if isinstance(pattern, exp.Null):
        literal = tree.Literal(None, tree.Kind.NULL)
    elif isinstance(pattern, exp.Literal) and pattern.is_string:
        literal = tree.Literal(pattern.this, tree.Kind.STRING)
    else:
        raise _unsupported(node, "LIKE takes a pattern in single quotes")
    like = tree.Like(_left_operand(node), literal, escape, isinstance(node, exp.ILike))
    return tree.Not(like) if node.args.get("negate") else like


def _escape(node: exp.Escape) -> tree.Predicate:
    like, character = node.this, node.expression
    negated = isinstance(like, exp.Not)
    if negated:
        like = like.this
    if not isinstance(like, (exp.Like, exp.ILike)) or not (isinstance(character, exp.Literal) and character.is_string):
        raise _unsupported(node)
    text = character.this
    if len(text) > 1 or not text.isascii():
        raise _unsupported(node, "ESCAPE takes one ASCII character")
    converted = _like(like, text or None)
    return tree.Not(converted) if negated else converted


def _text_of_cast(node: exp.Cast) -> str:
    """The text of the literal that is cast, quoted or a number; casts of columns are refused."""
    inner = node.this
    sign = ""
    while isinstance(inner, (exp.Neg, exp.Paren)):
        sign = sign if isinstance(inner, exp.Paren) else "" if sign else "-"
        inner = inner.this
    if isinstance(inner, exp.Literal):
        return sign + str(inner.this)
    raise _unsupported(node, "only a literal can be cast, such as CAST('2026-01-01' AS DATE)")


def _cast(node: exp.Cast) -> tree.Predicate:
    if type(node) is not exp.Cast or node.args.get("format") or node.args.get("default"):
        raise _unsupported(node)
    if isinstance(node.this, exp.Null):
        return tree.Literal(None, tree.Kind.NULL)
    kind = node.to.this
    converter = _CASTS.get(kind)
    if converter is None or (node.to.expressions and kind is not exp.DataType.Type.DECIMAL):
        raise _unsupported(node, f"a literal can be cast to {', '.join(sorted(known.value for known in _CASTS))}")
    return converter(_text_of_cast(node), node)


def _decimal_cast(text: str, node: exp.Cast) -> tree.Literal:
    given = [int(parameter.name) for parameter in node.to.expressions] or [18, 3]
    precision, scale = given if len(given) == 2 else (given[0], 0)
    if not (1 <= precision <= 38 and 0 <= scale <= precision):
        raise _unsupported(node, "DECIMAL has a precision of 1 to 38 and a scale no larger than it")
    return tree.Literal(parse_decimal(text, precision, scale), tree.Kind.DECIMAL)


def _float_cast(text: str, node: exp.Cast) -> tree.Literal:
    value = parse_float(text, 32)
    if value - value == 0 and Fraction(value) != Fraction(parse_float(text, 64)):
        raise _unsupported(node, "cast to DOUBLE: a FLOAT of 32 bits would be another number")
    return tree.Literal(value, tree.Kind.DOUBLE)


def _integer_cast(bits: int, signed: bool = True) -> Callable[[str, exp.Cast], tree.Literal]:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return lambda text, _: tree.Literal(parse_integer(text, low, high), tree.Kind.INTEGER)


def _blob_cast(text: str, _node: exp.Cast) -> tree.Literal:
    from dao.arrow.predicates._coerce import parse_blob

    return tree.Literal(parse_blob(text), tree.Kind.BINARY)


def _hex(node: exp.HexString) -> tree.Literal:
    try:
        return tree.Literal(bytes.fromhex(node.this), tree.Kind.BINARY)
    except ValueError:
        raise DataError(
            f"where= has the hexadecimal value {_shown(node.this)}: X'...' takes two hexadecimal digits per byte, and "
            "whole numbers are written in decimal"
        ) from None


def _timestamp(text: str, zoned: bool) -> tree.Literal:
    value = datetime_of_nanoseconds(parse_timestamp(text, zoned=zoned), zoned)
    return tree.Literal(value, tree.Kind.TIMESTAMPTZ if zoned else tree.Kind.TIMESTAMP)


_T = exp.DataType.Type
_CASTS: dict[exp.DataType.Type, Callable[[str, exp.Cast], tree.Literal]] = {
    _T.DATE: lambda text, _: tree.Literal(parse_date(text), tree.Kind.DATE),
    _T.TIME: lambda text, _: tree.Literal(time_of_nanoseconds(parse_time(text)), tree.Kind.TIME),
    _T.TIMESTAMP: lambda text, _: _timestamp(text, False),
    _T.TIMESTAMPNTZ: lambda text, _: _timestamp(text, False),
    _T.TIMESTAMPTZ: lambda text, _: _timestamp(text, True),
    _T.TIMESTAMP_NS: lambda text, _: tree.Literal(parse_timestamp(text, zoned=False), tree.Kind.TIMESTAMP_NS),
    _T.DECIMAL: _decimal_cast,
    _T.DOUBLE: lambda text, _: tree.Literal(parse_float(text, 64), tree.Kind.DOUBLE),
    _T.FLOAT: _float_cast,
    _T.TINYINT: _integer_cast(8),
    _T.SMALLINT: _integer_cast(16),
    _T.INT: _integer_cast(32),
    _T.BIGINT: _integer_cast(64),
    _T.BOOLEAN: lambda text, _: tree.Literal(parse_boolean(text), tree.Kind.BOOLEAN),
    _T.TEXT: lambda text, _: tree.Literal(text, tree.Kind.STRING),
    _T.VARCHAR: lambda text, _: tree.Literal(text, tree.Kind.STRING),
    _T.VARBINARY: _blob_cast,
}
_COMPARISONS: dict[type, str] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}
_CONVERTERS: dict[type, Callable[[Any], tree.Predicate]] = {
    exp.And: lambda node: tree.And(_chain(exp.And, node)),
    exp.Or: lambda node: tree.Or(_chain(exp.Or, node)),
    exp.Not: lambda node: tree.Not(_convert(node.this)),
    exp.Paren: lambda node: _convert(node.this),
    exp.Column: _column,
    exp.Dot: _deep_column,
    exp.Literal: _literal,
    exp.Neg: _negative,
    exp.Boolean: lambda node: tree.Literal(bool(node.this), tree.Kind.BOOLEAN),
    exp.Null: lambda _: tree.Literal(None, tree.Kind.NULL),
    exp.HexString: _hex,
    exp.Cast: _cast,
    exp.In: _in,
    exp.Between: _between,
    exp.Is: _is,
    exp.Like: _like,
    exp.ILike: _like,
    exp.Escape: _escape,
    **{kind: _comparison(operator) for kind, operator in _COMPARISONS.items()},
}
