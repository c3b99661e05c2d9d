"""Calls outside of a job: each is a run by itself, with what it read and wrote."""

from __future__ import annotations

import asyncio
import logging
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pandas
import polars
import pyarrow as pa
import pytest
from openlineage_schema import faults

from dao import (
    AsyncDataAccessObject,
    DataObject,
    DataStore,
    NotFoundError,
    PermissionDeniedError,
    Secret,
    TableObject,
    WriteResult,
    hookimpl,
)
from dao.lineage._moved import columns_of
from dao.lineage._places import place_of

if TYPE_CHECKING:
    from conftest import Kept

ROWS = pa.table({"id": [1, 2, 3], "at": [{"x": 1.5}] * 3})
X, Y, B = "dao://a/x", "dao://a/y", "dao://b/x"


def facets(event: Any, side: str) -> Any:
    (dataset,) = event[side]
    return dataset["facets"]


def test_a_write_is_a_run_with_an_output(kept: Kept) -> None:
    written = kept.access().write(ROWS, "a.x")
    assert kept.told == [("START", "write a.x", [], []), ("COMPLETE", "write a.x", [], [X])]
    start, complete = kept.events
    assert start["run"]["runId"] == complete["run"]["runId"] == str(UUID(start["run"]["runId"]))
    assert start["eventTime"] <= complete["eventTime"]
    assert complete["job"]["namespace"] == "tests"
    (output,) = complete["outputs"]
    statistics = output["outputFacets"]["outputStatistics"]
    assert (statistics["rowCount"], statistics["size"], statistics["fileCount"]) == (3, written.bytes, 1)
    assert output["facets"]["version"]["datasetVersion"] == str(written.version_after)
    assert output["facets"]["symlinks"]["identifiers"] == [{"namespace": "dao", "name": "a.x", "type": "TABLE"}]
    columns = output["facets"]["schema"]["fields"]
    assert [(column["name"], column["type"]) for column in columns] == [("id", "int64"), ("at", "struct<x: double>")]
    assert [column["name"] for column in columns[1]["fields"]] == ["x"]


def test_a_read_is_a_run_with_an_input(kept: Kept) -> None:
    dao = kept.access()
    dao.write(ROWS, "a.x")
    kept.events.clear()
    dao.read("a.x", columns=["id"], into="polars")
    assert kept.told == [("START", "read a.x", [], []), ("COMPLETE", "read a.x", [X], [])]
    (dataset,) = kept.events[1]["inputs"]
    assert dataset["inputFacets"]["inputStatistics"]["rowCount"] == 3
    assert [column["name"] for column in dataset["facets"]["schema"]["fields"]] == ["id"]


def test_a_stream_is_a_run_that_ends_when_it_was_read(kept: Kept) -> None:
    dao = kept.access()
    dao.write(ROWS, "a.x")
    kept.events.clear()
    stream = dao.read_stream("a.x")
    assert [kind for kind, *_ in kept.told] == ["START"]
    stream.read_all()
    assert kept.told[1:] == [("COMPLETE", "read_stream a.x", [X], [])]
    assert kept.events[1]["inputs"][0]["inputFacets"]["inputStatistics"]["rowCount"] == 3


