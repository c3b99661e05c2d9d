"""Jobs: all that is read within one leads to all that is written within it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from dao import DataAccessObject, DataError, Plugins
from dao.lineage import job
from dao.testing import modules_after

if TYPE_CHECKING:
    from conftest import Kept

ROWS = pa.table({"id": [1, 2, 3]})
X, Y, B = "dao://a/x", "dao://a/y", "dao://b/x"


def test_a_job_is_one_run(kept: Kept) -> None:
    dao = kept.access()
    dao.write(ROWS, "a.x")
    kept.events.clear()
    with job("double"):
        rows = dao.read("a.x")
        dao.write(pa.concat_tables([rows, rows]), "b.x")
    assert kept.told == [
        ("START", "double", [], []),
        ("RUNNING", "double", [X], []),
        ("RUNNING", "double", [], [B]),
        ("COMPLETE", "double", [X], [B]),
    ]
    assert len({event["run"]["runId"] for event in kept.events}) == 1
    assert kept.events[-1]["outputs"][0]["outputFacets"]["outputStatistics"]["rowCount"] == 6


def test_counts_of_a_job_add_up(kept: Kept) -> None:
    dao = kept.access()
    with job("twice"):
        dao.write(ROWS, "a.x")
        dao.write(ROWS, "a.x", mode="append")
    output = kept.events[-1]["outputs"][0]
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 6
    assert output["outputFacets"]["outputStatistics"]["fileCount"] == 2


def test_what_a_job_has_written_itself_is_no_input(kept: Kept) -> None:
    dao = kept.access()
    with job("staged"):
        dao.write(ROWS, "a.x")
        dao.copy("a.x", "b.x")
        dao.read("b.x")
    assert kept.told[-1] == ("COMPLETE", "staged", [], [X, B])


def test_a_job_that_raises_has_failed_with_what_it_did(kept: Kept) -> None:
    dao = kept.access()

    @job("doomed")
    def work() -> None:
        dao.write(ROWS, "a.x")
        raise ValueError("after all")

    with pytest.raises(ValueError, match="after all"):
        work()
    assert kept.told[-1] == ("FAIL", "doomed", [], [X])
    assert kept.events[-1]["run"]["facets"]["errorMessage"]["message"] == "builtins.ValueError"


def test_a_failure_that_a_job_handles_does_not_end_it(kept: Kept) -> None:
    dao = kept.access()
    with job("careful"):
        with pytest.raises(FileNotFoundError):
            dao.read("a.x")
        dao.write(ROWS, "a.x")
    assert [kind for kind, *_ in kept.told] == ["START", "RUNNING", "COMPLETE"]


def test_jobs_nest_and_threads_are_outside(kept: Kept) -> None:
    dao = kept.access()
    with job("outer"):
        with job("inner"):
            dao.write(ROWS, "a.x")
        thread = threading.Thread(target=dao.write, args=(ROWS, "b.x"))
        thread.start()
        thread.join()
        dao.write(ROWS, "a.y")
    ends = [told for told in kept.told if told[0] == "COMPLETE"]
    assert ends == [("COMPLETE", "inner", [], [X]), ("COMPLETE", "write b.x", [], [B]), ("COMPLETE", "outer", [], [Y])]


def test_a_job_in_which_nothing_moves_says_nothing(kept: Kept) -> None:
    dao = kept.access()
    with job("idle"):
        dao.exists("a.x")
    assert not kept.events


@pytest.mark.parametrize("name", ["", " ", None])
def test_a_job_has_a_name(name: Any) -> None:
    with pytest.raises(DataError, match="a job's name"), job(name):
        pass


def test_without_the_plugin_a_job_does_nothing() -> None:
    code = """
from dao.lineage import job
with job("nothing"):
    pass
"""
    assert not {name for name in modules_after(code) if name.partition(".")[0] == "openlineage"}


SCRIPT = """
from dao import DataAccessObject
dao = DataAccessObject({"a": {"interface": "local", "options": {"root": "."},
                              "objects": {"x": {"type": "table"}, "y": {"type": "table"}}}})
dao.write([{"id": 1}], "a.x", mode="overwrite")
dao.write([{"id": 1}], "a.y", mode="overwrite")
"""


@pytest.mark.parametrize(("ending", "state"), [("", "COMPLETE"), ("raise ValueError('no')", "FAIL")])
def test_a_process_is_a_job_that_the_environment_names(tmp_path: Path, ending: str, state: str) -> None:
    log = tmp_path / "events.jsonl"
    environment = {
        "DAO_ENABLE": "lineage",
        "DAO_LINEAGE_JOB": "nightly",
        "OPENLINEAGE_NAMESPACE": "shop",
        "OPENLINEAGE__TRANSPORT__TYPE": "file",
        "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": str(log),
        "OPENLINEAGE__TRANSPORT__APPEND": "true",
    }
    command = [sys.executable, "-P", "-c", SCRIPT + ending]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, **environment}, capture_output=True, text=True)
    assert done.returncode == bool(ending), done.stderr
    events = [json.loads(line) for line in log.read_text().splitlines()]
    assert [event["eventType"] for event in events] == ["START", "RUNNING", "RUNNING", state]
    assert {(event["job"]["namespace"], event["job"]["name"]) for event in events} == {("shop", "nightly")}
    assert [Path(dataset["name"]).name for dataset in events[-1]["outputs"]] == ["x", "y"]


def test_enabling_the_plugin_makes_no_client(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a client was made before there was an event")

    monkeypatch.setattr("openlineage.client.OpenLineageClient.__init__", never)
    assert Plugins(enable="lineage").has_action_hooks


def test_the_plugin_is_enabled_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENLINEAGE_DISABLED", "true")
    plugins = Plugins(enable=["lineage", "otel"])
    assert {"lineage", "otel"} <= set(plugins.names)
    dao = DataAccessObject({"a": {"interface": "memory", "objects": {"x": {"type": "table"}}}}, plugins=plugins)
    assert dao.write(ROWS, "a.x").rows_inserted == 3
