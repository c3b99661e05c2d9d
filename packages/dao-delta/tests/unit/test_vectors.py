"""Tables with deletion vectors, which Spark writes: what is hidden stays hidden."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from delta_vectors import hide, with_vectors
from deltalake import DeltaTable

from dao import DataAccessObject, TableObject, UnsupportedError
from dao_delta._commits import transaction as _transaction
from dao_delta._tables.vectors import vectors_in_log
from dao_files.lake import FolderTransport

DAO = DataAccessObject()


def paths(path: str) -> list[str]:
    """The data files by their smallest id."""
    files = pa.table(DeltaTable(path).get_add_actions(flatten=True))
    return [row["path"] for row in sorted(files.to_pylist(), key=lambda row: row["min.id"])]


def ids(table: TableObject, **arguments: Any) -> list[int]:
    return sorted(DAO.read(table, columns=["id"], **arguments)["id"].to_pylist())


@pytest.fixture(params=[True, False], ids=["in the log", "in files"])
def hidden(request: pytest.FixtureRequest, table: TableObject, path: str) -> TableObject:
    """A table of the ids 0 to 5 and 10 to 15 in two files, of which 1, 3 and 11 are hidden."""
    for begin in (0, 10):
        rows = pa.table({"id": pa.array(range(begin, begin + 6)), "v": ["old"] * 6})
        DAO.write(rows, table, mode="append")
    with_vectors(path)
    first, second = paths(path)
    hide(path, {first: [1], second: [1]}, inline=request.param)
    hide(path, {first: [1, 3]}, inline=request.param)
    assert ids(table) == [0, 2, 4, 5, 10, 12, 13, 14, 15]
    return table


def test_vacuum_keeps_the_vectors(hidden: TableObject, path: str) -> None:
    before = ids(hidden)
    DAO.write(pa.table({"id": [20], "v": ["x"]}), hidden, mode="append")
    DAO.run("compact", hidden)
    DAO.run("restore", hidden, version=4)
    kept = sorted(Path(path).rglob("*.bin"))
    DAO.run("vacuum", hidden, older_than=0, dry_run=False)
    assert sorted(Path(path).rglob("*.bin")) == kept
    assert ids(hidden) == before


def spoken(path: str) -> set[tuple[str, str | None]]:
    """The data files with their vectors that remain by the log alone, reconciled as the protocol says."""
    active: set[tuple[str, str | None]] = set()
    for commit in sorted(Path(path, "_delta_log").glob("*.json")):
        actions = list(map(json.loads, commit.read_text().splitlines()))
        for kind, change in (("remove", active.discard), ("add", active.add)):
            for one in (action[kind] for action in actions if kind in action):
                change((one["path"], (one.get("deletionVector") or {}).get("pathOrInlineDv")))
    return active


CHANGES: dict[str, tuple[Any, list[int], tuple[int | None, int | None, int | None]]] = {
    "an upsert": (
        lambda table: DAO.upsert(pa.table({"id": [2, 3, 30], "v": ["new"] * 3}), table, keys="id"),
        [0, 2, 3, 4, 5, 10, 12, 13, 14, 15, 30],
        (2, 1, 0),
    ),
    "a delete": (lambda table: DAO.delete(table, where="id IN (1, 4, 12)"), [0, 2, 5, 10, 13, 14, 15], (0, 0, 2)),
    "a delete of a file": (lambda table: DAO.delete(table, where="id < 9"), [10, 12, 13, 14, 15], (0, 0, 4)),
    "an overwrite": (
        lambda table: DAO.write(pa.table({"id": [7], "v": ["new"]}), table, mode="overwrite"),
        [7],
        (1, None, 9),
    ),
    "an overwrite with where": (
        lambda table: DAO.write(
            pa.table({"id": [3], "v": ["new"]}), table, mode="overwrite", where="id BETWEEN 2 AND 4"
        ),
        [0, 3, 5, 10, 12, 13, 14, 15],
        (1, 0, 2),
    ),
}


@pytest.mark.parametrize("checkpoint", [False, True])
@pytest.mark.parametrize("name", CHANGES)
def test_files_with_hidden_rows_are_replaced(hidden: TableObject, path: str, name: str, checkpoint: bool) -> None:
    change, expected, counts = CHANGES[name]
    before = sorted(DAO.read(hidden).to_pylist(), key=repr)
    if checkpoint:
        DAO.run("checkpoint", hidden)
        for commit in Path(path, "_delta_log").glob("*.json"):
            commit.rename(commit.with_suffix(".kept"))
    result = change(hidden)
    assert (result.rows_inserted, result.rows_updated, result.rows_deleted) == counts
    assert ids(hidden) == expected
    for commit in Path(path, "_delta_log").glob("*.kept"):
        commit.rename(commit.with_suffix(".json"))
    files = set(pa.table(DeltaTable(path).get_add_actions())["path"].to_pylist())
    assert {file for file, _ in spoken(path)} == files
    found = DAO.read_changes(hidden, since=4).to_pylist()
    for sign, kinds in ((-1, ("delete",)), (1, ("insert",))):
        for row in (one for one in found if one["_change_type"] in kinds):
            plain = {"id": row["id"], "v": row["v"]}
            before.remove(plain) if sign < 0 else before.append(plain)
    assert sorted(before, key=repr) == sorted(DAO.read(hidden).to_pylist(), key=repr)
    assert ids(hidden, version=4) == [0, 2, 4, 5, 10, 12, 13, 14, 15]
    DAO.run("restore", hidden, version=4)
    assert ids(hidden) == [0, 2, 4, 5, 10, 12, 13, 14, 15]


def test_partitions_with_hidden_rows_are_replaced(table: TableObject, path: str) -> None:
    rows = pa.table({"p": ["a b", "a b", "a b", "c"], "id": [1, 2, 3, 4]})
    DAO.write(rows, table, partition_by=["p"], properties={"delta.enableChangeDataFeed": "true"})
    with_vectors(path)
    hide(path, {paths(path)[0]: [0]})
    assert ids(table) == [2, 3, 4]
    assert DAO.delete(table, where="p = 'a b'").rows_deleted == 2
    assert ids(table) == [4]
    DAO.run("restore", table, version=2)
    result = DAO.write(pa.table({"p": ["a b"], "id": [9]}), table, mode="overwrite_partitions")
    assert (result.rows_deleted, ids(table)) == (2, [4, 9])
    DAO.run("restore", table, version=2)
    DAO.upsert(pa.table({"p": ["d"], "id": [3]}), table, keys="id")
    assert ids(table) == [2, 3, 4]
    changes = [(row["_change_type"], row["p"], row["id"]) for row in DAO.read_changes(table, since=6).to_pylist()]
    assert sorted(changes) == [("update_after", "d", 3), ("update_before", "a b", 3)]


def test_hidden_rows_that_the_log_does_not_tell_are_refused(
    hidden: TableObject, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dao_delta._tables.client.vectors_in_log", lambda *_: {})
    with pytest.raises(UnsupportedError, match="can't be told from its log"):
        DAO.delete(hidden, where="id = 0")
    assert ids(hidden) == [0, 2, 4, 5, 10, 12, 13, 14, 15]


@pytest.mark.parametrize("kind", ["one file", "parts", "sidecars"])
def test_vectors_are_in_checkpoints_of_every_kind(hidden: TableObject, path: str, kind: str) -> None:
    log, transport = Path(path, "_delta_log"), FolderTransport(str(Path(path).parent))
    expected = vectors_in_log(transport, "orders", 4)
    assert {vector["cardinality"] for vector in expected.values()} == {1, 2}
    DAO.run("checkpoint", hidden)
    for commit in log.glob("*.json"):
        commit.unlink()
    (whole,) = log.glob("*.checkpoint.parquet")
    if kind == "parts":
        rows = pq.read_table(whole)
        for number in (1, 2):
            name = f"{4:020d}.checkpoint.{number:010d}.{2:010d}.parquet"
            pq.write_table(rows.slice(2 * (number - 1), 2 if number == 1 else None), log / name)
        whole.unlink()
    elif kind == "sidecars":
        (log / "_sidecars").mkdir()
        sidecar = whole.rename(log / "_sidecars" / "a.parquet")
        lines = [{"checkpointMetadata": {"version": 4}}, {"sidecar": {"path": "a.parquet", "sizeInBytes": 0}}]
        lines[1]["sidecar"]["sizeInBytes"] = sidecar.stat().st_size
        text = "\n".join(map(json.dumps, lines))
        (log / f"{4:020d}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json").write_text(text)
    assert vectors_in_log(transport, "orders", 4) == expected


def test_rows_that_another_writer_hides_meanwhile_stay_hidden(
    hidden: TableObject, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    put, first = _transaction.put_commit, paths(path)[0]

    def overtaken(*given: Any) -> None:
        monkeypatch.setattr(_transaction, "put_commit", put)
        hide(path, {first: [1, 3, 4, 5]})
        put(*given)

    monkeypatch.setattr(_transaction, "put_commit", overtaken)
    result = DAO.upsert(pa.table({"id": [2, 4], "v": ["new", "new"]}), hidden, keys="id")
    assert (result.rows_updated, result.rows_inserted, result.version_before) == (1, 1, 5)
    assert ids(hidden) == [0, 2, 4, 10, 12, 13, 14, 15]
    assert len(spoken(path)) == 3
