"""A file has one spelling of its path in the log, whoever writes: what is taken out under another one would stay."""

from __future__ import annotations

import json
from pathlib import Path

import deltalake
import pyarrow as pa
import pytest

from dao import UnsupportedError
from dao_delta._tables.log import log_path

CHARACTERS = [chr(code) for code in range(1, 128)] + ["é", "😀", "\u2028", "\x85", "\xad", "\U0010ffff"]
TEXTS = [f"a{one}b" for one in CHARACTERS]
NAMES = [f"a{one}b" for one in CHARACTERS if not one.isalpha() and one.isprintable()]


def rows(k: int) -> pa.Table:
    return pa.table({"k": pa.repeat(k, len(TEXTS)), "p": TEXTS})


def named(k: int) -> pa.Table:
    return pa.table({"k": [k], **{name: ["x"] for name in NAMES}})


def opened(path: str) -> deltalake.DeltaTable:
    return deltalake.DeltaTable(path)


def actions(path: str, version: int) -> list[dict]:
    return [json.loads(line) for line in Path(path, "_delta_log", f"{version:020d}.json").read_text().split("\n")]


def paths(path: str, version: int, kind: str) -> set[str]:
    return {action[kind]["path"] for action in actions(path, version) if kind in action}


def count(path: str, dao, table) -> int:
    found = dao.count(table)
    assert opened(path).count() == found == dao.read(table).num_rows
    return found


@pytest.fixture(params=["texts", "names"])
def two(request, dao, table, path):
    """A table with two versions, each with files in partitions of all characters."""
    make, columns = (rows, ["p"]) if request.param == "texts" else (named, NAMES)
    dao.write(make(1), table, partition_by=columns)
    dao.write(make(2), table, mode="append")
    return len(make(1))


def test_a_path_is_spelt_as_deltalake_does(dao, table, path, tmp_path):
    dao.write(rows(1), table, partition_by="p")
    deltalake.write_deltalake(str(tmp_path / "other"), rows(1), partition_by=["p"])
    folders = [{one.partition("/")[0] for one in paths(str(where), 0, "add")} for where in (path, tmp_path / "other")]
    assert folders[0] == {one.replace("~", "%257E") for one in folders[1]}
    assert len(folders[0]) == len(TEXTS)


def test_deltalake_takes_out_what_dao_wrote(dao, table, path, two):
    opened(path).delete("k = 1")
    assert count(path, dao, table) == two
    opened(path).delete()
    assert count(path, dao, table) == 0


def test_deltalake_merges_into_what_dao_wrote(dao, table, path, two):
    deltalake.DeltaTable(path).merge(pa.table({"id": [1]}), "t.k = s.id", "s", "t").when_matched_delete().execute()
    assert count(path, dao, table) == two


@pytest.mark.parametrize("operation", ["compact", "z_order"])
def test_deltalake_rewrites_what_dao_wrote(dao, table, path, two, operation):
    dao.run(operation, table, **({"columns": ["k"]} if operation == "z_order" else {}))
    assert count(path, dao, table) == 2 * two
    assert len(opened(path).file_uris()) == two


def test_both_restore(dao, table, path, two):
    dao.run("restore", table, version=0)
    assert count(path, dao, table) == two
    dao.run("restore", table, version=1)
    assert count(path, dao, table) == 2 * two
    opened(path).restore(0)
    assert count(path, dao, table) == two
    dao.run("restore", table, version=1)
    assert count(path, dao, table) == 2 * two


def test_dao_changes_what_deltalake_wrote(dao, table, path):
    for k in (1, 2, 3):
        deltalake.write_deltalake(path, rows(k), partition_by=["p"], mode="append")
    dao.delete(table, where="k = 1")
    assert count(path, dao, table) == 2 * len(TEXTS)
    assert paths(path, 3, "remove") == paths(path, 0, "add")
    dao.upsert(rows(2), table, keys=["k", "p"])
    assert count(path, dao, table) == 2 * len(TEXTS)
    dao.run("restore", table, version=0)
    assert count(path, dao, table) == len(TEXTS)
    opened(path).restore(2)
    assert count(path, dao, table) == 3 * len(TEXTS)
    dao.write(rows(4), table, mode="overwrite", partition_by="p")
    assert count(path, dao, table) == len(TEXTS)


