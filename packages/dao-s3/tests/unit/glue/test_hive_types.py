"""Hive's names of types, there and back."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao.errors import DataError
from dao_s3.glue._hive_types import arrow_type

PLAIN = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "int": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "string": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp with local time zone": pa.timestamp("us", "UTC"),
    "void": pa.null(),
}


@pytest.mark.parametrize(("text", "kind"), PLAIN.items())
def test_plain_types(text: str, kind: pa.DataType) -> None:
    assert arrow_type(text) == kind
    assert arrow_type(f"  {text.upper()} ") == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("integer", pa.int32()),
        ("double precision", pa.float64()),
        ("varchar(20)", pa.string()),
        ("char( 3 )", pa.string()),
        ("timestamp(3)", pa.timestamp("us")),
        ("timestamp_ntz", pa.timestamp("us")),
        ("decimal", pa.decimal128(10, 0)),
        ("decimal(7)", pa.decimal128(7, 0)),
        ("DECIMAL ( 38 , 38 )", pa.decimal128(38, 38)),
        ("numeric(5,2)", pa.decimal128(5, 2)),
        ("array<int>", pa.list_(pa.int32())),
        ("map < string , array<tinyint> >", pa.map_(pa.string(), pa.list_(pa.int8()))),
        ("struct<>", pa.struct([])),
        ("struct<a:int,B:string>", pa.struct([("a", pa.int32()), ("B", pa.string())])),
        ("struct<a b:int, user-id : bigint>", pa.struct([("a b", pa.int32()), ("user-id", pa.int64())])),
        ("struct<`a:b,<>``c`:int>", pa.struct([("a:b,<>`c", pa.int32())])),
        ("struct<a:int COMMENT 'one, \\'two\\' >',b:date>", pa.struct([("a", pa.int32()), ("b", pa.date32())])),
        ("struct<type:string,map:map<int,int>>", pa.struct([("type", pa.string()), ("map", pa.map_("i4", "i4"))])),
    ],
)
def test_what_is_written_in_the_wild(text: str, kind: pa.DataType) -> None:
    assert arrow_type(text) == kind


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a type is expected, at character 1"),
        ("uniontype<int,string>", "'uniontype' is no type that Arrow has"),
        ("int(5)", "'int' is no type that Arrow has"),
        ("interval_day_time", "no type that Arrow has"),
        ("array", "'<' is expected, at character 6"),
        ("array<int", "'>' is expected, at character 10"),
        ("array<>", "a type is expected, at character 7"),
        ("map<string>", "',' is expected, at character 11"),
        ("struct<a>", "a field's name is expected"),
        ("struct<a:int,>", "a field's name is expected"),
        ("int int", "it goes on after its end, at character 5"),
        ("array<int>>", "it goes on after its end"),
        ("decimal(39,2)", "decimal(39,2) has no precision of 1 to 38"),
        ("decimal(0)", "decimal(0,0) has no precision of 1 to 38"),
        ("map<void,int>", "a map's keys can't be null"),
        ("decimal(5,6)", "a scale beyond it"),
        ("array<" * 5000 + "int" + ">" * 5000, "more than 50 levels of nesting"),
    ],
)
def test_what_is_no_type(text: str, told: str) -> None:
    with pytest.raises(DataError) as error:
        arrow_type(text)
    assert told in str(error.value)
    assert len(str(error.value)) < 400


def written(kind: pa.DataType) -> str:
    """The Hive name of a type."""
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_map(kind):
        return f"map<{written(kind.key_type)},{written(kind.item_type)}>"
    if pa.types.is_list(kind):
        return f"array<{written(kind.value_type)}>"
    if pa.types.is_struct(kind):
        return f"struct<{','.join(f'{quoted(part.name)}:{written(part.type)}' for part in kind)}>"
    return next(text for text, known in PLAIN.items() if known == kind)


def quoted(name: str) -> str:
    return name if name.isidentifier() else "`" + name.replace("`", "``") + "`"


decimals = st.integers(1, 38).flatmap(
    lambda precision: st.builds(pa.decimal128, st.just(precision), st.integers(0, precision))
)
names = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12)
kinds = st.recursive(
    st.sampled_from(list(PLAIN.values())) | decimals,
    lambda inner: (
        inner.map(pa.list_)
        | st.builds(pa.map_, inner.filter(lambda key: key != pa.null()), inner)
        | st.lists(st.tuples(names, inner), max_size=4).map(pa.struct)
    ),
    max_leaves=12,
)


@given(kinds)
def test_what_is_written_is_read_back(kind: pa.DataType) -> None:
    assert arrow_type(written(kind)) == kind


@given(st.text(st.sampled_from("array<>map:,struct(1)int`' decimal\n"), max_size=60))
def test_nothing_but_a_data_error_comes_of_garbage(text: str) -> None:
    try:
        found = arrow_type(text)
    except DataError:
        return
    assert isinstance(found, pa.DataType)