def test_a_copy_leads_from_its_source_to_its_target(kept: Kept) -> None:
    dao = kept.access()
    dao.write(ROWS, "a.x")
    kept.events.clear()
    copied = dao.copy("a.x", "b.x")
    job = "copy a.x to b.x"
    assert kept.told == [("START", job, [], []), ("COMPLETE", job, [X], [B])]
    complete = kept.events[1]
    assert complete["inputs"][0]["inputFacets"]["inputStatistics"]["rowCount"] == 3
    assert complete["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 3
    assert facets(complete, "outputs")["version"]["datasetVersion"] == str(copied.version_after)
    assert facets(complete, "inputs")["schema"]["fields"] == facets(complete, "outputs")["schema"]["fields"]


def test_a_copy_within_a_store_does_too(kept: Kept) -> None:
    dao = kept.access()
    dao.write(ROWS, "a.x")
    dao.copy("a.x", "a.y")
    assert kept.told[-1] == ("COMPLETE", "copy a.x to a.y", [X], [Y])


@pytest.mark.parametrize(("target", "name"), [("a.y", Y), ("b.x", B)])
def test_a_move_says_what_the_name_was(kept: Kept, target: str, name: str) -> None:
    dao = kept.access()
    dao.write(ROWS, "a.x")
    dao.move("a.x", target)
    assert kept.told[-1] == ("COMPLETE", f"move a.x to {target}", [X], [name])
    change = facets(kept.events[-1], "outputs")["lifecycleStateChange"]
    assert change["lifecycleStateChange"] == "RENAME"
    assert change["previousIdentifier"] == {"namespace": "dao://a", "name": "x"}


def test_what_becomes_of_a_dataset(kept: Kept) -> None:
    dao = kept.access()
    dao.write(ROWS, "a.x", mode="overwrite")
    assert facets(kept.events[-1], "outputs")["lifecycleStateChange"]["lifecycleStateChange"] == "OVERWRITE"
    dao.write(ROWS, "a.x", mode="append")
    assert "lifecycleStateChange" not in facets(kept.events[-1], "outputs")
    dao.delete("a.x", where="id = 1")
    assert "lifecycleStateChange" not in facets(kept.events[-1], "outputs")
    dao.delete("a.x")
    assert facets(kept.events[-1], "outputs")["lifecycleStateChange"]["lifecycleStateChange"] == "DROP"


def test_what_moves_no_data_is_no_run(kept: Kept) -> None:
    dao = kept.access()
    assert dao.exists("a.x") is False
    dao.list("a")
    assert not kept.events


def test_a_failure_fails_with_its_type_alone(kept: Kept) -> None:
    with pytest.raises(NotFoundError):
        kept.access().read("a.x")
    assert kept.told == [("START", "read a.x", [], []), ("FAIL", "read a.x", [], [])]
    message = kept.events[1]["run"]["facets"]["errorMessage"]
    assert (message["message"], message["programmingLanguage"]) == ("dao.errors.NotFoundError", "PYTHON")


def test_the_asynchronous_face_has_the_same_events(kept: Kept) -> None:
    async def main() -> None:
        dao = kept.access(AsyncDataAccessObject)
        await dao.write(ROWS, "a.x")
        await dao.copy("a.x", "b.x")

    asyncio.run(main())
    assert kept.told[1::2] == [("COMPLETE", "write a.x", [], [X]), ("COMPLETE", "copy a.x to b.x", [X], [B])]


def test_events_that_cannot_be_sent_change_nothing(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    kept.fails = True
    with caplog.at_level(logging.WARNING, logger="dao"):
        assert kept.access().write(ROWS, "a.x").rows_inserted == 3
    assert [record.getMessage() for record in caplog.records if record.name == "dao"] == [
        "lineage of job 'write a.x': its START event can't be sent: ConnectionError",
        "lineage of job 'write a.x': its COMPLETE event can't be sent: ConnectionError",
    ]


def test_a_call_that_another_plugin_stops_has_failed(kept: Kept) -> None:
    class Guard:
        @hookimpl(trylast=True)
        def dao_before_action(self) -> None:
            raise PermissionDeniedError("no")

    dao = kept.access()
    dao._plugins.register(Guard(), "guard")
    with pytest.raises(PermissionDeniedError):
        dao.write(ROWS, "a.x")
    assert [kind for kind, *_ in kept.told] == ["START", "FAIL"]


class Keeper:
    """Has a secret, takes secrets, and fails with them."""

    def __init__(self, password: Secret) -> None:
        self.password = password

    def read(self, data_object: DataObject, *, token: str) -> Any:
        raise OSError(f"refused {token} and {self.password.reveal()}")

    def write(self, data: Any, data_object: DataObject, *, token: str | None = None) -> WriteResult:
        return WriteResult(rows_inserted=1, details={"token": token})

    def plan_call(self, action: str, data_object: DataObject, arguments: Any, options: Any) -> Any:
        return {"location": f"postgres://me:{self.password.reveal()}@host:5432/db.public.x"}


def test_no_event_has_a_secret(kept: Kept) -> None:
    canary = "canary" + secrets.token_hex(8)
    thing = DataObject("x", DataStore("s", Keeper(Secret(canary))), password=canary)
    dao = kept.access()
    dao.write([{"secret": canary}], thing, token=canary)
    with pytest.raises(Exception, match=canary):
        dao.read(thing, token=canary)
    assert canary not in str(kept.events)
    assert len(kept.events) == 4


class Somewhere:
    """An interface that says where things are."""

    def __init__(self, location: str) -> None:
        self.location = location

    def read(self, data_object: DataObject) -> None:
        return None

    def plan_call(self, action: str, data_object: DataObject, arguments: Any, options: Any) -> Any:
        return {"location": self.location} if self.location else {}


@pytest.mark.parametrize(
    ("location", "namespace", "name"),
    [
        ("s3://bucket/raw/orders", "s3://bucket", "raw/orders"),
        ("/data/orders", "file", "/data/orders"),
        ("file:///data/orders", "file", "/data/orders"),
        ("redshift://wh.eu-west-1:5439/dev.public.orders", "redshift://wh.eu-west-1:5439", "dev.public.orders"),
        ("postgres://me:pw@host:5432/db.public.orders", "postgres://host:5432", "db.public.orders"),
        ("s3://bucket/raw/a?b#c", "s3://bucket", "raw/a?b#c"),
        ("memory:///orders", "dao://shop", "at/orders"),
        ("s3://bucket", "dao://shop", "at/orders"),
        ('"public"."orders"', "dao://shop", "at/orders"),
        ("", "dao://shop", "at/orders"),
    ],
)
def test_places_have_the_names_of_the_convention(location: str, namespace: str, name: str) -> None:
    place = place_of(TableObject("orders", DataStore("shop", Somewhere(location)), key="at/orders"))
    assert (place.namespace, place.name) == (namespace, name)


@pytest.mark.parametrize(
    ("located", "namespace", "name"),
    [
        ("redshift://wh.eu-west-1:5439/dev.public.orders", "redshift://wh.eu-west-1:5439", "dev.public.orders"),
        ("sqlite:///data/shop.db/orders", "sqlite:///data/shop.db", "orders"),
        ("", "dao://shop", "orders"),
    ],
)
def test_an_interface_may_say_where_things_are_for_everybody(located: str, namespace: str, name: str) -> None:
    class Warehouse(Somewhere):
        def locate(self, data_object: DataObject) -> str:
            return located

    place = place_of(TableObject("orders", DataStore("shop", Warehouse("public.orders"))))
    assert (place.namespace, place.name) == (namespace, name)


class Versioned:
    """An interface with an operation that makes a version, one that makes none, and one that fails."""

    def run_restore(self, data_object: DataObject, version: int) -> WriteResult:
        return WriteResult(version_before=7, version_after=8)

    def run_vacuum(self, data_object: DataObject) -> WriteResult:
        return WriteResult(files=3, version_before=8, version_after=8)

    def run_expire(self, data_object: DataObject) -> WriteResult:
        raise NotFoundError("there is no table")


def test_an_operation_that_makes_a_version_is_a_run_with_an_output(kept: Kept) -> None:
    dao, orders = kept.access(), TableObject("orders", DataStore("shop", Versioned()))
    dao.run("vacuum", orders)
    with pytest.raises(NotFoundError):
        dao.run("expire", orders)
    assert kept.events == []
    dao.run("restore", orders, version=2)
    (name, output) = "run restore shop.orders", "dao://shop/orders"
    assert kept.told == [("START", name, [], []), ("COMPLETE", name, [], [output])]
    assert kept.events[0]["eventTime"] <= kept.events[1]["eventTime"]
    assert facets(kept.events[1], "outputs")["version"]["datasetVersion"] == "8"


def test_files_are_named_by_their_path(tmp_path: Path, kept: Kept) -> None:
    catalog = {"l": {"interface": "local", "options": {"root": str(tmp_path)}, "objects": {"f": {"type": "file"}}}}
    kept.access(catalog=catalog).write(b"hello", "l.f")
    assert kept.told[-1][3] == [f"file/{tmp_path}/f"]
    assert kept.events[-1]["outputs"][0]["outputFacets"]["outputStatistics"]["size"] == 5


@pytest.mark.parametrize(
    ("data", "columns"),
    [
        (ROWS, [("id", "int64"), ("at", "struct<x: double>")]),
        (ROWS.to_reader(), [("id", "int64"), ("at", "struct<x: double>")]),
        (polars.DataFrame({"id": [1]}), [("id", "Int64")]),
        (pandas.DataFrame({"id": [1]}), [("id", "int64")]),
        ([{"id": 1}], [("id", None)]),
        ([], []),
        (b"bytes", []),
        (None, []),
    ],
)
def test_columns_of_data_of_any_library(data: Any, columns: list[tuple[str, str | None]]) -> None:
    assert [(column.name, column.type) for column in columns_of(data)] == columns


@pytest.mark.parametrize(
    "wrong",
    [
        {"eventTime": "yesterday"},
        {"run": {"runId": "1"}},
        {"eventType": "DONE"},
        {"job": {"namespace": "x"}},
        {"unknown": 1},
        {"inputs": [{"namespace": "x"}]},
        {"inputs": [{"namespace": "x", "name": "y", "facets": {"schema": {"fields": []}}}]},
    ],
)
def test_the_check_would_notice(kept: Kept, wrong: dict[str, Any]) -> None:
    kept.access().write(ROWS, "a.x")
    assert faults({**kept.events[1], **wrong})
    assert not faults(kept.events[1])
