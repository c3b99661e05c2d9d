"""No argument is ignored: each one of each route changes what a call does, or is refused."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from dao import DataAccessObject, DataStore, TableObject
from dao.errors import DaoError
from dao.increments import Position
from dao.results import WriteResult
from dao_iceberg import IcebergInterface

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "v": ["a", "b", "c"], "n": pa.array([1, 2, 3], pa.int32())})
MORE = pa.table({"id": pa.array([4], pa.int64()), "v": ["d"], "n": pa.array([4], pa.int32())})
OTHER = MORE.append_column("new", pa.array([1]))
TWICE = pa.table({"id": pa.array([2, 2], pa.int64()), "v": ["x", "y"], "n": pa.array([9, 8], pa.int32())})
LONG_AGO = datetime(1999, 1, 1, tzinfo=UTC)


FIRST, LAST = object(), object()
"""Stand for the versions of a table."""

AT = {"version": FIRST, "as_of": LONG_AGO, "branch": "b", "tag": "t"}
SELECTED = {"columns": ["v"], "where": "id = 1", "limit": 1, **AT}
LAID_OUT = {"partition_by": ["v"], "sort_by": ["v"], "properties": {"x": "y"}}
KEPT = {"idempotency_key": "k", "position": Position("s", 2, 1), "branch": "b"}
EVOLVES = {"schema": pa.schema([("id", pa.int64()), ("w", pa.string())]), "schema_mode": "evolve"}
NAMED = {"name": "d", "version": FIRST, "as_of": LONG_AGO, "branch": "b"}
RESTORED = {"version": LAST, "as_of": LONG_AGO, "branch": "b"}

CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    # what a call has in any case, and the arguments of which each is then given beside it, or in its place
    "read": ({}, SELECTED),
    "read_stream": ({}, {**SELECTED, "batch_size": 1}),
    "count": ({}, {"where": "id = 1", **AT}),
    "schema": ({}, {**AT, "branch": "none"}),
    "exists": ({}, {}),
    "read_position": ({"source": "s"}, {"source": "other", "branch": "b"}),
    "history": ({}, {"branch": "b"}),
    "list": ({}, {}),
    "read_changes": (
        {},
        {"columns": ["v"], "where": "id = 1", "limit": 1, "branch": "b"} | {"since": FIRST, "until": FIRST},
    ),
    "write": ({"data": MORE, "mode": "append"}, {**LAID_OUT, **KEPT, **EVOLVES, "mode": "overwrite"}),
    "replace_where": (
        {"data": MORE, "mode": "overwrite", "where": "id = 4"},
        {**LAID_OUT, **KEPT, **EVOLVES, "where": "id = 1"},
    ),
    "upsert": (
        {"data": TWICE, "keys": "id", "order_by": "v"},
        {**LAID_OUT, **KEPT, **EVOLVES, "keys": "v", "order_by": "n", "delete_when": "v = 'y'"},
    ),
    "delete": ({"where": "id = 1"}, {"where": "id = 2", "idempotency_key": "k", "branch": "b"}),
    "move": ({"target": "there"}, {"mode": "overwrite"}),
    "run_compact": ({}, {"target_size": 1, "branch": "b"}),
    "run_rewrite_manifests": ({}, {"branch": "b"}),
    "run_expire": ({"older_than": 0}, {"older_than": 99, "keep": 9, "dry_run": False}),
    "run_orphans": ({"older_than": 0}, {"older_than": 9e9, "dry_run": False}),
    "run_restore": ({"version": FIRST}, RESTORED),
    "run_rollback": ({"version": FIRST}, RESTORED),
    "run_evolve": (
        {"add": {"m": "int"}},
        {"add": {"k": "int"}, "drop": "v", "rename": {"v": "w"}, "widen": {"n": "bigint"}, "reorder": ["v"]}
        | {"partitions": ["v"], "order": ["v"]},
    ),
    "run_set_properties": ({"properties": {"x": "y"}}, {"properties": {"x": "z"}}),
    "run_add_files": ({"paths": "far.parquet"}, {"paths": "none.parquet", "branch": "b"}),
    "run_register": ({"metadata": "none"}, {"metadata": "orders"}),
    "run_refs": ({}, {}),
    "run_publish": ({"branch": "b"}, {"branch": "none"}),
    "run_create_branch": ({"name": "c"}, NAMED),
    "run_create_tag": ({"name": "c"}, NAMED),
    "run_drop_branch": ({"name": "b"}, {"name": "none"}),
    "run_drop_tag": ({"name": "t"}, {"name": "none"}),
}
NEEDS = {"schema_mode": {"data": OTHER}}
"""What a call has in the place of its usual arguments where another one wouldn't matter otherwise."""


