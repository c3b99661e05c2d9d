"""Incremental copies on the full lake: what is refused, what is planned, what is left when something fails."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from full_lake import FullLakeInterface
from incremental_lakes import change, orders, same

from dao import (
    Capabilities,
    DataAccessObject,
    DataError,
    DataStore,
    DataStoreRegistry,
    NoRouteError,
    Position,
    TableObject,
    UnsupportedError,
)
from dao._cli.app import dao as command
from dao.events import Request
from dao.hookspecs import hookimpl
from dao.plugins import Plugins


def test_a_plan_says_what_will_be_done(dao, source, target, silver) -> None:
    by_keys = dao.explain("copy", source, target, incremental=True, keys="id", where="id > 1")
    assert (by_keys.way, [step.action for step in by_keys.steps]) == (
        "increment",
        ["read_position", "read_changes", "upsert"],
    )
    assert "what changed in 'bronze.orders' since the target's position is upserted and deleted by id" in str(by_keys)
    appended = dao.explain("copy", source, target, incremental=True)
    assert [step.action for step in appended.steps] == ["read_position", "read_changes", "write_stream"]
    rebuilt = dao.explain("copy", source, target, incremental=True, mode="overwrite")
    assert [step.action for step in rebuilt.steps] == ["history", "read_stream", "write_stream"]
    assert silver.asked() == []


@pytest.mark.parametrize(
    ("arguments", "kind", "told"),
    [
        ({"incremental": "yes"}, DataError, "incremental: found 'yes', expected True or False"),
        ({"mode": "ignore"}, DataError, "mode: found 'ignore'; an incremental copy has 'error', 'append', 'overwrite'"),
        ({"limit": 3}, DataError, "takes no limit=: it takes all that changed"),
        ({"version": 1}, DataError, "takes no version="),
        ({"idempotency_key": "k"}, DataError, "takes no idempotency_key="),
        ({"position": Position("a", 1)}, DataError, "takes no position="),
        ({"name": " "}, DataError, "name: found ' '"),
        ({"keys": ["id"], "columns": ["v"]}, DataError, "columns: the keys 'id' aren't among them"),
        ({"keys": 3}, DataError, "keys: found 3"),
        ({"colour": "red"}, NoRouteError, "takes no 'colour'"),
        ({"incremental": False, "keys": "id"}, NoRouteError, "takes no 'keys'"),
    ],
)
def test_what_can_not_be_meant_is_refused(dao, source, target, silver, arguments, kind, told) -> None:
    for call in (dao.copy, lambda *ends, **given: dao.explain("copy", *ends, **given)):
        with pytest.raises(kind, match=told):
            call(source, target, **{"incremental": True, **arguments})
    assert silver.asked() == []


def test_an_increment_takes_known_arguments_alone(dao, source, target) -> None:
    with pytest.raises(NoRouteError, match="takes no 'colums': did you mean 'columns'"):
        dao.read_increment(source, target, colums=["id"])
    with pytest.raises(DataError, match="can't be its own source"):
        dao.read_increment(source, source)


def test_what_a_store_lacks_is_refused_before_anything_is_read(dao, source, target, bronze) -> None:
    class Plain(FullLakeInterface):
        capabilities = Capabilities(
            lacks_actions={"read_changes": "it keeps what is there now"}, lacks_features={"positions": "it has no log"}
        )

    files = TableObject("orders", DataStore("files", Plain()))
    bronze.asked().clear()
    with pytest.raises(UnsupportedError, match=r"'files\.orders' lacks feature positions: it has no log"):
        dao.copy(source, files, incremental=True)
    with pytest.raises(UnsupportedError, match=r"'files\.orders' lacks action read_changes: it keeps what"):
        dao.read_increment(files, target)
    with pytest.raises(UnsupportedError, match="position=.* absent"):
        dao.write(orders({}), files, position=Position("a", 1))
    assert bronze.asked() == []


def test_the_target_s_own_keys_are_taken(dao, source, silver) -> None:
    target = TableObject("orders", DataStore("silver", silver), keys="id")
    for _ in range(2):
        dao.copy(source, target, incremental=True)
        assert same(dao, source, target)
        change(dao, source)


def test_no_keys_are_other_than_those_of_the_target(dao, source, silver) -> None:
    target = TableObject("orders", DataStore("silver", silver), keys="id")
    dao.copy(source, target, incremental=True, keys=[])
    dao.write(orders({3: "again"}), source, mode="append")
    dao.copy(source, target, incremental=True, keys=[])
    assert dao.count(target) == 4


def test_without_keys_the_rows_that_the_condition_leaves_out_do_not_matter(dao, source, target) -> None:
    given: dict[str, Any] = {"incremental": True, "where": "id > 1", "columns": ["v"]}
    dao.copy(source, target, **given)
    dao.delete(source, where="id = 1")
    dao.write(orders({0: "z", 7: "g"}), source, mode="append")
    assert dao.copy(source, target, **given).rows_inserted == 1
    assert sorted(dao.read(target)["v"].to_pylist()) == ["b", "c", "g"]
    dao.delete(source, where="id = 7")
    with pytest.raises(DataError, match="version 4 of the source has a row that is a 'delete'"):
        dao.copy(source, target, **given)


def test_several_rows_of_one_key_are_an_error(dao, source, target) -> None:
    dao.copy(source, target, incremental=True, keys="id")
    dao.write(orders({2: "again"}), source, mode="append")
    dao.delete(source, where="id = 3")
    dao.copy(source, target, incremental=True, keys=["id", "v"])
    dao.write(pa.concat_tables([orders({9: "x"}), orders({9: "y"})]), source, mode="append")
    with pytest.raises(DataError, match="keys: several rows of the source have one key, such as id=9"):
        dao.copy(source, target, incremental=True, keys="id")


def test_keys_that_the_source_lacks_are_an_error_from_the_first(dao, source, target) -> None:
    for mode in ("error", "append", "overwrite"):
        with pytest.raises(DataError, match="keys= asks for the column 'ident'"):
            dao.copy(source, target, incremental=True, keys="ident", mode=mode)
    with pytest.raises(DataError, match="keys= asks for the column 'ident'"):
        dao.read_increment(source, target, keys="ident")
    assert not dao.exists(target)


def test_a_null_key_is_an_error(dao, source, target) -> None:
    dao.copy(source, target, incremental=True, keys="id")
    dao.write(orders({4: "d"}).set_column(0, "id", pa.nulls(1, pa.int64())), source, mode="append")
    with pytest.raises(DataError, match="key column 'id' is null"):
        dao.copy(source, target, incremental=True, keys="id")


def test_changes_hold_to_the_memory_limit(source, target) -> None:
    class Limited(FullLakeInterface):
        capabilities = Capabilities()

    large = dict.fromkeys(range(1000), "x" * 1000)
    limited = Limited()
    here = TableObject("orders", DataStore("bronze", limited))
    there = TableObject("copied", DataStore("bronze", limited))
    dao = DataAccessObject(registry=DataStoreRegistry([here.data_store]))
    dao.write(orders({1: "a"}), here)
    dao.copy(here, there, incremental=True, keys="id")
    dao.upsert(orders(large), here, keys="id")
    with pytest.raises(DataError, match=r"memory_limit=1 MiB: the changes take .*mode='overwrite'"):
        dao.copy(here, there, incremental=True, keys="id", memory_limit="1 MiB")
    dao.copy(here, there, incremental=True, keys="id", memory_limit="8 MiB")
    assert dao.count(there) == 1000


def test_a_source_without_numbered_versions_has_no_positions(dao, target) -> None:
    class Named(FullLakeInterface):
        def history(self, data_object):
            from attrs import evolve

            return [evolve(version, version=f"v{version.version}") for version in super().history(data_object)]

    source = TableObject("orders", DataStore("named", Named()))
    dao.write(orders({1: "a"}), source)
    with pytest.raises(UnsupportedError, match="the newest version is 'v1', expected a whole number"):
        dao.copy(source, target, incremental=True)


def test_hooks_meet_one_copy_with_its_parts(source, target) -> None:
    seen: list[str] = []

    class Witness:
        @hookimpl
        def dao_before_action(self, request: Request) -> None:
            seen.append(
                f"{request.parent.action if request.parent else '-'} {request.action} {request.data_object.key}"
            )

    plugins = Plugins(discover=False)
    plugins.register(Witness(), "witness")
    dao = DataAccessObject(plugins=plugins)
    dao.write(orders({1: "a"}), source)
    dao.copy(source, target, incremental=True, keys="id")
    change(dao, source)
    del seen[:]
    dao.copy(source, target, incremental=True, keys="id")
    assert seen == [
        "- copy orders",
        *(f"copy {action} orders" for action in ("read_position", "read_changes", "upsert")),
    ]


def test_the_command_line_copies_what_changed(tmp_path) -> None:
    class_of = {"interface_class": "FullLakeInterface", "interface_class_location": "full_lake"}
    objects = {"orders": {"type": "table"}, "copied": {"type": "table"}}
    config = tmp_path / "dao.json"
    config.write_text(json.dumps({"lake": {**class_of, "objects": objects}}))
    given = ["-c", str(config), "copy", "lake.orders", "lake.copied", "--incremental", "--keys", "id", "--name", "mine"]
    done = CliRunner().invoke(command, given)
    assert (done.exit_code, "there is no table 'orders'" in done.output) == (1, True)
    planned = ["-c", str(config), "explain", "copy", "lake.orders", "lake.copied", "-a", "incremental=true"]
    assert "what changed in 'lake.orders' since" in CliRunner().invoke(command, planned).output
