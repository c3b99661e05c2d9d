"""Branches and tags, and branches that are published."""

from __future__ import annotations

import pyarrow as pa
import pytest
from pyiceberg.exceptions import CommitFailedException, CommitStateUnknownException

from dao import TableObject
from dao.errors import AlreadyExistsError, ConflictError, DataError, NotFoundError, TransientError, UnsupportedError
from dao.increments import Position
from dao_iceberg._commits import remembered
from dao_iceberg._commits.remembered import line_of

ROWS = pa.table({"id": pa.array(range(4), pa.int64())})
MORE = pa.table({"id": [9]})


def test_tags_and_branches_of_versions(dao, table):
    first = dao.write(ROWS, table).version_after
    dao.write(MORE, table, mode="append")
    dao.run("create_tag", table, name="first", version=first)
    dao.run("create_tag", table, name="now")
    dao.run("create_branch", table, name="trial", as_of=dao.history(table)[1].timestamp)
    assert [dao.count(table, tag=name) for name in ("first", "now")] == [4, 5]
    dao.write(MORE, table, mode="append", branch="trial")
    dao.write(MORE, table, mode="append", branch="trial")
    assert (dao.count(table, branch="trial"), dao.count(table)) == (6, 5)
    dao.run("create_tag", table, name="tried", branch="trial")
    dao.run("drop_branch", table, name="trial")
    dao.run("drop_tag", table, name="first")
    assert dao.count(table, tag="tried") == 6
    versions = [entry.version for entry in dao.history(table)]
    refs = dao.run("refs", table)
    assert refs.select(["name", "kind", "version"]).to_pylist()[:2] == [
        {"name": "main", "kind": "branch", "version": versions[0]},
        {"name": "now", "kind": "tag", "version": versions[0]},
    ]
    assert refs["timestamp"][0].as_py() == dao.history(table)[0].timestamp
    assert refs["name"].to_pylist() == ["main", "now", "tried"]
    for given in ({"branch": "trial"}, {"tag": "first"}):
        with pytest.raises(NotFoundError):
            dao.read(table, **given)


def test_names_that_are_taken_or_wrong(dao, table):
    dao.write(ROWS, table)
    dao.run("create_tag", table, name="one")
    for kind in ("create_tag", "create_branch"):
        for name in ("one", "main"):
            with pytest.raises(AlreadyExistsError):
                dao.run(kind, table, name=name)
        with pytest.raises(DataError):
            dao.run(kind, table, name=" ")
        with pytest.raises(NotFoundError):
            dao.run(kind, table, name="other", version=5)
    with pytest.raises(NotFoundError):
        dao.run("drop_branch", table, name="one")
    with pytest.raises(DataError):
        dao.run("drop_branch", table, name="main")
    with pytest.raises(NotFoundError):
        dao.run("create_tag", TableObject("nothing", table.data_store), name="x")


def test_publish(dao, table):
    dao.write(ROWS, table)
    dao.write(MORE, table, mode="append", branch="audit")
    head = dao.write(MORE, table, mode="append", branch="audit").version_after
    assert dao.count(table) == 4
    result = dao.run("publish", table, branch="audit")
    assert (result.version_after, result.details, dao.count(table)) == (head, {"versions": 2}, 6)
    assert dao.run("publish", table, branch="audit").details == {"versions": 0}
    dao.write(MORE, table, mode="append", branch="audit")
    assert dao.run("publish", table, branch="audit").details == {"versions": 1}
    assert dao.read_changes(table, since=result.version_before).num_rows == 3


def test_what_went_on_is_not_overwritten(dao, table):
    dao.write(ROWS, table)
    dao.write(MORE, table, mode="append", branch="audit")
    dao.write(MORE, table, mode="append")
    with pytest.raises(ConflictError, match="was changed since the branch 'audit'"):
        dao.run("publish", table, branch="audit")
    with pytest.raises(NotFoundError):
        dao.run("publish", table, branch="nowhere")
    with pytest.raises(DataError):
        dao.run("publish", table, branch="main")
    assert dao.count(table) == 5


def test_a_writer_that_comes_first_is_seen(dao, table, client, monkeypatch):
    dao.write(ROWS, table)
    dao.write(MORE, table, mode="append", branch="audit")
    catalog = client.catalogs.get()
    commit = catalog.commit_table

    def another_first(*given):
        monkeypatch.undo()
        dao.write(MORE, table, mode="append")
        return commit(*given)

    monkeypatch.setattr(catalog, "commit_table", another_first)
    with pytest.raises(ConflictError, match="was changed since"):
        dao.run("publish", table, branch="audit")