class Place:
    """A table of three versions and a branch, a table beside it, and files that are in no table."""

    def __init__(self, dao) -> None:
        store = DataStore("lake", "iceberg", options={"catalog": "memory"})
        self.tables = {name: TableObject(name, store) for name in ("orders", "there", "new")}
        self.interface = store.interface
        table = self.tables["orders"]
        first = dao.write(ROWS.drop_columns("n").slice(1), table).version_after
        dao.run("create_tag", table, name="t")
        dao.run("evolve", table, add={"n": "int"})
        dao.write(ROWS.slice(1), table, mode="overwrite")
        last = dao.write(ROWS.slice(0, 1), table, mode="append", position=Position("s", 1)).version_after
        dao.write(MORE, table, mode="append", branch="b", position=Position("s", 9, 1))
        dao.write(MORE, table, mode="append", branch="b")
        dao.write(MORE, self.tables["there"])
        self.versions = {FIRST: first, LAST: last}
        sink = BytesIO()
        pq.write_table(MORE, sink)
        for key in ("far.parquet", "orders/data/lost.parquet"):
            self.client.transport.put(key, sink.getvalue())
        self.database = Path(self.client.catalogs.get().engine.url.database)
        self.kept = self.database.read_bytes(), dict(self.client.transport.objects)

    @property
    def client(self):
        return self.interface._client

    def reset(self) -> None:
        """Forget what calls have done."""
        database, objects = self.kept
        self.database.write_bytes(database)
        self.client.transport.objects = dict(objects)

    def seen(self, route: str, given: dict[str, Any]) -> Any:
        """What a call gives and leaves, but for what is another in each table: ids, moments, bytes."""
        given = {name: self.versions.get(one, one) if one in (FIRST, LAST) else one for name, one in given.items()}
        given |= {"target": self.tables["there"]} if route == "move" else {}
        table = self.tables["new" if route == "run_register" else "orders"]
        self.reset()
        try:
            result = plain(getattr(self.interface, route)(data_object=table, **given))
        except Exception as error:
            refused = error if isinstance(error, DaoError) else self.interface.translate_error(error)
            if refused is None:
                raise
            result = type(refused).__name__
        keys = [one.key for one in self.client.transport.list("")]
        return result, self.state_of("orders"), self.state_of("there"), len(keys)

    def state_of(self, name: str) -> Any:
        snapshot = self.client.find(name)
        if snapshot is None:
            return None
        metadata, table = snapshot.metadata, self.tables[name]
        branches = [ref for ref, one in sorted(metadata.refs.items()) if one.snapshot_ref_type == "branch"]
        texts = {k: v for k, v in metadata.properties.items() if not k.startswith("dao.")}
        remembered = sorted(k for k in metadata.properties if k.startswith("dao."))
        rows = [plain(self.interface.read(table, branch=ref)) for ref in branches]
        positions = [self.interface.read_position(table, source="s", branch=ref) for ref in branches]
        layout = str(metadata.schema()), str(metadata.spec()), str(metadata.sort_order())
        refs = {ref: self.interface.count(table, version=one.snapshot_id) for ref, one in metadata.refs.items()}
        return rows, positions, layout, texts, remembered, refs, len(metadata.snapshots)


def plain(result: Any) -> Any:
    if isinstance(result, pa.RecordBatchReader):
        batches = list(result)
        return [one.num_rows for one in batches], [row for one in batches for row in one.to_pylist()]
    if isinstance(result, pa.Table):
        kept = result.select([name for name in result.schema.names if name not in ("_version", "_timestamp")])
        return kept.schema.names, sorted(map(repr, kept.to_pylist()))
    if isinstance(result, WriteResult):
        details = {name: one for name, one in result.details.items() if name != "bytes_freed"}
        return result.rows_inserted, result.rows_updated, result.rows_deleted, result.files, details
    return len(result) if isinstance(result, Sequence) else str(result)


def arguments_of(route: str) -> set[str]:
    return {*inspect.signature(getattr(IcebergInterface, route)).parameters} - {"self", "data_object"}


def test_each_argument_of_each_route_has_a_case():
    names = {name for name in dir(IcebergInterface) if name in CASES or name.startswith(("run_", "read", "write"))}
    for route in sorted(names):
        assert {*CASES[route][0], *CASES[route][1]} >= arguments_of(route), route


@pytest.fixture(scope="module")
def place():
    return Place(DataAccessObject())


@pytest.mark.parametrize("route", CASES)
def test_each_argument_matters(place, route):
    usual, given = CASES[route]
    plainly = place.seen(route, usual)
    for name, value in given.items():
        needs = NEEDS.get(name)
        without = plainly if needs is None else place.seen(route, {**usual, **needs})
        assert (place.seen(route, {**usual, **(needs or {}), name: value}) != without) is True, name