SPELT_OTHERWISE = {"é": "é", "a+b": "a%2Bb", "a*b": "a*b", "~": "%7E"}
"""Texts as paths of other writers have them: Spark leaves more characters as they are."""


@pytest.fixture(params=list(SPELT_OTHERWISE))
def foreign(request, dao, table, path):
    """Three versions of a table whose files have paths that deltalake would spell otherwise."""
    text, spelt = request.param, SPELT_OTHERWISE[request.param]
    for k in range(3):
        deltalake.write_deltalake(path, pa.table({"p": [text], "k": [k]}), partition_by=["p"], mode="append")
        found = actions(path, k)
        for add in (action["add"] for action in found if "add" in action):
            [old] = Path(path).glob(f"*/{add['path'].rpartition('/')[2]}")
            new = Path(path, f"p={text}", old.name)
            new.parent.mkdir(exist_ok=True)
            old.rename(new)
            add["path"] = f"p={spelt}/{new.name}"
        commit = Path(path, "_delta_log", f"{k:020d}.json")
        commit.write_text("\n".join(map(json.dumps, found)), encoding="utf-8")
    return f"p={spelt}/"


def test_dao_restores_the_spelling_of_others(dao, table, path, foreign):
    dao.run("restore", table, version=0)
    assert dao.read(table)["k"].to_pylist() == [0]
    assert opened(path).count() == 1
    dao.run("checkpoint", table)
    dao.run("restore", table, version=2)
    assert sorted(dao.read(table)["k"].to_pylist()) == [0, 1, 2]
    assert all(one.startswith(foreign) for one in paths(path, 4, "add"))
    dao.run("restore", table, version=3)
    assert dao.read(table)["k"].to_pylist() == [0]
    assert all(one.startswith(foreign) for one in paths(path, 5, "remove"))


def test_dao_deletes_from_files_with_the_spelling_of_others(dao, table, path, foreign):
    assert dao.delete(table, where="k = 1").rows_deleted == 1
    assert sorted(dao.read(table)["k"].to_pylist()) == [0, 2]


@pytest.mark.parametrize("operation", ["compact", "z_order", "repair"])
def test_what_deltalake_would_double_is_refused(dao, table, path, foreign, operation):
    arguments = {"compact": {}, "z_order": {"columns": ["k"]}, "repair": {"dry_run": False}}[operation]
    if operation == "repair":
        next(one for one in Path(path).glob("p=*/*.parquet")).unlink()
    with pytest.raises(UnsupportedError, match="another one"):
        dao.run(operation, table, **arguments)
    assert opened(path).version() == 2


def test_a_restored_file_is_as_the_log_had_it(dao, table, path):
    dao.write(pa.table({"p": ["a b"], "k": [1]}), table, partition_by="p")
    [add] = [action["add"] for action in actions(path, 0) if "add" in action]
    dao.run("checkpoint", table)
    dao.write(pa.table({"p": ["a b"], "k": [2]}), table, mode="overwrite", partition_by="p")
    dao.run("restore", table, version=0)
    assert [action["add"] for action in actions(path, 2) if "add" in action] == [add]


def test_restoring_the_newest_version_changes_nothing(dao, table):
    dao.write(pa.table({"k": [1]}), table)
    assert dao.run("restore", table, version=0).version_after == 0


def test_columns_and_properties_are_restored(dao, table):
    dao.write(pa.table({"k": [1]}), table, properties={"delta.enableChangeDataFeed": "true"})
    dao.write(pa.table({"k": [2], "v": ["a"]}), table, mode="append", schema_mode="evolve")
    dao.run("restore", table, version=0)
    assert dao.read(table, into="pylist") == [{"k": 1}]
    assert dao.read_changes(table, since=1)["_change_type"].to_pylist() == ["delete"]


def test_paths_of_converted_files_are_spelt_as_deltalake_does():
    assert log_path("p=a+b!$&'(),:;@~-._/x") == "p=a+b!$&'(),:;@~-._/x"
    assert log_path('p= "#%*<>?[\\]^`{|}é') == "p=%20%22%23%25%2A%3C%3E%3F%5B%5C%5D%5E%60%7B%7C%7D%C3%A9"
