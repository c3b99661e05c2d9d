"""Tables and predicates for property tests: `where=` must keep the same rows as DuckDB.

Requires hypothesis, and DuckDB as the oracle. A backend's test:

    @given(cases())
    def test_keeps_the_rows_that_duckdb_keeps(case):
        write(case.table)
        assert sorted(read(where=case.sql)["row"].to_pylist()) == duckdb_rows(case.table, case.sql)

Each table has a column ``row`` that numbers its rows. The values are few and close together, so that predicates match
them, and are error-prone ones: NULL, NaN, infinities, -0.0, the limits of each integer type, adjacent integers beyond
2**53, texts with more than one byte per character, times before and after 1970.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
from attrs import frozen
from hypothesis import strategies as st

from dao.arrow.predicates import literal as python_literal
from dao.arrow.predicates import quote_identifier, quote_literal

__all__ = ["COLUMNS", "Case", "Conditions", "cases", "dnf_cases", "duckdb_rows", "tables"]


@frozen
class ColumnKind:
    """A column of the generated tables.

    Attributes:
        type: the Arrow type.
        values: the values besides NULL.
        texts: the SQL texts of literals that DuckDB compares with the column, besides those of `values`.
        group: the name of a group of columns that can be compared with each other.
    """

    type: pa.DataType
    values: tuple[Any, ...]
    texts: tuple[str, ...] = ()
    group: str = ""


def _integers(bits: int, signed: bool = True) -> tuple[int, ...]:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    near = (-3, -2, -1, 0, 1, 2, 3, 100)
    past = tuple(value for value in (2**24 + 1, 2**53, 2**53 + 1) if value <= high)
    return (low, low + 1, *(value for value in near if low <= value <= high), *past, high - 1, high)


_NUMBERS = (
    "0", "1", "-1", "2", "3", "100", "127", "128", "-129", "255", "256", "32768", "-2147483649", "4294967296",
    "16777217", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
    "18446744073709551615", "18446744073709551616", "0.0", "0.5", "1.0", "1.5", "-1.5", "2.50", "2.505", "0.1", "99.99",
    "0e0", "-0e0", "1e0", "1.5e0", "-0.5e0", "1e-1", "9007199254740992e0", "9.223372036854775807e18", "1e300", "-1e300",
    "CAST('NaN' AS DOUBLE)", "CAST('Infinity' AS DOUBLE)", "CAST('-Infinity' AS DOUBLE)",
    "'0'", "'1'", "'2.5'", "' 3 '", "'1e2'", "'1.49'",
)  # fmt: skip
_FLOATS = (0.0, -0.0, 1.0, -1.0, 1.5, 2.0, 0.5, 100.0, math.nan, math.inf, -math.inf)
_TEXTS = (
    "", "a", "A", "b", "ab", "aB", "a_b", "a%b", "é", "É", "éa", "日本", "👍", "it's", "x\\y", " ", "1", "\n",
    "a ", "a\n",
)  # fmt: skip
_PATTERNS = (
    "'%'", "''", "'a%'", "'%b'", "'%a%'", "'_'", "'a_'", "'_b'", "'a!_b' ESCAPE '!'", "'a!%%' ESCAPE '!'", "'é%'",
    "'__'", "'a%b'", "'%_%'", "'A%'", "'x\\y'", "'x\\%'", "'👍%'", "'日_'", "'it''s'", "'a%%b'", "'a.b'",
    "NULL", "'%\n'",
)  # fmt: skip
_DATES = (date(1969, 12, 31), date(1970, 1, 1), date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 2), date(1, 1, 1))
_STAMPS = (
    datetime(1969, 12, 31, 23, 59, 59), datetime(1970, 1, 1), datetime(2025, 12, 31, 12), datetime(2026, 1, 1),
    datetime(2026, 1, 1, 0, 0, 1), datetime(2026, 1, 2),
)  # fmt: skip
_FINE_STAMPS = (*_STAMPS, datetime(2026, 1, 1, 0, 0, 0, 1), datetime(1969, 12, 31, 23, 59, 59, 999_999))
_POINTS = (
    "DATE '2026-01-01'", "DATE '1969-12-31'", "DATE '1970-01-01'", "DATE '2030-06-01'", "'2026-01-01'", "'2025-12-31'",
    "TIMESTAMP '2026-01-01 00:00:00'", "TIMESTAMP '2026-01-01 00:00:00.000001'", "TIMESTAMP '2025-12-31 12:00:00'",
    "TIMESTAMP '1969-12-31 23:59:59.5'", "TIMESTAMP '2026-01-01 00:00:00.5'", "'2026-01-01 00:00:00.5'",
    "'1969-12-31 23:59:59.999999'", "'2026-01-01T00:00:01'",
)  # fmt: skip
_ZONED_POINTS = (
    "CAST('2026-01-01 00:00:00+00:00' AS TIMESTAMP WITH TIME ZONE)", "TIMESTAMPTZ '2026-01-01 02:00:00+02'",
    "TIMESTAMPTZ '2025-12-31 23:59:59.999999-01:30'", "'2026-01-01 01:00:00+01:00'",
)  # fmt: skip


def _stamps(unit: str, zone: str | None = None) -> ColumnKind:
    coarse = {"s": _STAMPS, "ms": (*_STAMPS, datetime(2026, 1, 1, 0, 0, 0, 500_000))}
    values = coarse.get(unit, _FINE_STAMPS)
    zoned = tuple(value.replace(tzinfo=UTC) for value in values)
    texts = _POINTS if unit == "ns" else (*_POINTS, *_ZONED_POINTS)
    # DuckDB doesn't compare nanoseconds without a zone with timestamps that have one, so they form a separate group.
    group = "nanoseconds" if unit == "ns" else "points"
    return ColumnKind(pa.timestamp(unit, zone), zoned if zone else values, texts, group)


COLUMNS: dict[str, ColumnKind] = {
    "i8": ColumnKind(pa.int8(), _integers(8), _NUMBERS, "numbers"),
    "i16": ColumnKind(pa.int16(), _integers(16), _NUMBERS, "numbers"),
    "i32": ColumnKind(pa.int32(), _integers(32), _NUMBERS, "numbers"),
    "i64": ColumnKind(pa.int64(), _integers(64), _NUMBERS, "numbers"),
    "u8": ColumnKind(pa.uint8(), _integers(8, False), _NUMBERS, "numbers"),
    "u32": ColumnKind(pa.uint32(), _integers(32, False), _NUMBERS, "numbers"),
    "u64": ColumnKind(pa.uint64(), _integers(64, False), _NUMBERS, "numbers"),
    "f32": ColumnKind(pa.float32(), (*_FLOATS, 0.10000000149011612, 16777216.0), _NUMBERS, "numbers"),
    "f64": ColumnKind(pa.float64(), (*_FLOATS, 0.1, 9007199254740992.0), _NUMBERS, "numbers"),
    "dec": ColumnKind(
        pa.decimal128(9, 2),
        tuple(map(Decimal, ("0", "1", "1.50", "-1.50", "2.50", "2.51", "0.10", "99.99", "9999999.99", "-9999999.99"))),
        _NUMBERS,
        "numbers",
    ),
    "wide": ColumnKind(
        pa.decimal128(30, 6),
        tuple(map(Decimal, ("0", "1.5", "-1.500001", "0.1", "9007199254740993.000001"))),
        _NUMBERS,
        "numbers",
    ),
    "text": ColumnKind(pa.string(), _TEXTS, (), "texts"),
    "large": ColumnKind(pa.large_string(), _TEXTS, (), "texts"),
    "coded": ColumnKind(pa.dictionary(pa.int32(), pa.string()), _TEXTS, (), "texts"),
    "Flag on": ColumnKind(pa.bool_(), (True, False), ("TRUE", "1", "0", "2"), "flags"),
    "flag2": ColumnKind(pa.bool_(), (True, False), ("TRUE",), "flags"),
    "day": ColumnKind(pa.date32(), _DATES, (*_POINTS, *_ZONED_POINTS), "points"),
    "s": _stamps("s"),
    "ms": _stamps("ms"),
    "us": _stamps("us"),
    "ns": _stamps("ns"),
    "zoned": _stamps("us", "UTC"),
    "berlin": _stamps("us", "Europe/Berlin"),
    "clock": ColumnKind(
        pa.time64("us"),
        (time(0), time(12), time(23, 59, 59, 999_999)),
        ("TIME '12:00:00'", "'12:00'", "'00:00:00.5'"),
        "clocks",
    ),
    "blob": ColumnKind(pa.binary(), (b"", b"a", b"ab", b"\x00", b"\xff"), ("X'61'", r"'\xFF'", "'ab'", "X''"), "blobs"),
}
"""The columns of generated tables, by name."""


@frozen
class Case:
    """A table and a predicate for it.

    Attributes:
        table: a table with a column ``row`` that numbers the rows, and some of `COLUMNS`.
        sql: the predicate as SQL text.
        where: the predicate as the argument ``where=``: the same text, or DNF tuples.
    """

    table: pa.Table
    sql: str
    where: Any


@st.composite
def tables(draw: st.DrawFn, names: Sequence[str] | None = None, max_rows: int = 12) -> pa.Table:
    """Generate tables of the named columns (by default all of `COLUMNS`), with NULLs in each."""
    chosen = list(COLUMNS if names is None else names)
    rows = draw(st.integers(0, max_rows))
    columns: dict[str, pa.Array] = {"row": pa.array(range(rows), pa.int64())}
    for name in chosen:
        kind = COLUMNS[name]
        columns[name] = pa.array(draw(_column(name, rows)), kind.type)
    return pa.table(columns)


# Strategies are made once, and their parts are named functions: Hypothesis checks each new strategy, and looks up the
# source text of each lambda. With strategies that were made for each example, that took more time than to draw it.


@functools.cache
def _column(name: str, rows: int) -> st.SearchStrategy[list[Any]]:
    return st.lists(st.none() | st.sampled_from(COLUMNS[name].values), min_size=rows, max_size=rows)


@functools.cache
def _literal(name: str) -> st.SearchStrategy[str]:
    """The SQL texts that are compared with a column."""
    kind = COLUMNS[name]
    own = st.sampled_from(kind.values).map(_literal_text)
    return st.one_of(own, st.sampled_from((*kind.texts, "NULL")) if kind.texts else own)


def _literal_text(value: Any) -> str:
    return quote_literal(python_literal(value))


@functools.cache
def _forms(group: str) -> st.SearchStrategy[str]:
    own = {"texts": ["like", "like"], "flags": ["bare", "truth"]}.get(group, [])
    return st.sampled_from(["compare", "compare", "in", "between", "null", "pair", *own])


_OPERATORS = st.sampled_from(("=", "<>", "!=", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"))
_NEGATIONS = st.sampled_from(("", "NOT "))
_LIKES = st.sampled_from(("LIKE", "ILIKE"))
_PATTERN = st.sampled_from(_PATTERNS)
_TRUTHS = st.sampled_from(("TRUE", "FALSE", "NULL"))
_JOINS = st.sampled_from((" AND ", " OR "))
_TESTS = st.sampled_from(("IS NULL", "IS NOT NULL", "IS TRUE", "IS NOT FALSE"))
_COMPARISONS = st.sampled_from(("=", "<>", "<", "IS DISTINCT FROM"))
_FLAGS = st.booleans()
_MEMBERS = st.integers(1, 4)


def _joined(drawn: tuple[str, list[str]]) -> str:
    return drawn[0].join(f"({part})" for part in drawn[1])


def _tested(drawn: tuple[str, str]) -> str:
    return f"({drawn[0]}) {drawn[1]}"


def _compared(drawn: tuple[str, str, str]) -> str:
    return f"({drawn[0]}) {drawn[1]} ({drawn[2]})"


def _negated(text: str) -> str:
    return f"NOT ({text})"


@st.composite
def _leaf(draw: st.DrawFn, conditions: Conditions) -> str:
    return conditions._leaf(draw)


@frozen
class Conditions:
    """Strategies for SQL conditions over some of `COLUMNS`.

    Attributes:
        names: the names of the columns, at least one.
    """

    names: tuple[str, ...]

    def any(self) -> st.SearchStrategy[str]:
        """Generate conditions of any form, nested a few levels deep."""
        return st.recursive(self.leaf(), self._compound, max_leaves=6)

    def leaf(self) -> st.SearchStrategy[str]:
        """Generate conditions on one column, or two."""
        return _leaf(self)

    def _compound(self, inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        joined = st.tuples(_JOINS, st.lists(inner, min_size=2, max_size=4)).map(_joined)
        tested = st.tuples(inner, _TESTS).map(_tested)
        compared = st.tuples(inner, _COMPARISONS, inner).map(_compared)
        return st.one_of(joined, joined, inner.map(_negated), tested, compared)

    def _leaf(self, draw: st.DrawFn) -> str:
        name = draw(st.sampled_from(self.names))
        column, kind, literals = quote_identifier(name), COLUMNS[name], _literal(name)
        form = draw(_forms(kind.group))
        negation = draw(_NEGATIONS)
        if form == "compare":
            sides = [column, draw(literals)]
            return f" {draw(_OPERATORS)} ".join(sides if draw(_FLAGS) else sides[::-1])
        if form == "in":
            values = [draw(literals) for _ in range(draw(_MEMBERS))]
            return f"{column} {negation}IN ({', '.join(values)})"
        if form == "between":
            return f"{column} {negation}BETWEEN {draw(literals)} AND {draw(literals)}"
        if form == "like":
            return f"{column} {negation}{draw(_LIKES)} {draw(_PATTERN)}"
        if form == "pair":
            others = [other for other in self.names if COLUMNS[other].group == kind.group]
            return f"{column} {draw(_OPERATORS)} {quote_identifier(draw(st.sampled_from(others)))}"
        if form == "truth":
            return f"{column} IS {negation}{draw(_TRUTHS)}"
        return column if form == "bare" else f"{column} IS {negation}NULL"


_SOME_COLUMNS = st.lists(st.sampled_from(sorted(COLUMNS)), min_size=1, max_size=5, unique=True)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Generate tables of one to five columns with a predicate as SQL text."""
    names = draw(_SOME_COLUMNS)
    sql = draw(Conditions(tuple(names)).any())
    return Case(draw(tables(names)), sql, sql)


