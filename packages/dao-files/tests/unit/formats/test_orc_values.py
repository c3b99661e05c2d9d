"""Values in ORC: nulls at every depth, and what its library would damage."""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from format_files import load, same, save

from dao.errors import DataError
from dao_files.formats import get_format


@pytest.mark.parametrize("seed", range(8))
def test_orc_keeps_nulls_of_structs_at_every_depth(seed: int, tmp_path: Path) -> None:
    """Structs, lists and maps in any order, each null somewhere, whole and sliced."""
    chance = random.Random(seed)
    for _ in range(12):
        kind = _nested_kind(chance, 4)
        rows = pa.array([_value(chance, kind) for _ in range(chance.randint(1, 40))], kind)
        table = pa.table({"c": rows}).slice(chance.randint(0, 1))
        assert same(load(save(table, tmp_path / "t.orc", batches=chance.choice([3, 50]))), table), kind


def test_orc_takes_no_value_from_beneath_a_null(tmp_path: Path) -> None:
    """A struct that is null hides values of its fields, in memory; the rows after it are what is lost."""
    inner = pa.StructArray.from_arrays([pa.array(["hidden", "x", "y"])], ["v"], mask=pa.array([True, False, False]))
    for holder in (
        pa.StructArray.from_arrays([inner], ["a"]),
        pa.ListArray.from_arrays(pa.array([0, 3], pa.int32()), pa.StructArray.from_arrays([inner], ["a"])),
    ):
        table = pa.table({"c": holder})
        assert load(save(table, tmp_path / "t.orc")).equals(table)


def _nested_kind(chance: random.Random, depth: int) -> pa.DataType:
    shape = chance.choice(["struct", "struct", "list", "map", "leaf"]) if depth else "leaf"
    if shape == "struct":
        return pa.struct([(f"f{place}", _nested_kind(chance, depth - 1)) for place in range(chance.randint(1, 3))])
    if shape == "list":
        return pa.list_(_nested_kind(chance, depth - 1))
    if shape == "map":
        return pa.map_(pa.string(), _nested_kind(chance, depth - 1))
    return chance.choice([pa.int32(), pa.string(), pa.bool_(), pa.float64(), pa.binary()])


def _value(chance: random.Random, kind: pa.DataType) -> Any:
    if chance.random() < 0.3:
        return None
    if pa.types.is_struct(kind):
        return {field.name: _value(chance, field.type) for field in kind}
    if pa.types.is_map(kind):
        return [(f"k{place}", _value(chance, kind.item_type)) for place in range(chance.randint(0, 3))]
    if pa.types.is_list(kind):
        return [_value(chance, kind.value_type) for _ in range(chance.randint(0, 3))]
    number = chance.randint(1, 99)
    made = {pa.int32(): number, pa.string(): f"s{number}", pa.bool_(): number > 50, pa.float64(): number / 4}
    return made.get(kind, f"b{number}".encode())


def test_orc_refuses_dictionaries_of_nested_values() -> None:
    """They would be written as lists, which can't be made dictionaries when they are read."""
    with pytest.raises(DataError, match="ORC can't hold dictionary"):
        get_format("orc").writer(io.BytesIO(), pa.schema([("d", pa.dictionary(pa.int8(), pa.list_(pa.string())))]))
