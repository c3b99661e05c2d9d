"""The tables of the kit, with values that some store or format is known to lose."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
from attrs import evolve, field, frozen

from dao.testing._tables.features import features_of

__all__ = ["CASES", "Case"]


@frozen
class Case:
    """One table to write and to read back.

    Attributes:
        name: a word, for the test's name.
        table: the rows.
        values: the features, of :data:`dao.capabilities.TYPES`, that the table's values and names require of a store,
            in addition to those of its types.
    """

    name: str
    table: pa.Table = field(repr=False)
    values: frozenset[str] = field(repr=False)

    @property
    def features(self) -> frozenset[str]:
        """All features that the table requires of a store: those of its types, values and names."""
        return features_of(self.table.schema) | self.values

    def fits(self, lacking: Sequence[str] | frozenset[str]) -> bool:
        """Whether a store that lacks these features can store the table."""
        return self.features.isdisjoint(lacking)

    def without(self, lacking: Collection[str]) -> Case | None:
        """Drop the columns whose types a store lacks, so that a lacking type affects its own columns only.

        Returns:
            The case with the other columns; ``None`` if none are left, or if the store lacks the values or names.
        """
        if not self.values.isdisjoint(lacking):
            return None
        kept = [column.name for column in self.table.schema if features_of([column]).isdisjoint(lacking)]
        return evolve(self, table=self.table.select(kept)) if kept else None


def _case(name: str, columns: dict[str, Any] | pa.Table, *more: str) -> Case:
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    return Case(name, table, frozenset(more))


def _with_null(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    return pa.array([*values, None], kind)


def _integers(signed: bool) -> Iterator[Case]:
    for bits in (8, 16, 32, 64):
        kind = getattr(pa, f"int{bits}" if signed else f"uint{bits}")()
        ends = [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1] if signed else [0, 2**bits - 1]
        yield _case(str(kind), {"value": _with_null([*ends, 0, 1], kind)})
    if signed:
        around = [2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1]
        yield _case("int64_beyond_float", {"value": _with_null(around, pa.int64())})


_FLOAT_BITS = {
    # +0, 1, the largest and the smallest normal number, followed by the values that require a feature.
    16: ([0x0000, 0x3C00, 0x7BFF, 0x0400], [0x7E00], [0x7C00, 0xFC00], [0x8000], [0x0001]),
    32: (
        [0x00000000, 0x3F800000, 0x7F7FFFFF, 0x00800000], [0x7FC00000], [0x7F800000, 0xFF800000], [0x80000000],
        [0x00000001],
    ),
    64: (
        [0, 0x3FF0000000000000, 0x7FEFFFFFFFFFFFFF, 0x0010000000000000, 0x3FB999999999999A], [0x7FF8000000000000],
        [0x7FF0000000000000, 0xFFF0000000000000], [0x8000000000000000], [0x0000000000000001],
    ),
}  # fmt: skip
_FLOAT_FEATURES = (None, "nan", "infinity", "negative_zero", "subnormal")


def _floats() -> Iterator[Case]:
    for bits, groups in _FLOAT_BITS.items():
        kind = {16: pa.float16(), 32: pa.float32(), 64: pa.float64()}[bits]
        raw = {16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64()}[bits]
        for feature, values in zip(_FLOAT_FEATURES, groups, strict=True):
            name = f"float{bits}" + (f"_{feature}" if feature else "")
            column = pa.array([*values, groups[0][1], None], raw).view(kind)
            yield _case(name, {"value": column}, *([feature] if feature else []))


def _decimals() -> Iterator[Case]:
    for precision, scale in ((5, 2), (9, 0), (18, 6), (38, 0), (38, 18)):
        yield _decimal(pa.decimal128(precision, scale), precision, scale)
    yield _decimal(pa.decimal128(38, 38), 38, 38, "fraction_38")
    yield _decimal(pa.decimal256(76, 20), 76, 20)


def _decimal(kind: pa.DataType, precision: int, scale: int, *features: str) -> Case:
    digits = (9,) * precision
    ends = [Decimal((sign, digits, -scale)) for sign in (0, 1)]
    values = [*ends, Decimal((0, (0,), -scale)), Decimal((1, (1,), -scale)), Decimal((0, (1, 0), -scale))]
    return _case(f"decimal_{precision}_{scale}", {"value": _with_null(values, kind)}, *features)


_TEXT = [
    "plain",
    "Straße",
    "\u00e9",
    "e\u0301",
    "日本語",
    "🏳️‍🌈",
    " spaces around ",
    "NULL",
    "null",
    "NaN",
    "0x1F",
    "1e5",
]
_BYTES = [b"plain", b"\x00\xff\x80", bytes(range(256)), b"x" * 100_000]


def _texts() -> Iterator[Case]:
    yield _case("string", {"value": _with_null(_TEXT, pa.string())})
    yield _case("string_empty", {"value": pa.array(["", None, "a", "", None])}, "empty_text")
    yield _case("string_long", {"value": pa.array(["x" * 65_535, "x" * 65_536, None, "日" * 40_000])}, "long_text")
    control = ["a\nb", "a\r\nb", "\ttab", 'quo"te', "quo'te", "back\\slash", "com,ma", "\x00nul", "\x1f", "\ufeffbom"]
    yield _case("string_control", {"value": _with_null(control, pa.string())}, "control_text")
    for kind in (pa.large_string(), pa.string_view()):
        yield _case(str(kind), {"value": _with_null(_TEXT, kind)})
    for kind in (pa.binary(), pa.large_binary(), pa.binary_view()):
        yield _case(str(kind), {"value": _with_null(_BYTES, kind)})
    yield _case("binary_empty", {"value": pa.array([b"", None, b"a"])}, "empty_text")
    yield _case("fixed_size_binary", {"value": _with_null([b"\x00" * 16, bytes(range(16))], pa.binary(16))})
    yield _case(
        "uuid", {"value": pa.ExtensionArray.from_storage(pa.uuid(), _with_null([bytes(range(16))], pa.binary(16)))}
    )


DAY = 86_400
FIRST_DAY = -719_162  # days from 1970-01-01 to 0001-01-01
FIRST_DAY_OF_1900 = -25_567
LAST_DAY = 2_932_896  # 9999-12-31
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


def _dates() -> Iterator[Case]:
    for name, kind, unit in (("date32", pa.date32(), 1), ("date64", pa.date64(), DAY * 1000)):
        yield _case(name, {"value": _days([0, 1, -1, 19_782, 11_016], kind, unit)})  # 2024-02-29 and 2000-02-29 too
        yield _case(
            f"{name}_early",
            {"value": _days([FIRST_DAY, -141_428, -141_427, FIRST_DAY_OF_1900], kind, unit)},
            "early_dates",
        )
        yield _case(f"{name}_late", {"value": _days([LAST_DAY], kind, unit)}, "late_dates")


def _days(days: Sequence[int], kind: pa.DataType, unit: int) -> pa.Array:
    raw = pa.int32() if kind.bit_width == 32 else pa.int64()
    return pa.array([*(day * unit for day in days), None], raw).view(kind)


def _timestamps() -> Iterator[Case]:
    for unit, scale in PER_SECOND.items():
        whole = [0, 1, -1, 1_711_846_799 * scale, 1_711_846_800 * scale]  # around the start of summer time in Europe
        for suffix, zone in (("", None), ("_utc", "UTC"), ("_berlin", "Europe/Berlin"), ("_offset", "+05:30")):
            yield _case(f"timestamp_{unit}{suffix}", {"value": _instants(whole, pa.timestamp(unit, zone))})
        if unit == "ns":  # 64 bits of nanoseconds range from 1677 to 2262; the lowest count is pandas' NaT
            yield _case("timestamp_ns_first", {"value": _instants([-(2**63) + 1], pa.timestamp("ns"))}, "early_dates")
            yield _case("timestamp_ns_last", {"value": _instants([2**63 - 1], pa.timestamp("ns"))})
            continue
        for suffix, zone in (("", None), ("_utc", "UTC")):
            kind = pa.timestamp(unit, zone)
            early = _instants([FIRST_DAY * DAY * scale, FIRST_DAY_OF_1900 * DAY * scale - 1], kind)
            late = _instants([(LAST_DAY + 1) * DAY * scale - 1], kind)
            yield _case(f"timestamp_{unit}{suffix}_early", {"value": early}, "early_dates")
            yield _case(f"timestamp_{unit}{suffix}_late", {"value": late}, "late_dates")


def _instants(values: Sequence[int], kind: pa.DataType) -> pa.Array:
    return pa.array([*values, None], pa.int64()).view(kind)


def _times() -> Iterator[Case]:
    for unit, scale in PER_SECOND.items():
        kind, raw = (pa.time32(unit), pa.int32()) if unit in ("s", "ms") else (pa.time64(unit), pa.int64())
        yield _case(f"time_{unit}", {"value": pa.array([0, 1, DAY * scale - 1, None], raw).view(kind)})
    for unit in PER_SECOND:
        values = [0, 1, -1, 2**53 + 1, None]
        yield _case(f"duration_{unit}", {"value": pa.array(values, pa.int64()).view(pa.duration(unit))})


def _nested() -> Iterator[Case]:
    yield _case("list", {"value": pa.array([[1, 2, 3], [None], [4, None], None], pa.list_(pa.int32()))})
    yield _case("list_empty", {"value": pa.array([[], None, [1]], pa.list_(pa.int32()))}, "empty_list")
    yield _case("list_of_list", {"value": pa.array([[["a"], ["b", None]], None], pa.list_(pa.list_(pa.string())))})
    yield _case("large_list", {"value": pa.array([[1, None], None, [3]], pa.large_list(pa.int64()))})
    pairs = pa.list_(pa.float64(), 2)
    yield _case("fixed_size_list", {"value": pa.array([[1.0, 2.0], [None, 4.0]], pairs)})
    yield _case("fixed_size_list_null", {"value": pa.array([[1.0, 2.0], None], pairs)}, "null_fixed_size_list")
    point = pa.struct([("x", pa.float64()), ("label", pa.string())])
    yield _case("struct", {"value": pa.array([{"x": 1.5, "label": "a"}, {"x": None, "label": "b"}], point)})
    of_nulls = [{"x": None, "label": None}, None, {"x": 1.0, "label": None}]
    yield _case("struct_null", {"value": pa.array(of_nulls, point)}, "null_struct")
    required = pa.struct([pa.field("pair", pairs, nullable=False)])
    yield _case("struct_null_of_required", {"value": pa.array([None, {"pair": [1.0, 2.0]}], required)}, "null_struct")
    yield _case(
        "list_of_struct",
        {"value": pa.array([[{"x": 1.0, "label": "a"}, {"x": 2.0, "label": None}], None], pa.list_(point))},
    )
    deep = pa.struct(
        [("tags", pa.list_(pa.string())), ("inner", pa.struct([("n", pa.int64()), ("at", pa.timestamp("us", "UTC"))]))]
    )
    yield _case("struct_of_nested", {"value": pa.array([{"tags": ["a"], "inner": {"n": 1, "at": 0}}], deep)})
    yield _case(
        "map", {"value": pa.array([[("a", 1), ("b", None)], None, [("c", 3)]], pa.map_(pa.string(), pa.int64()))}
    )
    yield _case(
        "map_to_struct", {"value": pa.array([[(1, {"x": 1.0, "label": "a"})], None], pa.map_(pa.int32(), point))}
    )
    words = pa.array(["b", "a", None, "b"]).dictionary_encode()
    yield _case("dictionary", {"value": words})
    yield _case("dictionary_int8", {"value": words.cast(pa.dictionary(pa.int8(), pa.string()))})


def _shapes() -> Iterator[Case]:
    kinds = {
        "flag": pa.bool_(), "count": pa.int64(), "ratio": pa.float64(), "price": pa.decimal128(10, 2),
        "name": pa.string(), "raw": pa.binary(), "day": pa.date32(), "at": pa.timestamp("us", "UTC"),
    }  # fmt: skip
    schema = pa.schema(kinds)
    row = {"flag": [True], "count": [1], "ratio": [0.1], "price": [Decimal("-1.50")], "name": ["a"], "raw": [b"\x00"]}
    one = pa.table({**row, "day": [0], "at": [0]}, schema=schema)
    yield _case("bool", {"value": pa.array([True, False, None])})
    yield _case("null", {"id": [1, 2], "value": pa.nulls(2)})
    yield _case("one_row", one)
    yield _case("no_rows", schema.empty_table(), "no_rows")
    yield _case("all_null", pa.table({name: pa.nulls(3, kind) for name, kind in kinds.items()}))
    chunks = [one, schema.empty_table(), *[one] * 50]
    yield _case("many_chunks", pa.concat_tables(chunks))
    yield _case("sliced", pa.concat_tables([one] * 9).combine_chunks().slice(3, 5))
    required = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("name", pa.string(), nullable=False)])
    yield _case("not_null", pa.table({"id": [1, 2], "name": ["a", "b"]}, schema=required))
    yield _case("names_by_case", {"id": [1], "Id": [2]}, "names_by_case")
    yield _case("many_columns", {f"column_{i}": [i] for i in range(1_000)}, "many_columns")


LONG_NAME = "x" * 120
ODD_NAMES = [
    "with space", "UPPER", "select", "from", "order", "dotted.name", 'quo"te', "quo'te", "back`tick", "semi;colon",
    "dash-ed", "1st", "percent%s", "{brace}", "a=b", "naïve", "日本", "_leading", "slash/ed", "(paren)",
    "$dollar", "#hash", "com,ma",
]  # fmt: skip


def _names() -> Iterator[Case]:
    yield _case("odd_names", {name: [position, None] for position, name in enumerate(ODD_NAMES)}, "odd_names")
    yield _case("long_names", {LONG_NAME: [1, None], LONG_NAME[:-1] + "y": [2, None]}, "long_names")


_FAMILIES: tuple[Callable[[], Iterator[Case]], ...] = (
    lambda: _integers(signed=True), lambda: _integers(signed=False), _floats, _decimals, _texts, _dates, _timestamps,
    _times, _nested, _shapes, _names,
)  # fmt: skip

CASES: tuple[Case, ...] = tuple(case for family in _FAMILIES for case in family())
"""All cases. Values that require a feature are in separate cases, so that a backend without it skips only these."""