@st.composite
def dnf_cases(draw: st.DrawFn) -> Case:
    """Generate tables of one to five columns with a predicate as DNF tuples; `Case.sql` is the equivalent SQL."""
    names = draw(_SOME_COLUMNS)
    groups = draw(
        st.lists(st.lists(st.sampled_from(names).flatmap(_triples), min_size=1, max_size=3), min_size=1, max_size=3)
    )
    flat = len(groups) == 1 and draw(st.booleans())
    sql = " OR ".join(f"({' AND '.join(f'({_triple_sql(triple)})' for triple in group)})" for group in groups)
    return Case(draw(tables(names)), sql, groups[0] if flat else groups)


@functools.cache
def _triples(name: str) -> st.SearchStrategy[tuple[Any, ...]]:
    values = st.sampled_from((*COLUMNS[name].values, None))
    single = st.tuples(st.just(name), st.sampled_from(("=", "==", "!=", "<", "<=", ">", ">=")), values)
    several = st.tuples(st.just(name), st.sampled_from(("in", "not in")), st.lists(values, min_size=1, max_size=4))
    return single | several


def _triple_sql(triple: tuple[Any, ...]) -> str:
    name, operator, value = triple
    column = quote_identifier(name)
    if isinstance(value, list):
        return f"{column} {operator} ({', '.join(quote_literal(python_literal(item)) for item in value)})"
    return f"{column} {operator} {quote_literal(python_literal(value))}"


