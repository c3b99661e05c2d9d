"""The building blocks for tables in memory: their messages where the data of a call doesn't fit."""

from __future__ import annotations

import pyarrow as pa
import pytest

from dao.errors import DataError
from dao.tables import merge_tables, reconcile

STORED = pa.table({"id": [1], "v": ["a"]})


@pytest.mark.parametrize("mode", ["strict", "evolve"])
def test_a_missing_key_is_no_matter_of_schema_evolution(mode: str) -> None:
    with pytest.raises(DataError, match="keys= asks for the column 'id'") as raised:
        reconcile(STORED.schema, pa.schema({"v": pa.string()}), mode, ["id"])
    assert "evolve" not in raised.value.message


def test_an_upsert_in_memory_says_which_key_is_missing() -> None:
    with pytest.raises(DataError, match="keys= asks for the column 'id'"):
        merge_tables(STORED, pa.table({"v": ["b"]}), ["id"])


def test_a_repeated_key_is_said_to_be_in_the_data() -> None:
    with pytest.raises(DataError, match="1 rows of the data repeat a key, such as id=1 in rows 0 and 1"):
        merge_tables(STORED, pa.table({"id": [1, 1], "v": ["b", "c"]}), ["id"])
