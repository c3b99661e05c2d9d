"""Incremental copies on the full lake: what is refused, what is planned, what is left when something fails."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pyarrow as pa
import pytest
from click.testing import CliRunner
from full_lake import FullLakeInterface

from dao import (
    AsyncDataAccessObject,
    Capabilities,
    ConflictError,
    DataAccessObject,
    DataError,
    DataStore,
    DataStoreRegistry,
    NoRouteError,
    NotFoundError,
    Position,
    TableObject,
    UnsupportedError,
)
from dao._cli.app import dao as command
from dao.events import Request
from dao.hookspecs import hookimpl
from dao.plugins import Plugins

GONE = "_change_type = 'delete'"


class Lake(FullLakeInterface):
    """Records what it is asked for, and fails or does something else at a step."""

    def asked(self) -> list[str]:
        return self.__dict__.setdefault("steps", [])

    def at(self, step: str) -> None:
        self.asked().append(step)
        action = self.__dict__.get("then", {}).pop(step, None)
        if action is not None:
            action()

    def read_changes(self, data_object, *, since=None, until=None, columns=None, where=None, limit=None):
        self.at("read_changes")
        return super().read_changes(data_object, since=since, until=until, columns=columns, where=where, limit=limit)

    def _publish(self, data_object, operation, change):
        self.at("before the commit")
        result = super()._publish(data_object, operation, change)
        self.at("after the commit")
        return result


@pytest.fixture
def bronze() -> Lake:
    return Lake()


@pytest.fixture
def silver() -> Lake:
    return Lake()


@pytest.fixture
def source(bronze: Lake) -> TableObject:
    return TableObject("orders", DataStore("bronze", bronze))


@pytest.fixture
def target(silver: Lake) -> TableObject:
    return TableObject("orders", DataStore("silver", silver))


@pytest.fixture
def dao(source: TableObject, target: TableObject) -> DataAccessObject:
    made = DataAccessObject(registry=DataStoreRegistry([source.data_store, target.data_store]))
    made.write(orders({1: "a", 2: "b", 3: "c"}), source)
    return made


def orders(values: dict[int, str]) -> pa.Table:
    return pa.table({"id": pa.array(values, pa.int64()), "v": pa.array(values.values(), pa.string())})


def change(dao: DataAccessObject, source: TableObject) -> None:
    dao.upsert(orders({2: "B", 4: "D"}), source, keys="id")
    dao.delete(source, where="id = 1")


def same(dao: DataAccessObject, source: TableObject, target: TableObject) -> bool:
    return sorted(map(str, dao.read(source, into="pylist"))) == sorted(map(str, dao.read(target, into="pylist")))


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


def test_the_position_advances_where_no_row_is_wanted(dao, source, target, bronze) -> None:
    dao.copy(source, target, incremental=True, keys="id", where="id < 3")
    dao.write(orders({8: "h"}), source, mode="append")
    dao.copy(source, target, incremental=True, keys="id", where="id < 3")
    assert dao.read_increment(source, target, keys="id").since == 2


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


@pytest.mark.parametrize("step", ["before the commit", "after the commit"])
@pytest.mark.parametrize("first", [True, False], ids=["the first load", "an increment"])
def test_a_killed_copy_is_done_once_by_the_next(dao, source, target, silver, step, first) -> None:
    class Killed(BaseException):
        pass

    def kill() -> None:
        raise Killed

    if not first:
        dao.copy(source, target, incremental=True)
        dao.write(orders({5: "e"}), source, mode="append")
    silver.then = {step: kill}
    with pytest.raises(Killed):
        dao.copy(source, target, incremental=True)
    if step == "after the commit":  # this lake keeps the position after its rows: others keep both in one step
        version = len(silver.tables["orders"])
        silver.positions["orders", version] = {"bronze.orders": Position("bronze.orders", 1 if first else 2)}
    dao.copy(source, target, incremental=True)
    assert same(dao, source, target)


def test_of_two_copies_at_once_one_is_a_conflict(dao, source, target, bronze) -> None:
    dao.copy(source, target, incremental=True)
    dao.write(orders({5: "e"}), source, mode="append")
    bronze.then = {"read_changes": lambda: dao.copy(source, target, incremental=True)}
    with pytest.raises(ConflictError, match="from version 1 to 2, and the table has got to 2 already"):
        dao.copy(source, target, incremental=True)
    assert same(dao, source, target)


def test_a_name_survives_that_the_store_is_called_otherwise(dao, source, target, bronze) -> None:
    dao.copy(source, target, incremental=True, name="orders")
    dao.write(orders({5: "e"}), source, mode="append")
    renamed = TableObject("orders", DataStore("raw", bronze))
    assert dao.copy(renamed, target, incremental=True, name="orders").rows_inserted == 1


def test_two_sources_are_gathered_in_one_table(dao, source, target, bronze) -> None:
    other = source.replace(key="more")
    dao.write(orders({11: "k"}), other)
    for rows in ({21: "u"}, {22: "v"}):
        dao.copy(source, target, incremental=True, name="one", mode="append")
        dao.copy(other, target, incremental=True, name="two", mode="append")
        dao.write(orders(rows), other, mode="append")
    assert sorted(dao.read(target)["id"].to_pylist()) == [1, 2, 3, 11, 21]


def test_a_branch_has_its_own_position(dao, source, target, silver) -> None:
    dao.copy(source, target, incremental=True)
    silver.refer("branch", target, "trial")
    dao.write(orders({5: "e"}), source, mode="append")
    dao.copy(source, target, incremental=True, branch="trial")
    assert (dao.read_increment(source, target).since, dao.read_increment(source, target, branch="trial").since) == (
        1,
        2,
    )
    assert dao.count(target) == 3
    assert dao.read(target, branch="trial").num_rows == 4


def test_a_version_that_is_not_kept_any_more_says_how_to_begin_again(dao, source, target) -> None:
    dao.copy(source, target, incremental=True)
    for number in (5, 6):
        dao.write(orders({number: "e"}), source, mode="append")
    dao.run("expire", source, dry_run=False)
    with pytest.raises(
        NotFoundError, match=r"'silver\.orders' has got to version 1 of 'bronze\.orders': .*'overwrite'"
    ):
        dao.copy(source, target, incremental=True)
    dao.copy(source, target, incremental=True, mode="overwrite")
    assert same(dao, source, target)


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


def test_the_asynchronous_face_does_the_same(dao, source, target) -> None:
    async def main() -> None:
        async with AsyncDataAccessObject() as awaited:
            await awaited.copy(source, target, incremental=True, keys="id")
            change(dao, source)
            found = await awaited.read_increment(source, target, keys="id")
            await awaited.upsert(found.changes, target, keys="id", delete_when=GONE, position=found.position)
            assert (await awaited.read_increment(source, target, keys="id")).is_empty

    asyncio.run(main())
    assert same(dao, source, target)


class Coroutines:
    """A lake whose methods are coroutines, and whose streams are asynchronous."""

    def __init__(self) -> None:
        self.lake = FullLakeInterface()

    async def read_stream(self, data_object, *, version=None):
        for batch in self.lake.read(data_object, version=version).to_batches():
            await asyncio.sleep(0)
            yield batch

    async def read(self, data_object, *, version=None):
        return self.lake.read(data_object, version=version)

    async def read_changes(self, data_object, *, since=None):
        return self.lake.read_changes(data_object, since=since)

    async def read_position(self, data_object, *, source):
        return self.lake.read_position(data_object, source=source)

    async def history(self, data_object):
        return self.lake.history(data_object)

    async def write(self, data, data_object, *, mode="error", position=None):
        return self.lake.write(data, data_object, mode=mode, position=position)

    async def upsert(self, data, data_object, *, keys=None, delete_when=None, position=None):
        return self.lake.upsert(data, data_object, keys=keys, delete_when=delete_when, position=position)

    async def delete(self, data_object, *, where=None):
        return self.lake.delete(data_object, where=where)


def test_coroutines_serve_the_asynchronous_face() -> None:
    source = TableObject("orders", DataStore("bronze", Coroutines()))
    target = TableObject("orders", DataStore("silver", Coroutines()), keys="id")

    async def main() -> None:
        async with AsyncDataAccessObject() as dao:
            await dao.write(orders({1: "a", 2: "b"}), source)
            first = await dao.read_increment(source, target)
            assert first.changes.read_all()["_change_type"].to_pylist() == ["insert", "insert"]
            await dao.copy(source, target, incremental=True)
            await dao.delete(source, where="id = 1")
            await dao.copy(source, target, incremental=True)
            assert (await dao.read(target, into="pylist")) == [{"id": 2, "v": "b"}]

    asyncio.run(main())


def test_the_first_increment_is_read_as_it_is_asked_for(target) -> None:
    class Streaming(FullLakeInterface):
        read_so_far = 0

        def read_stream(self, data_object, *, version=None):
            def batches():
                for batch in self.read(data_object, version=version).to_batches(max_chunksize=1):
                    self.read_so_far += 1
                    yield batch

            return pa.RecordBatchReader.from_batches(orders({}).schema, batches())

    lake = Streaming()
    source = TableObject("orders", DataStore("bronze", lake))
    dao = DataAccessObject()
    dao.write(orders(dict.fromkeys(range(100), "x")), source)
    changes = dao.read_increment(source, target, keys="id").changes
    assert changes.schema.names == ["id", "v", "_change_type"]
    assert changes.read_next_batch().to_pylist() == [{"id": 0, "v": "x", "_change_type": "insert"}]
    assert lake.read_so_far < 5


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
