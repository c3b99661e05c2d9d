"""``read_changes``: row-exact, by the files in which versions differ, whatever made them."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from random import Random

import pyarrow as pa
import pytest
from pyiceberg.table.update import RemoveSnapshotsUpdate, SetSnapshotRefUpdate

from dao import TableObject
from dao.errors import DataError, NotFoundError
from dao.increments import Position
from dao.tables import renamed_columns

ROWS = pa.table({"id": pa.array(range(6), pa.int64()), "name": ["a", "b", None, "d", "e", "f"]})


def told(dao, table, **more):
    found = dao.read_changes(table, columns=["id"], **more).to_pylist()
    return [(row["_change_type"], row["id"]) for row in found]


def version(dao, table) -> int:
    return dao.history(table)[0].version


def test_what_a_rewrite_copied_is_no_change(dao, table):
    first = dao.write(ROWS, table).version_after
    second = dao.upsert(pa.table({"id": [1, 9], "name": ["B", "new"]}), table, keys="id").version_after
    third = dao.delete(table, where="id = 0").version_after
    found = dao.read_changes(table, since=first)
    assert [tuple(row.values())[:4] for row in found.to_pylist()] == [
        (1, "b", "delete", second),
        (1, "B", "insert", second),
        (9, "new", "insert", second),
        (0, "a", "delete", third),
    ]
    assert found.schema.metadata == {b"dao.changes": b"difference"}
    assert [one.timestamp for one in dao.history(table)[:2][::-1]] == sorted({*found["_timestamp"].to_pylist()})


def test_only_what_is_of_the_range_is_read(dao, table, client):
    dao.write(ROWS, table)
    old = {stat.key for stat in client.transport.list("orders/data/")}
    before = client.open("orders")
    old |= {client.locations.key_of(one.manifest_path) for one in before.manifests}
    dao.write(pa.table({"id": [7, 8], "name": ["g", "h"]}), table, mode="append")
    dao.upsert(pa.table({"id": [7], "name": ["G"]}), table, keys="id")
    client.reader._entries.clear()
    client.transport.delete(old)
    assert told(dao, table, since=before.version) == [("insert", 7), ("insert", 8), ("delete", 7), ("insert", 7)]


def test_rows_deleted_by_number_and_vector(dao, table, foreign):
    first = dao.write(ROWS, table).version_after
    path = foreign.data_files[0].path
    foreign.delete_positions(path, [1, 4])
    foreign.delete_by_vector(path, [1, 4, 5])
    assert told(dao, table, since=first) == [("delete", 1), ("delete", 4), ("delete", 5)]
    assert told(dao, table, since=dao.history(table)[1].version) == [("delete", 5)]
    dao.delete(table, where="id IN (0, 1)")
    assert told(dao, table, since=dao.history(table)[1].version) == [("delete", 0)]


def test_rows_deleted_by_value_are_those_that_were_there(dao, table, foreign):
    dao.write(ROWS, table)
    second = dao.write(pa.table({"id": [1], "name": ["again"]}), table, mode="append").version_after
    foreign.delete_equal(pa.table({"id": [1, 77]}), {"id": 1})
    foreign.delete_equal(pa.table({"id": [1, 2]}), {"id": 1})
    dao.write(pa.table({"id": [1], "name": ["new"]}), table, mode="append")
    assert told(dao, table, since=second) == [("delete", 1), ("delete", 1), ("delete", 2), ("insert", 1)]


def test_an_update_by_deletes_and_new_rows_is_compared_too(dao, table, foreign):
    """What Flink writes: the old rows deleted by value, and all new ones, in one snapshot."""
    first = dao.write(ROWS, table).version_after
    foreign.delete_equal(pa.table({"id": [1, 3]}), {"id": 1})
    fields = [pa.field(one.name, one.type, True, {"PARQUET:field_id": str(n)}) for n, one in enumerate(ROWS.schema, 1)]
    foreign.append(pa.table([[1, 3], ["b", "D"]], schema=pa.schema(fields)))
    squash(foreign, first)
    found = dao.read_changes(table, since=first).to_pylist()
    assert [(row["_change_type"], row["id"], row["name"]) for row in found] == [("delete", 3, "d"), ("insert", 3, "D")]


def squash(foreign, first: int) -> None:
    """Make the newest snapshot the next one of an older one."""
    now = foreign.now
    made = now.at.model_copy(update={"parent_snapshot_id": first})
    others = [one for one in now.metadata.snapshots if one.snapshot_id != now.version]
    metadata = now.metadata.model_copy(update={"snapshots": [*others, made]})
    key = foreign.client.locations.key_of(now.table.metadata_location)
    foreign.client.transport.put(key, metadata.model_dump_json().encode())


def test_partitions_are_compared_each(dao, lake):
    table = TableObject("orders", lake, partition_by=["name"])
    first = dao.write(ROWS, table).version_after
    dao.write(pa.table({"id": [1, 5], "name": ["b", None]}), table, mode="overwrite_partitions")
    assert told(dao, table, since=first) == [("delete", 2), ("insert", 5)]
    second = version(dao, table)
    dao.write(ROWS.slice(0, 3), table, mode="overwrite", partition_by=["bucket(4, id)"])
    changes = Counter(told(dao, table, since=second))
    assert changes == Counter([("insert", 2), ("delete", 3), ("delete", 4), ("delete", 5), ("delete", 5)])


PLACE = pa.struct([("city", pa.string()), ("zip", pa.int64())])


def test_rows_of_older_columns(dao, table, foreign):
    first = dao.write(ROWS, table).version_after
    dao.delete(table, where="id = 1")
    with foreign.evolve() as update:
        update.rename_column("name", "title")
        update.add_column("n", pa_long())
    dao.write(pa.table({"id": [9], "title": ["z"], "n": [1]}), table, mode="append")
    found = dao.read_changes(table, since=first, where="_change_type = 'delete' OR n = 1")
    assert [tuple(row.values())[:4] for row in found.to_pylist()] == [
        (1, "b", None, "delete"),
        (9, "z", 1, "insert"),
    ]


RENAMES = [
    ([{"rename": {"name": "title"}}], {"title": "name"}),
    ([{"rename": {"name": "x"}}, {"rename": {"x": "name"}}], {}),
    ([{"drop": ["name"]}, {"add": {"name": "string"}}], {"name": "name"}),
    ([{"rename": {"place.city": "town"}}], {"place": "place"}),
    ([{"drop": ["place.city"]}, {"add": {"place.city": "string"}}], {"place": "place"}),
    ([{"rename": {"places": "all"}}, {"rename": {"place": "places"}}], {"all": "places", "places": "place"}),
    ([{"rename": {"places.element.city": "town"}}], {"places": "places"}),
    ([{"add": {"more": "string", "place.more": "string"}}, {"widen": {"id": "int64"}}, {"reorder": ["name"]}], {}),
]


@pytest.mark.parametrize(("steps", "told"), RENAMES)
def test_columns_of_other_names_are_told(dao, table, steps, told):
    place = {"city": "Rome", "zip": 1}
    rows = pa.Table.from_pylist(
        [{"id": 1, "name": "a", "place": place, "places": [place]}],
        pa.schema([("id", pa.int32()), ("name", pa.string()), ("place", PLACE), ("places", pa.list_(PLACE))]),
    )
    first = dao.write(rows, table).version_after
    for step in steps:
        dao.run("evolve", table, **step)
    dao.delete(table, where="id = 1")
    assert renamed_columns(dao.read_changes(table, since=first).schema) == told
    assert renamed_columns(dao.read_changes(table, since=first, columns=["id"]).schema) == {}
    assert renamed_columns(dao.read_changes(table).schema) == {}


def test_an_overwrite_with_the_same_columns_renames_none(dao, table):
    first = dao.write(ROWS, table).version_after
    dao.write(ROWS.slice(1), table, mode="overwrite")
    assert renamed_columns(dao.read_changes(table, since=first).schema) == {}


def pa_long():
    from pyiceberg.types import LongType

    return LongType()


def test_a_column_that_older_rows_lack_may_be_null(dao, table):
    strict = pa.schema([pa.field("id", pa.int64(), False)])
    first = dao.write(pa.table({"other": [1]}), table).version_after
    dao.write(pa.table({"id": [2]}, schema=strict), table, mode="overwrite")
    found = dao.read_changes(table, since=first)
    assert (found.schema.field("id").nullable, found["id"].to_pylist()) == (True, [None, 2])
    dao.write(pa.table({"id": [3]}, schema=strict), table, mode="append")
    found = dao.read_changes(table, since=dao.history(table)[1].version)
    assert (found.schema.field("id").nullable, found["id"].to_pylist()) == (False, [3])


def test_bounds(dao, table, lake):
    first = dao.write(ROWS.slice(0, 2), table).version_after
    second = dao.write(ROWS.slice(2, 1), table, mode="append").version_after
    third = dao.write(ROWS.slice(3, 1), table, mode="append").version_after
    moments = {one.version: one.timestamp for one in dao.history(table)}
    assert told(dao, table) == [("insert", one) for one in range(4)]
    assert told(dao, table, until=second) == [("insert", one) for one in range(3)]
    assert told(dao, table, since=first, until=second) == told(dao, table, since=moments[first], until=moments[second])
    assert told(dao, table, since=third) == told(dao, table, since=third, until=second) == []
    assert told(dao, table, since=first, where="_version = " + str(third), limit=1) == [("insert", 3)]
    with pytest.raises(NotFoundError):
        dao.read_changes(table, since=moments[first] - timedelta(days=1))
    with pytest.raises(NotFoundError, match="there is no snapshot 5"):
        dao.read_changes(table, since=5)
    with pytest.raises(DataError):
        dao.read_changes(table, since=third, columns=["nothing"])


def test_changes_of_a_branch(dao, table, client):
    first = dao.write(ROWS, table).version_after
    dao.write(pa.table({"id": [9], "name": ["x"]}), table, mode="append", branch="audit")
    assert told(dao, table, since=first) == []
    assert told(dao, table, since=first, branch="audit") == [("insert", 9)]
    head = dao.history(table, branch="audit")[0].version
    dao.write(pa.table({"id": [8], "name": ["y"]}), table, mode="append")
    with pytest.raises(NotFoundError, match="isn't among those that led"):
        dao.read_changes(table, since=head)


def test_what_was_expired_is_an_error(dao, table, client):
    first = dao.write(ROWS, table).version_after
    second = dao.write(pa.table({"id": [9], "name": ["x"]}), table, mode="append").version_after
    dao.write(pa.table({"id": [8], "name": ["y"]}), table, mode="append")
    now = client.open("orders")
    tag = SetSnapshotRefUpdate(ref_name="kept", type="tag", snapshot_id=first)
    client.catalogs.get().commit_table(now.table, (), (tag, RemoveSnapshotsUpdate(snapshot_ids=[second])))
    for since in (first, second):
        with pytest.raises(NotFoundError, match="expired"):
            dao.read_changes(table, since=since)
    assert len(told(dao, table)) == 8


def test_files_that_are_gone_are_an_error(dao, table, client):
    first = dao.write(ROWS, table).version_after
    dao.write(pa.table({"id": [9], "name": ["x"]}), table, mode="append")
    client.transport.delete([stat.key for stat in client.transport.list("orders/data/")])
    with pytest.raises(NotFoundError, match="isn't kept any more"):
        dao.read_changes(table, since=first)


def test_a_branch_begins_with_the_positions_of_its_table(dao, table, lake):
    dao.write(ROWS, table, position=Position("source", 4))
    route = lake.interface.read_position
    assert route(table, source="source", branch="audit").version == 4
    dao.write(ROWS, table, mode="overwrite", branch="audit")
    assert route(table, source="source", branch="audit") is None
    assert route(table, source="source").version == 4


@pytest.mark.parametrize("seed", range(4))
def test_changes_lead_from_each_version_to_each_later_one(dao, lake, foreign, seed):
    """Whatever writes: rows are compared with those that a read of the versions gives."""
    random = Random(seed)
    table = TableObject("orders", lake, partition_by=["name"] if seed % 2 else [])
    dao.write(ROWS, table)
    for number in range(8):
        ids = sorted({random.randrange(9) for _ in range(3)})
        match random.randrange(5):
            case 0:
                names = [random.choice([None, "a", "new"]) for _ in ids]
                dao.upsert(pa.table({"id": ids, "name": pa.array(names, pa.string())}), table, keys="id")
            case 1:
                dao.delete(table, where=f"id IN ({', '.join(map(str, ids))})")
            case 2:
                dao.write(pa.table({"id": ids, "name": [f"n{number % 2}"] * len(ids)}), table, mode="append")
            case 3 if foreign.data_files:
                file = random.choice(foreign.data_files)
                rows, place = file.file.record_count, tuple(file.file.partition)
                foreign.delete_positions(file.path, [random.randrange(rows)], partition=place)
            case _ if not seed % 2:
                foreign.delete_equal(pa.table({"id": ids}), {"id": 1})
    history = [one.version for one in dao.history(table)][::-1]
    states = {one: Counter(map(tuple, rows_of(dao.read(table, version=one)))) for one in history}
    for place, since in enumerate(history):
        for until in history[place:]:
            found = dao.read_changes(table, since=since, until=until)
            state = Counter(states[since])
            for change in found.to_pylist():
                row = (change["id"], change["name"])
                state[row] += 1 if change["_change_type"] == "insert" else -1
                assert state[row] >= 0
            assert +state == states[until]


def rows_of(table: pa.Table):
    return [(row["id"], row["name"]) for row in table.to_pylist()]