def duckdb_rows(table: pa.Table, sql: str, connection: Any = None) -> list[int] | None:
    """Return the values of ``row`` that DuckDB keeps, ascending; None if it refuses the predicate.

    The table is copied into DuckDB's own storage first: a scan of Arrow data would push the filter down to Arrow.
    Dictionary columns are decoded: DuckDB would convert them to an ENUM, which sorts by position.

    Args:
        table: a table as in `Case`.
        sql: the predicate.
        connection: an open DuckDB connection; by default a new one.
    """
    import duckdb

    con = duckdb.connect() if connection is None else connection
    plain = table.cast(pa.schema([field.with_type(_without_dictionary(field.type)) for field in table.schema]))
    con.register("generated_arrow", plain)
    try:
        con.execute("SET TimeZone = 'UTC'")
        con.execute("CREATE OR REPLACE TEMP TABLE generated AS SELECT * FROM generated_arrow")
        return [row for (row,) in con.execute(f"SELECT row FROM generated WHERE {sql} ORDER BY row").fetchall()]
    except (duckdb.ConversionException, duckdb.BinderException, duckdb.SyntaxException):
        return None
    finally:
        con.unregister("generated_arrow")


def _without_dictionary(arrow: pa.DataType) -> pa.DataType:
    return arrow.value_type if pa.types.is_dictionary(arrow) else arrow
