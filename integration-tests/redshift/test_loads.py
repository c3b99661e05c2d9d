"""Loads and reads by way of S3: what is sent, what failures leave, and that nothing of it stays behind."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread

import pyarrow as pa
import pytest
from s3.looking import keys_in
from services.minio import ObjectServer

from dao import (
    AlreadyExistsError,
    DataAccessObject,
    DataError,
    DataStore,
    StoreError,
    TableObject,
    TransientError,
)
from dao.connections import S3Connection
from dao_redshift.testing import Fault, RedshiftGateway
from redshift.stores import execute, options_of, staged_options, store_of

FIRST, MORE = pa.table({"id": range(10)}), pa.table({"id": range(1000, 6000)})
WRITER = Path(__file__).with_name("killed_writer.py")


@pytest.fixture
def store(gateway: RedshiftGateway, storage: S3Connection, bucket: str) -> Iterator[DataStore]:
    """A store whose rows go by COPY and come by UNLOAD, with a table."""
    found = store_of(gateway, **staged_options(storage, bucket))
    DataAccessObject().write(FIRST, TableObject("orders", found))
    gateway.forget_statements()
    yield found
    found.close()
    execute(gateway, f"DROP SCHEMA {found.interface.schema_name} CASCADE")


def ids(store: DataStore) -> list[int]:
    return sorted(DataAccessObject().read(TableObject("orders", store))["id"].to_pylist())


def sent(gateway: RedshiftGateway, word: str) -> list[str]:
    return [one.text for one in gateway.statements if one.text.startswith(word)]


OLD, NEW = FIRST["id"].to_pylist(), sorted(FIRST["id"].to_pylist() + MORE["id"].to_pylist())


def test_many_rows_go_by_one_copy_of_a_manifest(
    store: DataStore, gateway: RedshiftGateway, object_server: ObjectServer, bucket: str
) -> None:
    DataAccessObject().write(MORE, TableObject("orders", store), mode="append")
    (copied,) = sent(gateway, "COPY")
    assert copied.endswith("/manifest' IAM_ROLE default FORMAT AS PARQUET MANIFEST")
    assert ids(store) == NEW
    assert keys_in(object_server, bucket, "staging") == []


def test_large_results_come_by_unload(
    store: DataStore, gateway: RedshiftGateway, object_server: ObjectServer, bucket: str
) -> None:
    dao, table = DataAccessObject(), TableObject("orders", store)
    dao.write(MORE, table, mode="append")
    reader = dao.read_stream(table, where="id >= 1000", via="unload")
    assert sorted(reader.read_all()["id"].to_pylist()) == MORE["id"].to_pylist()
    assert len(sent(gateway, "UNLOAD")) == 1
    assert dao.read(table, where="id < 0", via="unload").schema == FIRST.schema
    assert keys_in(object_server, bucket, "staging") == []


@pytest.mark.parametrize("pattern", ["^COPY", "^INSERT INTO .*_dao_commits", "^COMMIT"])
@pytest.mark.parametrize("fault", [Fault.LOST_BEFORE, Fault.FAILED])
def test_a_load_that_fails_changes_nothing(
    store: DataStore, gateway: RedshiftGateway, object_server: ObjectServer, bucket: str, pattern: str, fault: Fault
) -> None:
    table = TableObject("orders", store)
    with gateway.failing(pattern, fault) as rule, pytest.raises(StoreError):
        DataAccessObject().write(MORE, table, mode="append")
    assert rule.fired
    assert ids(store) == OLD
    DataAccessObject().write(MORE, table, mode="append")
    assert ids(store) == NEW
    assert keys_in(object_server, bucket, "staging") == []


def test_a_commit_whose_answer_is_lost_is_found(store: DataStore, gateway: RedshiftGateway) -> None:
    with gateway.failing("^COMMIT", Fault.LOST_AFTER) as rule:
        result = DataAccessObject().write(MORE, TableObject("orders", store), mode="append")
    assert rule.fired
    assert result.rows_inserted == MORE.num_rows
    assert ids(store) == NEW


@pytest.mark.parametrize("pattern", ["stv_slices", "^BEGIN$", "^COPY", "^INSERT INTO .*_dao_commits", "^COMMIT"])
def test_what_a_killed_process_left_is_cleared_by_the_next(
    store: DataStore,
    gateway: RedshiftGateway,
    object_server: ObjectServer,
    bucket: str,
    pattern: str,
) -> None:
    s3 = {"region": object_server.region, "endpoint": object_server.endpoint}
    keys = {"access_key_id": object_server.access_key, "secret_access_key": object_server.secret_key}
    options = options_of(gateway, store.interface.schema_name, staging=f"s3://{bucket}/staging", bulk_values=0)
    reached = Event()
    with gateway.failing(pattern, Fault.DELAYED, seconds=3) as rule:
        process = subprocess.Popen([sys.executable, str(WRITER)], stdin=subprocess.PIPE, text=True)
        assert process.stdin is not None
        process.stdin.write(json.dumps({**options, "s3": s3, "keys": keys}))
        process.stdin.close()
        Thread(target=_wait_until, args=(rule, process, reached), daemon=True).start()
        assert reached.wait(60), "the statement was never sent"
        process.kill()
        process.wait()
    assert rule.fired
    assert keys_in(object_server, bucket, "staging")
    found = ids(store)
    assert found in (OLD, NEW)
    fresh = DataStore("dwh", "redshift", options={**options, "s3": store.interface.s3})
    DataAccessObject().write(pa.table({"id": [-1]}), TableObject("orders", fresh), mode="append")
    assert ids(fresh) == sorted([*found, -1])
    assert keys_in(object_server, bucket, "staging") == []
    fresh.close()


def _wait_until(rule: object, process: subprocess.Popen[str], reached: Event) -> None:
    while not rule.fired and process.poll() is None:  # type: ignore[attr-defined]
        reached.wait(0.02)
    reached.set()


def test_a_row_that_does_not_fit_says_where(store: DataStore) -> None:
    dao, table = DataAccessObject(), TableObject("short", store, lengths={"s": 3})
    dao.write(pa.table({"s": ["abc"]}), table)
    with pytest.raises(DataError, match=r"column 's', row 0: found 4 bytes as UTF-8, and the column keeps 3"):
        dao.write(pa.table({"s": ["abcd"]}), table, mode="append")
    assert dao.read(table)["s"].to_pylist() == ["abc"]


def test_a_copy_from_files_passes_no_rows(store: DataStore, lake: DataStore, gateway: RedshiftGateway) -> None:
    dao, source, target = DataAccessObject(), TableObject("raw", lake, format="parquet"), TableObject("gold", store)
    dao.write(MORE, source)
    assert dao.explain("copy", source, target).way == "write"
    assert dao.copy(source, target).rows_inserted == MORE.num_rows
    assert dao.read(target).sort_by("id").equals(MORE)
    with pytest.raises(AlreadyExistsError):
        dao.copy(source, target)
    assert dao.copy(source, target, mode="append").rows_inserted == MORE.num_rows
    assert not [one for one in gateway.statements if "VALUES" in one.text and "_dao_commits" not in one.text]


def test_a_copy_to_files_is_an_unload(store: DataStore, lake: DataStore, gateway: RedshiftGateway) -> None:
    dao, source, target = DataAccessObject(), TableObject("orders", store), TableObject("out", lake, format="parquet")
    assert dao.explain("copy", source, target).way == "unload"
    dao.copy(source, target)
    assert sorted(dao.read(target)["id"].to_pylist()) == OLD
    with pytest.raises(AlreadyExistsError):
        dao.copy(source, target)
    dao.write(MORE, source, mode="append")
    dao.copy(source, target, mode="overwrite")
    assert sorted(dao.read(target)["id"].to_pylist()) == NEW
    assert len(sent(gateway, "UNLOAD")) == 2


def test_a_copy_that_is_interrupted_half_way_leaves_the_table_as_it_was(
    store: DataStore, gateway: RedshiftGateway, object_server: ObjectServer, bucket: str
) -> None:
    table = TableObject("orders", store)
    with gateway.failing("^COPY", Fault.LOST_IN_RESULT) as rule, pytest.raises(TransientError):
        DataAccessObject().write(MORE, table, mode="append")
    assert rule.fired
    assert ids(store) == OLD
    assert keys_in(object_server, bucket, "staging") == []


@pytest.mark.parametrize("mode", ["error", "overwrite"])
def test_files_that_are_there_stay_where_an_unload_is_refused_or_interrupted(
    store: DataStore, lake: DataStore, gateway: RedshiftGateway, object_server: ObjectServer, bucket: str, mode: str
) -> None:
    dao, source, target = DataAccessObject(), TableObject("orders", store), TableObject("out", lake, format="parquet")
    dao.write(MORE, target)
    before = keys_in(object_server, bucket, "lake")
    expected = AlreadyExistsError if mode == "error" else TransientError
    with gateway.failing("^UNLOAD", Fault.LOST_IN_RESULT) as rule, pytest.raises(expected):
        dao.copy(source, target, mode=mode)
    assert rule.fired == (mode == "overwrite")
    assert keys_in(object_server, bucket, "lake") == before
    assert dao.read(target).equals(MORE)
    assert keys_in(object_server, bucket, "staging") == []


def test_the_log_of_loads_can_be_queried(store: DataStore) -> None:
    dao = DataAccessObject()
    dao.write(MORE, TableObject("logged", store))
    asked = "SELECT status, loaded_rows FROM sys_load_history WHERE table_name = $1 ORDER BY start_time DESC"
    found = dao.run("sql", store, query=asked, parameters=["logged"]).to_pylist()
    assert found[0] == {"status": "completed", "loaded_rows": MORE.num_rows}


def test_files_that_copy_can_not_take_go_as_rows(store: DataStore, lake: DataStore, gateway: RedshiftGateway) -> None:
    dao, source = DataAccessObject(), TableObject("csv", lake, format="csv")
    dao.write(FIRST, source)
    plan = dao.explain("copy", source, TableObject("gold", store))
    assert plan.way == "rows"
    assert "no table of Parquet files" in str(plan)
    dao.copy(source, TableObject("gold", store))
    assert dao.count(TableObject("gold", store)) == FIRST.num_rows


def test_session_credentials_are_in_the_statement_alone(
    gateway: RedshiftGateway,
    storage: S3Connection,
    object_server: ObjectServer,
    bucket: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG, "dao")
    store = store_of(gateway, **staged_options(storage, bucket), session_credentials=True)
    dao, table = DataAccessObject(), TableObject("orders", store)
    gateway.forget_statements()
    dao.write(MORE, table)
    (copied,) = sent(gateway, "COPY")
    canary = object_server.secret_key
    assert f"SECRET_ACCESS_KEY '{canary}'" in copied
    shown = [repr(store.interface), str(store.interface.bulk), str(dao.explain("write", MORE, table, mode="append"))]
    with gateway.failing("^COPY", Fault.FAILED), pytest.raises(StoreError) as caught:
        dao.write(MORE, table, mode="append")
    shown += [str(caught.value), repr(caught.value), "".join(traceback.format_exception(caught.value)), caplog.text]
    out, err = capfd.readouterr()
    assert not [text for text in (*shown, out, err) if f"'{canary}'" in text]
    store.close()
