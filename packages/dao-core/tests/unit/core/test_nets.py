"""The net of change rows: applied to the old rows it gives the new ones."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao.errors import DataError
from dao.tables import merge_tables
from dao.tables._nets import appended_rows, net_changes

ROWS = pa.schema([("id", pa.int64()), ("part", pa.string()), ("v", pa.int64())])
CHANGED = pa.schema(
    [*ROWS, ("_change_type", pa.string()), ("_version", pa.int64()), ("_timestamp", pa.timestamp("us", "UTC"))]
)
GONE = "_change_type = 'delete'"

Change = tuple[int, str, int | None, str, int]


def changes(*rows: Change) -> pa.Table:
    """Rows of ``id, part, v, kind, version``."""
    names = ("id", "part", "v", "_change_type", "_version")
    return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in rows], CHANGED)


@st.composite
def histories(draw: Any) -> tuple[pa.Table, pa.Table, pa.Table]:
    """The rows at first, the changes, and the rows in the end; the versions' numbers are in no order."""
    keys = st.tuples(st.integers(0, 3), st.sampled_from("ab"))
    state: dict[tuple[int, str], int] = draw(st.dictionaries(keys, st.integers(0, 9)))
    first, found = dict(state), []
    for version in draw(st.lists(st.integers(-99, 99), unique=True, max_size=5)):
        for key, value in draw(st.dictionaries(keys, st.none() | st.integers(0, 9), max_size=4)).items():
            told = draw(st.sampled_from([("update_before", "update_after"), ("delete", "insert")]))
            old = state.pop(key, None)
            rows: list[Change] = []
            if old is not None:
                rows.append((*key, old, "delete" if value is None else told[0], version))
            if value is not None:
                state[key] = value
                rows.append((*key, value, "insert" if old is None else told[1], version))
            found += rows if draw(st.booleans()) else rows[::-1]
    return table(first), changes(*found), table(state)


def table(state: dict[tuple[int, str], int]) -> pa.Table:
    return pa.Table.from_pylist([{"id": i, "part": p, "v": v} for (i, p), v in state.items()], ROWS)


def as_set(rows: pa.Table) -> set[tuple[Any, ...]]:
    found = [tuple(row.values()) for row in rows.to_pylist()]
    assert len(found) == len(set(found))
    return set(found)


@given(histories(), st.sampled_from([None, "v < 5", "part = 'a'"]))
def test_the_net_leads_from_the_old_rows_to_the_new_ones(history: Any, where: str | None) -> None:
    first, changed, last = history
    kept = [rows if where is None else pa.table(filtered(rows, where)) for rows in (first, last)]
    net = net_changes(changed, ["id", "part"], where)
    assert as_set(merge_tables(kept[0], net, ["id", "part"], delete_when=GONE).rows) == as_set(kept[1])
    if where is None:
        before, after = ({row[:2] for row in as_set(rows)} for rows in (first, last))
        for row in net.to_pylist():
            key = (row["id"], row["part"])
            here = "delete" if key not in after else "insert" if key not in before else "update_after"
            assert row["_change_type"] == here


def filtered(rows: pa.Table, where: str) -> pa.Table:
    from dao.arrow.predicates import filter_table

    return filter_table(rows, where)


def test_a_net_is_one_row_per_key() -> None:
    found = net_changes(
        changes(
            (1, "a", 1, "insert", 7), (2, "a", 1, "update_before", 7), (2, "a", 2, "update_after", 7),
            (1, "a", 1, "delete", 3), (2, "a", 2, "delete", 3), (2, "a", 3, "insert", 3), (3, "a", None, "delete", 3),
        ),
        ["id", "part"],
    )  # fmt: skip
    assert found.to_pylist() == [
        {"id": 2, "part": "a", "v": 3, "_change_type": "update_after"},
        {"id": 3, "part": "a", "v": None, "_change_type": "delete"},
    ]
    assert net_changes(changes(), ["id"]).schema.names == ["id", "part", "v", "_change_type"]


@pytest.mark.parametrize(
    "rows",
    [
        [(1, "a", 1, "insert", 7), (1, "a", 2, "insert", 7)],
        [(1, "a", 1, "insert", 7), (1, "a", 2, "insert", 8)],
        [(1, "a", 1, "delete", 7), (1, "a", 2, "delete", 7)],
        [(1, "a", 1, "delete", 7), (1, "a", 1, "delete", 7), (1, "a", 1, "insert", 8)],
        [(1, "a", 1, "insert", 6), (1, "a", 1, "insert", 7), (1, "a", 1, "delete", 8)],
    ],
)
def test_what_several_rows_have_is_no_key(rows: list[Change]) -> None:
    with pytest.raises(DataError, match="several rows of the source have one key, such as id=1"):
        net_changes(changes((0, "a", 0, "insert", 5), *rows), ["id"])


def test_only_added_rows_can_be_appended() -> None:
    assert appended_rows(changes((1, "a", 1, "insert", 7))).to_pylist() == [{"id": 1, "part": "a", "v": 1}]
    mixed = changes((1, "a", 1, "insert", 7), (2, "b", 2, "update_before", 8), (2, "b", 3, "update_after", 8))
    with pytest.raises(DataError, match="version 8 of the source has a row that is a 'update_before'.*keys="):
        appended_rows(mixed)
    assert appended_rows(mixed, "id = 1").num_rows == 1


@pytest.mark.parametrize("names", [(".id", ".."), (".", "a.b"), ("[0]", "")])
def test_names_that_arrow_takes_for_paths(names: tuple[str, str]) -> None:
    def odd(rows: pa.Table) -> pa.Table:
        return rows.rename_columns(
            [dict(zip(("id", "part"), names, strict=True)).get(one, one) for one in rows.schema.names]
        )

    found = changes((1, "a", 1, "insert", 1), (2, "a", 2, "insert", 1), (2, "a", 2, "delete", 2))
    assert net_changes(odd(found), names).equals(odd(net_changes(found, ["id", "part"])))
    assert net_changes(odd(found), names[:1]).equals(odd(net_changes(found, ["id"])))
    old, new = (pa.table({names[0]: [1, 2, 2], names[1]: parts}) for parts in (["a", "b", "c"], ["x", "y", "z"]))
    with pytest.raises(DataError, match="repeat a key"):
        merge_tables(old, new, names[:1])
    assert merge_tables(old, new, names).came.num_rows == 3
    merged = merge_tables(old.slice(0, 2), new, names[:1], names[1:]).rows
    assert merged.column(names[1]).to_pylist() == ["x", "z"]
