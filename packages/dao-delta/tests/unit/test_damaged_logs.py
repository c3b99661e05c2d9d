"""Tables whose log or files are damaged: a typed error, never wrong rows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import NotFoundError, StoreError, UnsupportedError

Lines = list[dict[str, Any]]


def opened(folder: Path) -> TableObject:
    """The table through a store that has seen nothing of it."""
    return TableObject("table", DataStore("lake", "delta", options={"root": str(folder)}))


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A folder with a table of three commits."""
    for number in range(3):
        DataAccessObject().write(pa.table({"id": [number]}), opened(tmp_path), mode="append")
    return tmp_path


def commit(folder: Path, version: int) -> Path:
    return folder / "table" / "_delta_log" / f"{version:020d}.json"


def edit(folder: Path, version: int, change: Callable[[Lines], Lines]) -> None:
    file = commit(folder, version)
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    file.write_text("\n".join(map(json.dumps, change(lines))))


def twice(kind: str) -> Callable[[Path], None]:
    version = 2 if kind == "add" else 0
    return lambda folder: edit(folder, version, lambda lines: lines + [one for one in lines if kind in one])


def without(kind: str) -> Callable[[Path], None]:
    return lambda folder: edit(folder, 0, lambda lines: [one for one in lines if kind not in one])


def with_protocol(**protocol: Any) -> Callable[[Path], None]:
    def change(lines: Lines) -> Lines:
        return [{"protocol": protocol} if "protocol" in one else one for one in lines]

    return lambda folder: edit(folder, 0, change)


def cut(folder: Path) -> None:
    text = commit(folder, 2).read_bytes()
    commit(folder, 2).write_bytes(text[: len(text) // 2])


DAMAGES: dict[str, tuple[Callable[[Path], Any], type[Exception]]] = {
    "an empty commit": (lambda folder: commit(folder, 2).write_bytes(b""), StoreError),
    "a commit of spaces": (lambda folder: commit(folder, 2).write_bytes(b" \n\n"), StoreError),
    "half a commit": (cut, StoreError),
    "no JSON": (lambda folder: commit(folder, 2).write_text("hello"), StoreError),
    "a gap": (lambda folder: commit(folder, 1).unlink(), StoreError),
    "no first commit": (lambda folder: commit(folder, 0).unlink(), StoreError),
    "metadata twice": (twice("metaData"), StoreError),
    "protocol twice": (twice("protocol"), StoreError),
    "a file twice": (twice("add"), StoreError),
    "no metadata": (without("metaData"), StoreError),
    "no protocol": (without("protocol"), StoreError),
    "an unknown feature": (
        with_protocol(minReaderVersion=3, minWriterVersion=7, readerFeatures=["foo"], writerFeatures=["foo"]),
        UnsupportedError,
    ),
    "an unknown version": (with_protocol(minReaderVersion=9, minWriterVersion=2), UnsupportedError),
    "a wrong version": (with_protocol(minReaderVersion=0, minWriterVersion=2), StoreError),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_log_is_an_error_of_every_read(three: Path, damage: str) -> None:
    act, kind = DAMAGES[damage]
    act(three)
    dao = DataAccessObject()
    for call in (dao.read, dao.count, dao.history, dao.schema):
        with pytest.raises(kind):
            call(opened(three))
    if damage != "no first commit":  # it is what is left of a table whose deletion was cut off
        with pytest.raises(kind):
            dao.write(pa.table({"id": [9]}), opened(three), mode="append")


def test_a_commit_that_was_cut_off_after_another_was_read(three: Path) -> None:
    dao, table = DataAccessObject(), opened(three)
    assert dao.count(table) == 3
    commit(three, 3).write_bytes(b"")
    with pytest.raises(StoreError, match="3.json' is empty"):
        dao.read(table)
    assert dao.count(table, version=2) == 3


@pytest.mark.parametrize("content", [None, b"", b"PAR1" + b"x" * 500])
def test_a_data_file_that_is_gone_or_damaged(three: Path, content: bytes | None) -> None:
    file = next((three / "table").glob("*.parquet"))
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    dao = DataAccessObject()
    for call in (dao.read, lambda table: dao.read_stream(table).read_all()):
        with pytest.raises(StoreError, match=file.name.split(".")[0]) as caught:
            call(opened(three))
        assert not isinstance(caught.value, NotFoundError)  # there is a table


def test_a_corrupt_hint_is_ignored_and_a_corrupt_checkpoint_is_none(three: Path) -> None:
    DeltaTable(str(three / "table")).create_checkpoint()
    log = three / "table" / "_delta_log"
    (log / "_last_checkpoint").write_text("{")
    assert DataAccessObject().count(opened(three)) == 3
    next(log.glob("*.checkpoint.parquet")).write_bytes(b"PAR1" + b"x" * 100)
    with pytest.raises(StoreError):
        DataAccessObject().read(opened(three))


def test_a_checkpoint_that_has_files_twice(three: Path) -> None:
    DeltaTable(str(three / "table")).create_checkpoint()
    file = next((three / "table" / "_delta_log").glob("*.checkpoint.parquet"))
    once = pq.read_table(file)
    pq.write_table(pa.concat_tables([once, once]), file)
    for call in (DataAccessObject().read, DataAccessObject().count):
        with pytest.raises(StoreError, match="a data file twice"):
            call(opened(three))