def test_positions_are_published(dao, table, lake):
    read = lake.interface.read_position
    dao.write(ROWS, table, position=Position("source", 4))
    dao.write(MORE, table, mode="append", position=Position("source", 5, since=4), branch="audit")
    assert read(table, source="source").version == 4
    dao.run("publish", table, branch="audit")
    assert read(table, source="source").version == 5
    dao.write(ROWS, table, mode="overwrite", branch="audit")
    dao.run("publish", table, branch="audit")
    assert read(table, source="source") is None


def test_a_new_branch_has_no_positions_of_an_old_one(dao, table, lake):
    dao.write(ROWS, table)
    dao.write(MORE, table, mode="append", position=Position("source", 5), branch="audit")
    dao.run("drop_branch", table, name="audit")
    assert lake.interface.read_position(table, source="source", branch="audit") is None


@pytest.fixture
def asked(client, monkeypatch):
    """Lets the catalog answer otherwise once."""
    answers: list = []
    catalog = client.catalogs.get()
    commit = catalog.commit_table
    monkeypatch.setattr(
        catalog, "commit_table", lambda *given: answers.pop()(lambda: commit(*given)) if answers else commit(*given)
    )
    return answers


def lost(commit):
    commit()
    raise CommitStateUnknownException("the answer was lost")


def never_came(commit):
    raise CommitStateUnknownException("the question was lost")


def refused(commit):
    raise CommitFailedException("another was first")


@pytest.mark.parametrize("answer", [lost, never_came, refused])
def test_an_answer_that_is_lost(dao, table, asked, client, answer):
    dao.write(ROWS, table)
    asked.append(answer)
    dao.run("create_tag", table, name="one")
    asked.append(answer)
    dao.run("drop_tag", table, name="one")
    with pytest.raises(NotFoundError):
        dao.read(table, tag="one")
    dao.write(MORE, table, mode="append", branch="audit")
    asked.append(answer)
    dao.run("publish", table, branch="audit")
    assert dao.count(table) == 5


def test_an_outcome_that_is_unknown(dao, table, asked, client, monkeypatch):
    dao.write(ROWS, table)

    def unknown(commit):
        monkeypatch.setattr(client.catalogs.get(), "load_table", never_came)
        raise CommitStateUnknownException("the answer was lost")

    asked.append(unknown)
    with pytest.raises(TransientError, match="may have been made"):
        dao.run("create_tag", table, name="one")


def test_a_branch_or_tag_that_is_missing_is_told_with_those_that_are_there(dao, table):
    dao.write(ROWS, table)
    with pytest.raises(NotFoundError, match="there is no tag 'v1' of 'orders': it has none"):
        dao.read(table, tag="v1")
    dao.run("create_branch", table, name="audit")
    dao.run("create_tag", table, name="v2")
    with pytest.raises(NotFoundError, match="there is no branch 'v2' of 'orders': known: 'audit', 'main'"):
        dao.read(table, branch="v2")
    for call in (
        lambda: dao.read(table, branch="audti"),
        lambda: dao.run("publish", table, branch="audti"),
        lambda: dao.run("drop_branch", table, name="audti"),
    ):
        with pytest.raises(NotFoundError, match="there is no branch 'audti' of 'orders': did you mean 'audit'"):
            call()
    with pytest.raises(NotFoundError, match="there is no tag 'audit' of 'orders': known: 'v2'"):
        dao.read(table, tag="audit")


def test_calls_of_a_dropped_branch_are_done_again(dao, table):
    dao.write(ROWS, table)

    def job():
        return dao.write(MORE, table, mode="append", branch="audit", idempotency_key="once").rows_inserted

    assert (job(), job()) == (1, 0)
    dao.write(MORE, table, mode="append")
    dao.run("drop_branch", table, name="audit")
    dao.run("expire", table, older_than=0, dry_run=False)
    assert (job(), job()) == (1, 0)
    dao.run("publish", table, branch="audit")
    dao.run("drop_branch", table, name="audit")
    assert job() == 0
    assert dao.count(table) == 6


def test_calls_that_another_engine_rolled_back_are_done_again(dao, table, client):
    first = dao.write(ROWS, table).version_after
    dao.write(MORE, table, mode="append", idempotency_key="once")
    with client.open("orders").table.manage_snapshots() as manage:
        manage.set_current_snapshot(snapshot_id=first)
    dao.run("expire", table, older_than=0, dry_run=False)
    assert dao.write(MORE, table, mode="append", idempotency_key="once").rows_inserted == 1
    assert dao.count(table) == 5


