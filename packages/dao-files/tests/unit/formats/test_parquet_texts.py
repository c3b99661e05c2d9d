"""Texts that repeat are read as dictionaries and written out: the same rows and types as Arrow reads, nulls too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from format_files import LOCAL

from dao.tables import Selection
from dao_files.formats import _parquet_texts as parquet_texts
from dao_files.formats import get_format
from dao_files.formats._parquet_group import RowGroup

ROWS = 40_000
KINDS = ["", "a", "ü", "a longer text than the others", None]


def column(*kinds: str | None) -> pa.Array:
    return pa.array([kinds[number % len(kinds)] for number in range(ROWS)], pa.string())


TABLE = pa.table(
    {
        "id": pa.array(range(ROWS)),
        "mixed": column(*KINDS),
        "one": column("always the same"),
        "none": column(None),
        "unique": [f"text {number}" for number in range(ROWS)],
        "bytes": column(*KINDS).cast(pa.binary()),
        "large": column(*KINDS).cast(pa.large_string()),
        "inside": [{"text": KINDS[number % 5]} for number in range(ROWS)],
    },
    schema=pa.schema(
        [
            pa.field("id", pa.int64()),
            pa.field("mixed", pa.string(), metadata={"told": "this"}),
            pa.field("one", pa.string(), nullable=False),
            pa.field("none", pa.string()),
            pa.field("unique", pa.string()),
            pa.field("bytes", pa.binary()),
            pa.field("large", pa.large_string()),
            pa.field("inside", pa.struct({"text": pa.string()})),
        ]
    ),
)


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = tmp_path / "texts.parquet"
    pq.write_table(TABLE, path, row_group_size=ROWS)
    return str(path)


@pytest.fixture
def written_out(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the columns that were read as dictionaries."""
    seen: list[str] = []
    texts = RowGroup.texts.func  # type: ignore[attr-defined]

    def noting(group: RowGroup) -> list[str]:
        found: list[str] = texts(group)
        seen.extend(found)
        return found

    monkeypatch.setattr(RowGroup, "texts", property(noting))
    return seen


def read(path: str, **selection: Any) -> pa.Table:
    return get_format("parquet").read_table([path], LOCAL, selection=Selection(**selection))


def test_the_rows_are_arrows(path: str, written_out: list[str]) -> None:
    found, expected = read(path), pq.read_table(path, filesystem=LOCAL)
    assert found.equals(expected)
    assert found.schema.equals(expected.schema, check_metadata=True)
    assert set(written_out) == {"mixed", "one", "none"}


def test_columns_and_filters(path: str, written_out: list[str]) -> None:
    found = read(path, columns=["mixed", "id"], where="mixed = 'ü' OR mixed IS NULL")
    assert found.to_pylist() == [
        {"mixed": KINDS[number % 5], "id": number} for number in range(ROWS) if KINDS[number % 5] in ("ü", None)
    ]
    assert set(written_out) == {"mixed"}


def test_who_wants_dictionaries_gets_them(path: str) -> None:
    parquet = get_format("parquet")
    found = parquet.read_table([path], LOCAL, parquet.Options(read_dictionary=["mixed"]))
    assert pa.types.is_dictionary(found.schema.field("mixed").type)
    assert found["one"].type == pa.string()


def test_small_groups_are_left_alone(tmp_path: Path, written_out: list[str]) -> None:
    path = tmp_path / "small.parquet"
    pq.write_table(TABLE, path, row_group_size=1_000)
    assert read(str(path)).equals(pq.read_table(path, filesystem=LOCAL))
    assert written_out == []


def test_more_text_than_an_array_holds_is_cut(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(parquet_texts, "_MOST_BYTES", 1_000)
    found = read(path, columns=["mixed"])
    assert found["mixed"].num_chunks > ROWS * len(KINDS[3] or "") // 1_000 - 1
    assert found["mixed"].to_pylist() == TABLE["mixed"].to_pylist()
