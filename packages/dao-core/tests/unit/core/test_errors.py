"""Every error says which call it is about, however it came to be."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataObject, DataStore, errors
from dao._traces import notebook_lines
from dao.errors import (
    AlreadyExistsError,
    ConfigError,
    DaoError,
    DataError,
    Fault,
    NotFoundError,
    StoreError,
    TransientError,
)

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DaoError)]
FILES = {"interface": "memory", "objects": {"t": {"type": "table", "format": "parquet"}, "u": {"type": "table"}}}


def about(error: DaoError) -> tuple[str | None, ...]:
    return error.action, error.data_object, error.store, error.interface


@pytest.fixture
def dao() -> DataAccessObject:
    dao = DataAccessObject({"lake": FILES})
    dao.write([{"id": 1, "name": "a"}], "lake.t")
    return dao


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_carries_the_call_and_can_be_pickled(kind: type[DaoError]) -> None:
    error = kind("it went wrong")
    assert str(error) == "it went wrong"
    assert about(error) == (None, None, None, None)
    error.about("read", "lake.t", "lake", "local")
    error.about("write", "other.t", "other", "s3")
    assert str(error) == "read 'lake.t' by local: it went wrong"
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), str(copied), about(copied)) == (kind, str(error), about(error))


def test_a_config_error_keeps_its_faults() -> None:
    error = ConfigError([Fault("a.b", "one"), Fault("", "two")], "c.yaml").about("read", "lake.t")
    copied = pickle.loads(pickle.dumps(error))
    assert str(copied) == str(error) == "read 'lake.t': 2 faults in c.yaml:\n  one @ a.b\n  two"
    assert copied.faults == error.faults


def test_errors_of_every_kind_say_the_call(dao: DataAccessObject) -> None:
    calls: dict[str, tuple[Any, str | None]] = {
        "write 'lake.t' by memory: ": (lambda: dao.write([{"id": 1}], "lake.t", mode="append"), "memory"),
        "upsert 'lake.t' by memory: keys": (lambda: dao.upsert([{"id": 1}], "lake.t"), "memory"),
        "read 'lake.t' by memory: columns= asks": (lambda: dao.read("lake.t", columns=["nme"]), "memory"),
        "read 'lake.t' by memory: where= asks": (lambda: dao.read("lake.t", where="nme = 1"), "memory"),
        "write 'lake.t' by memory: an empty list": (lambda: dao.write([], "lake.t", mode="append"), "memory"),
        "delete 'lake.t' by memory: ": (lambda: dao.delete("lake.t", where="nme = 1"), "memory"),
        "read 'lake.t': takes no 'colums'": (lambda: dao.read("lake.t", colums=["a"]), None),
        "read 'lake.t': limit: found -1": (lambda: dao.read("lake.t", limit=-1), None),
        "copy 'lake.t': copy 'lake.t' onto itself": (lambda: dao.copy("lake.t", "lake.t"), None),
        "read 'lake.x': store 'lake' declares no object": (lambda: dao.read("lake.x"), None),
        "count 'lak.t': no store 'lak' is declared": (lambda: dao.count("lak.t"), None),
    }  # fmt: skip
    for beginning, (call, interface) in calls.items():
        with pytest.raises(DaoError) as caught:
            call()
        assert str(caught.value).startswith(beginning)
        action, name = beginning.split("'")[0].strip(), beginning.split("'")[1]
        assert about(caught.value) == (action, name, name.partition(".")[0], interface)


def test_what_an_interface_cant_be_built_of_says_the_call(tmp_path: Path) -> None:
    store = DataStore("lake", "local", options={"root": tmp_path, "lock_timeout": -1})
    with pytest.raises(ConfigError) as caught:
        DataAccessObject().read(DataObject("t", store))
    assert about(caught.value)[:3] == ("read", "lake.t", "lake")


def test_a_copy_names_the_side_that_failed(dao: DataAccessObject) -> None:
    other = DataAccessObject({"lake": FILES, "far": FILES})
    with pytest.raises(NotFoundError) as caught:
        other.copy("lake.t", "far.t")
    assert about(caught.value) == ("read_stream", "lake.t", "lake", "memory")
    other.write([{"id": 1}], "lake.t")
    other.write([{"id": 1}], "far.t")
    with pytest.raises(AlreadyExistsError) as refused:
        other.copy("lake.t", "far.t")
    assert about(refused.value) == ("write_stream", "far.t", "far", "memory")


def test_what_advises_schema_mode_is_right(dao: DataAccessObject) -> None:
    for rows in (
        [{"id": 2, "name": "b", "age": 3}],
        [{"id": 3}],
        [{"id": 2.5, "name": "c"}],
        [{"id": "x", "name": "a"}],
    ):
        with pytest.raises(DataError) as caught:
            dao.write(rows, "lake.t", mode="append")
        advised = "schema_mode='evolve'" in str(caught.value)
        worked = True
        try:
            dao.write(rows, "lake.t", mode="append", schema_mode="evolve")
        except DataError:
            worked = False
        assert advised == worked, rows
        dao.write([{"id": 1, "name": "a"}], "lake.t", mode="overwrite")


def test_a_default_format_can_be_read_back() -> None:
    dao = DataAccessObject({"lake": FILES})
    dao.write([{"id": 1}], "lake.u")
    assert [info.key.rpartition(".")[2] for info in dao.list("lake.u")] == ["arrow"]
    assert dao.read("lake.u", into="pylist") == [{"id": 1}]


def failing() -> None:
    class Broken:
        def read(self, data_object: DataObject) -> None:
            try:
                raise KeyError("inner")
            except KeyError as error:
                raise StoreError("the disk is gone") from error

    DataAccessObject().read(DataObject("t", DataStore("lake", Broken())))


def test_a_traceback_in_a_notebook_ends_at_the_users_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StoreError) as caught:
        failing()
    lines = caught.value._render_traceback_()
    assert lines == notebook_lines(caught.value)
    assert any("DataAccessObject().read(" in line for line in lines)
    assert not any("execute.py" in line for line in lines)
    assert lines[-2:] == [
        "dao.errors.StoreError: read 'lake.t' by Broken: the disk is gone",
        "caused by KeyError: 'inner'",
    ]
    assert caught.value.__traceback__ is not None
    monkeypatch.setenv("DAO_FULL_TRACEBACK", "1")
    assert any("execute.py" in line for line in caught.value._render_traceback_())


def test_name_patterns_are_among_what_is_known() -> None:
    dao = DataAccessObject({"s": {"interface": "memory", "objects": {"sales_{r}": {}, "users": {}}}})
    with pytest.raises(ConfigError, match=r"no object 'sale_x': .*'sales_\{r\}'"):
        dao.read("s.sale_x")
    with pytest.raises(ConfigError, match=r"'s' is a store, with the objects 'users', 'sales_\{r\}'"):
        dao.read("s")


def test_a_catalog_that_is_missing_is_named_by_its_whole_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("catalog.yaml", "nowhere/catalog.yaml"):
        with pytest.raises(ConfigError) as caught:
            DataAccessObject(path)
        assert str(tmp_path / path) in str(caught.value)


def test_a_source_that_breaks_while_the_target_reads_it_is_named() -> None:
    class Breaks:
        def read_stream(self, data_object: DataObject) -> pa.RecordBatchReader:
            def batches() -> Iterator[pa.RecordBatch]:
                yield pa.record_batch({"id": [1]})
                raise ConnectionError("link lost")

            return pa.RecordBatchReader.from_batches(pa.schema([("id", pa.int64())]), batches())

    dao = DataAccessObject({"lake": FILES})
    with pytest.raises(TransientError) as caught:
        dao.copy(DataObject("a", DataStore("far", Breaks())), "lake.u")
    assert about(caught.value) == ("read_stream", "far.a", "far", "Breaks")
    assert not dao.exists("lake.u")


def test_explain_says_where_and_what_is_replaced(tmp_path: Path) -> None:
    objects = {"t": {"type": "table", "format": "parquet", "keys": ["id"]}, "f": {"type": "file", "suffix": ".csv"}}
    dao = DataAccessObject({"l": {"interface": "local", "options": {"root": str(tmp_path)}, "objects": objects}})
    rows, table = [{"id": 1, "total": 2}], str(tmp_path / "t")
    told = {
        mode: dict(dao.explain("write", rows, "l.t", mode=mode, partition_by="id").steps[0].details)
        for mode in ("overwrite", "append", "overwrite_partitions")
    }
    assert told["overwrite"] == {
        "location": table,
        "format": "parquet",
        "partition_by": ["id"],
        "mode": "overwrite",
        "replaces": f"everything below {table}",
    }
    assert told["append"]["replaces"].startswith("nothing")
    assert told["overwrite_partitions"]["replaces"] == f"the partitions below {table} that the data has rows for"
    assert dao.explain("upsert", rows, "l.t").steps[0].details["keys"] == ["id"]
    assert dao.explain("delete", "l.t").steps[0].details["removes"] == f"everything below {table}"
    reading = dao.explain("read", "l.f", where="id > 1", limit=3).steps[0].details
    assert (reading["location"], reading["format"]) == (str(tmp_path / "f.csv"), "csv")
    copying = dao.explain("copy", "l.f", "l.t")
    assert [step.details["location"] for step in copying.steps] == [str(tmp_path / "f.csv"), table]
    assert list(tmp_path.iterdir()) == []


def test_an_error_about_a_whole_store_names_the_store(dao: DataAccessObject) -> None:
    with pytest.raises(DaoError) as raised:
        dao.run("defragment", "lake")
    assert str(raised.value).startswith("run 'lake'")


def test_messages_can_be_printed_whatever_they_quote() -> None:
    half = "a\ud800b"
    faults = [Fault(f"s.objects.{half}", f"no type {half}"), Fault("s", "more")]
    shown = [
        str(DataError(f"found {half}").about("read", half)),
        str(ConfigError(faults, f"{half}.yaml")),
        str(faults[0]),
        "".join(traceback.format_exception_only(ConfigError(f"found {half}"))),
    ]
    for text in shown:
        assert "a\\ud800b" in text
        text.encode("utf-8")