def test_a_key_of_another_branch_is_refused(dao, table):
    dao.write(ROWS, table)
    dao.write(MORE, table, mode="append", branch="audit", idempotency_key="once")
    with pytest.raises(DataError, match="of another branch or tag"):
        dao.write(MORE, table, mode="append", branch="other", idempotency_key="once")
    dao.run("create_tag", table, name="seen", branch="audit")
    dao.run("drop_branch", table, name="audit")
    with pytest.raises(DataError, match="of another branch or tag"):
        dao.write(MORE, table, mode="append", branch="audit", idempotency_key="once")


def test_a_call_with_a_key_looks_along_its_own_branch_alone(dao, table, monkeypatch):
    dao.write(ROWS, table, idempotency_key="first")
    for name in ("one", "two", "three"):
        dao.write(MORE, table, mode="append", branch=name, idempotency_key=name)
    walked = []
    monkeypatch.setattr(remembered, "line_of", lambda *of: walked.append(of[1]) or line_of(*of))
    assert dao.write(MORE, table, mode="append", idempotency_key="new").rows_inserted == 1
    assert walked == []
    assert dao.write(MORE, table, mode="append", idempotency_key="new").rows_inserted == 0
    assert len(walked) == 1
    with pytest.raises(DataError, match="of another branch or tag"):
        dao.write(MORE, table, mode="append", idempotency_key="three")
    walked.clear()
    dao.run("drop_branch", table, name="one")
    assert len(walked) == 3  # each line once, however many keys there are


PARTED = pa.table({"id": pa.array([1, 2], pa.int32()), "kind": ["a", "b"]})


@pytest.mark.parametrize(
    ("rows", "given", "kind", "told"),
    [
        (pa.table({"x": [4]}), {}, DataError, "schema_mode='evolve'"),
        (PARTED.append_column("x", pa.array([1, 2])), {}, DataError, "'x'"),
        (PARTED.select(["id"]), {}, DataError, "'kind'"),
        (PARTED.set_column(0, "id", [["x", "y"]]), {}, DataError, "'id'"),
        (PARTED.set_column(0, "id", [[1.5, 2.5]]), {"schema_mode": "evolve"}, UnsupportedError, "'id'"),
        (PARTED, {"partition_by": []}, DataError, "partition_by"),
        (PARTED, {"partition_by": ["id"]}, DataError, "partition_by"),
        (PARTED, {"sort_by": ["kind"]}, DataError, "sort_by"),
    ],
)
def test_what_an_overwrite_of_a_branch_would_change_of_the_table_is_refused(
    dao, table, client, rows, given, kind, told
):
    dao.write(PARTED, table, partition_by="kind", sort_by="id")
    before = client.open("orders").metadata
    with pytest.raises(kind, match=told) as found:
        dao.write(rows, table, mode="overwrite", branch="audit", **given)
    assert "without branch=" in str(found.value)
    assert (client.open("orders").metadata, dao.read(table).sort_by("id")) == (before, PARTED)


def test_an_overwrite_of_a_branch_keeps_the_layout_of_the_table(dao, table, client):
    dao.write(PARTED, table, partition_by="kind", sort_by="id")
    before = client.open("orders").metadata
    rows = pa.table({"kind": ["c"], "id": pa.array([7], pa.int64())})
    assert dao.write(rows, table, mode="overwrite", branch="audit").rows_deleted == 2
    now = client.open("orders").metadata
    assert (now.schemas, now.partition_specs, now.sort_orders) == (
        before.schemas,
        before.partition_specs,
        before.sort_orders,
    )
    assert dao.read(table).sort_by("id").equals(PARTED)
    assert dao.read(table, branch="audit").to_pylist() == [{"id": 7, "kind": "c"}]
    dao.write(PARTED, table, mode="overwrite", branch="audit", partition_by="kind", sort_by="id")
    assert dao.run("publish", table, branch="audit").details == {"versions": 2}
    assert dao.read(table).sort_by("id").equals(PARTED)


@pytest.mark.parametrize(
    "write",
    [
        {"mode": "append"},
        {"mode": "overwrite"},
        {"mode": "overwrite", "where": "id = 9"},
        {"mode": "overwrite_partitions"},
        None,
    ],
)
def test_columns_that_come_on_a_branch_are_null_in_the_table(dao, table, write):
    dao.write(PARTED, table, partition_by="kind")
    rows = pa.table({"id": pa.array([9], pa.int64()), "new": ["x"], "kind": ["z"]})
    given = {"schema_mode": "evolve", "branch": "audit"}
    if write is None:
        dao.upsert(rows, table, keys="id", **given)
    else:
        dao.write(rows, table, **write, **given)
    assert dao.read(table).sort_by("id").to_pylist() == [{**row, "new": None} for row in PARTED.to_pylist()]
    assert {"id": 9, "kind": "z", "new": "x"} in dao.read(table, branch="audit").to_pylist()
    dao.write(PARTED, table, mode="append", schema_mode="evolve")
