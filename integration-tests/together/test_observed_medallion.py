"""The medallion example with traces and lineage on: every action is there, and bronze leads to gold."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from openlineage_schema import faults

from dao import DataAccessObject

SCRIPTS = ["01_ingest_bronze", "02_transform_silver", "03_load_gold"]
BRONZE = ["bronze.airlines", "bronze.airports", "bronze.flights", "bronze.planes", "bronze.weather"]
GOLD = ["gold.carriers", "gold.months", "gold.routes"]

# One process for all of them: they look at the same run.
pytestmark = [pytest.mark.timeout(600), pytest.mark.xdist_group("observed-medallion")]


class Observed:
    """One run of the three scripts into files, Delta and Iceberg, with its spans and its events."""

    def __init__(self, repository: Path, folder: Path) -> None:
        self.example = repository / "examples" / "medallion"
        self.catalog = self.example / "catalogs" / "lake.yaml"
        self.log, spans = folder / "events.jsonl", folder / "spans.jsonl"
        self.environment = {"MEDALLION_DATA": str(folder / "data")}
        for script in SCRIPTS:
            self._run(script, spans)
        self.events: list[dict[str, Any]] = [json.loads(line) for line in self.log.read_text().splitlines()]
        self.spans: list[dict[str, Any]] = [json.loads(line) for line in spans.read_text().splitlines()]

    def _run(self, script: str, spans: Path) -> None:
        environment = {
            **self.environment,
            "DAO_ENABLE": "otel,lineage",
            "DAO_LINEAGE_JOB": script,
            "OPENLINEAGE__TRANSPORT__TYPE": "file",
            "OPENLINEAGE__TRANSPORT__LOG_FILE_PATH": str(self.log),
            "OPENLINEAGE__TRANSPORT__APPEND": "true",
        }
        traced = Path(__file__).with_name("traced.py")
        command = [sys.executable, traced, spans, self.example / f"{script}.py", self.catalog]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def observed(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Observed:
    """The run."""
    return Observed(repository, tmp_path_factory.mktemp("observed"))


@pytest.fixture(scope="module")
def drawing(repository: Path) -> Any:
    """The example's script that draws."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("draw_lineage", repository / "examples" / "medallion" / "draw_lineage.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_trace_has_every_action_in_its_script(observed: Observed) -> None:
    scripts = {span["context"]["span_id"]: span["name"] for span in observed.spans if span["parent_id"] is None}
    assert sorted(scripts.values()) == SCRIPTS
    actions = [(scripts[span["parent_id"]][:2], span["name"]) for span in observed.spans if span["parent_id"]]
    assert actions == [
        *(("01", f"write {name}") for name in ("bronze.flights", "bronze.weather", "bronze.planes", "bronze.airlines")),
        ("01", "write bronze.airports"),
        *(("02", name) for name in ("read bronze.flights", "write scratch.flights", "read scratch.flights")),
        *(("02", f"read bronze.{name}") for name in ("airlines", "airports", "planes", "weather")),
        ("02", "write silver.flights"),
        ("03", "read silver.flights"),
        *(("03", f"write {name}") for name in ("gold.carriers", "gold.routes", "gold.months")),
    ]


def test_the_trace_says_how_much_each_action_moved(observed: Observed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDALLION_DATA", observed.environment["MEDALLION_DATA"])
    spans = {span["name"]: span["attributes"] for span in observed.spans if span["parent_id"]}
    assert all(attributes["dao.bytes"] > 0 for attributes in spans.values())
    with DataAccessObject(observed.catalog) as dao:
        for name in ["silver.flights", *GOLD]:
            assert spans[f"write {name}"]["dao.rows"] == dao.count(name)
            assert spans[f"write {name}"]["dao.version.after"] == str(dao.history(name)[0].version)
            assert spans[f"write {name}"]["dao.files"] > 0
        for name in BRONZE:
            assert spans[f"write {name}"]["dao.bytes"] == len(dao.read(name, into="bytes"))
    assert spans["read silver.flights"]["dao.rows"] == spans["write silver.flights"]["dao.rows"] == 336_776
    assert spans["read bronze.weather"]["dao.rows"] > 0
    systems = {name.partition(".")[0].split()[1]: found["db.system.name"] for name, found in spans.items()}
    assert systems == {"bronze": "local", "scratch": "memory", "silver": "delta", "gold": "iceberg"}


def test_every_event_is_valid(observed: Observed) -> None:
    assert [faults(event) for event in observed.events if faults(event)] == []
    assert {event["eventType"] for event in observed.events} == {"START", "RUNNING", "COMPLETE"}
    assert len({event["run"]["runId"] for event in observed.events}) == 3


def test_the_graph_leads_from_bronze_to_gold(observed: Observed, drawing: Any) -> None:
    ends = drawing.load(observed.log)
    assert [event["job"]["name"] for event in ends] == SCRIPTS
    first, second, third = (f"[{script}]" for script in SCRIPTS)
    assert drawing.edges_of(ends) == sorted(
        [
            *((first, name) for name in BRONZE),
            *((name, second) for name in BRONZE),
            *((second, name) for name in ("scratch.flights", "silver.flights")),
            ("silver.flights", third),
            *((third, name) for name in GOLD),
        ]
    )


def test_what_one_job_writes_has_the_name_under_which_the_next_reads_it(observed: Observed) -> None:
    ends = [event for event in observed.events if event["eventType"] == "COMPLETE"]
    for before, after in pairwise(ends):
        written = {(dataset["namespace"], dataset["name"]) for dataset in before["outputs"]}
        assert {(dataset["namespace"], dataset["name"]) for dataset in after["inputs"]} <= written
    (silver,) = [found for found in ends[1]["outputs"] if found["namespace"] == "file"]
    assert silver["outputFacets"]["outputStatistics"]["rowCount"] == 336_776
    assert silver["facets"]["version"]["datasetVersion"] == "0"
    assert {"name", "type"} <= set(silver["facets"]["schema"]["fields"][0])


def test_equal_events_give_an_equal_picture(observed: Observed, drawing: Any, tmp_path: Path, repository: Path) -> None:
    from matplotlib.image import imread

    pictures = [tmp_path / "one.png", tmp_path / "two.png"]
    for picture in pictures:
        drawing.draw(drawing.load(observed.log), picture)
    assert pictures[0].read_bytes() == pictures[1].read_bytes()
    shown = imread(repository / "docs" / "pictures" / "medallion-lineage.png")
    assert imread(pictures[0]).shape == shown.shape, "draw the picture of docs/observing.md again"
