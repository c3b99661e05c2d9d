"""`dao doctor` and `dao plugins`: what is wrong is found, told with advice, and makes the status 1."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import Result

import dao.plugins
from dao.hookspecs import hookimpl
from dao.plugins import Plugins

Run = Callable[..., Result]


class GoodPlugin:
    @hookimpl
    def dao_interfaces(self):
        return {"good": "shelf:Shelf"}


class BrokenPlugin:
    @hookimpl
    def dao_interfaces(self):
        raise RuntimeError("no licence")


@pytest.fixture(autouse=True)
def plugins(monkeypatch: pytest.MonkeyPatch) -> Plugins:
    """The environment's plugins, so that these tests don't depend on what is installed."""
    made = Plugins(discover=False)
    made.register(GoodPlugin(), "good")
    monkeypatch.setattr(dao.plugins, "default_plugins", lambda: made)
    return made


def findings(run: Run, *arguments: str, status: int = 0) -> dict[tuple[str, str], list[dict]]:
    found = json.loads(run("doctor", "--json", *arguments, status=status).stdout)
    assert found["ok"] is (status == 0)
    by_subject: dict[tuple[str, str], list[dict]] = {}
    for finding in found["findings"]:
        assert set(finding) == {"area", "subject", "level", "message", "advice", "seconds"}
        by_subject.setdefault((finding["area"], finding["subject"]), []).append(finding)
    return by_subject


def test_all_is_well(run: Run, catalog: dict) -> None:
    found = findings(run)
    assert found["plugins", "good"][0]["level"] == "ok"
    assert found["catalog", "catalog.json"][0]["message"] == "2 stores, 3 objects"
    assert "answers in" in found["stores", "bronze"][0]["message"]
    assert found["stores", "bronze"][0]["message"].endswith("holds files")
    assert found["stores", "bronze"][0]["seconds"] < 5
    assert ("packages", "Python") in found


def test_it_reads_well(run: Run, catalog: dict) -> None:
    lines = run("doctor").stdout.splitlines()
    assert lines[0] == "Packages"
    assert "  ok       catalog.json: 2 stores, 3 objects" in lines
    assert lines[-1] == "nothing is wrong"
    assert max(map(len, lines)) <= 100


def test_nothing_is_written_unless_asked(run: Run, catalog: dict) -> None:
    findings(run)
    assert sys.modules["shelf"].WRITTEN == []


def test_write_tries_it_in_every_store(run: Run, catalog: dict) -> None:
    found = findings(run, "--write")
    written, _ = sorted(sys.modules["shelf"].WRITTEN)  # the stores are asked at the same time
    assert written[0].startswith("bronze..dao-doctor-")
    # This interface writes, but has no delete: the file that is left is named.
    left = found["stores", "bronze"][1]
    assert left["level"] == "warning"
    assert written[0].removeprefix("bronze.") in left["advice"]


ROWS_ALONE = """
from dao import DataObject, TableObject, WriteResult

CALLED = []

class Rows:
    def write(self, data: list, data_object: TableObject, *, mode="error"):
        CALLED.append(("write", data_object.key, data))
        return WriteResult(rows_inserted=1)
    def delete(self, data_object: TableObject):
        CALLED.append(("delete", data_object.key))
    def exists(self, data_object): return False
    def list(self, data_object): return []
"""


def test_write_tries_a_table_where_a_store_keeps_no_files(run: Run, folder: Path) -> None:
    (folder / "rows_alone.py").write_text(ROWS_ALONE)
    (folder / "catalog.json").write_text('{"lake": {"interface": "rows_alone:Rows"}}')
    found = findings(run, "--write")["stores", "lake"][-1]
    assert (found["level"], found["message"]) == ("ok", "is writable: a small table was written and deleted")
    (_, written, _), (_, deleted) = sys.modules["rows_alone"].CALLED
    assert written.startswith("dao_doctor_")
    assert deleted == written
    sys.modules.pop("rows_alone")


def test_a_reference_without_a_value(run: Run, folder: Path, catalog: dict) -> None:
    catalog["bronze"]["options"] = {"password": "${env:SHELF_PASSWORD}"}
    (folder / "catalog.json").write_text(json.dumps(catalog))
    found = findings(run, status=1)
    (problem,) = found["stores", "bronze"]
    assert problem["level"] == "error"
    assert "${env:SHELF_PASSWORD} has no value" in problem["message"]
    assert "bronze.options.password" in problem["message"]
    assert problem["advice"]
    assert found["stores", "silver"][0]["level"] == "ok"


def test_a_property_without_a_value(run: Run, folder: Path, catalog: dict) -> None:
    catalog["silver"]["properties"] = {"region": "${env:NOT_SET_ANYWHERE}"}
    catalog["bronze"]["objects"]["flights"]["prefix"] = "${env:NOT_SET_ANYWHERE}"
    (folder / "catalog.json").write_text(json.dumps(catalog))
    found = findings(run, status=1)
    assert "silver.properties.region" in found["stores", "silver"][0]["message"]
    assert "bronze.objects.flights.prefix" in found["stores", "bronze"][0]["message"]


def test_a_store_that_refuses_and_no_secret(run: Run, folder: Path, catalog: dict, monkeypatch) -> None:
    monkeypatch.setenv("SHELF_PASSWORD", "canary-5ecret")
    catalog["bronze"]["options"] = {"password": "${env:SHELF_PASSWORD}", "fail": "refuse"}
    (folder / "catalog.json").write_text(json.dumps(catalog))
    (problem, _) = findings(run, status=1)["stores", "bronze"]
    assert "******** is expired" in problem["message"]
    assert "credentials" in problem["advice"]
    assert "canary" not in run("doctor", status=1).output


def test_a_store_that_never_answers(run: Run, folder: Path, catalog: dict) -> None:
    catalog["bronze"]["options"] = {"fail": "hang"}
    (folder / "catalog.json").write_text(json.dumps(catalog))
    found = findings(run, "--timeout", "0.5", status=1)
    assert found["stores", "bronze"][0]["message"] == "no answer within 0.5 seconds"
    assert found["stores", "silver"][0]["level"] == "ok"


def test_a_store_that_cant_be_asked(run: Run, folder: Path) -> None:
    (folder / "mute.py").write_text("class Mute:\n    def read(self, data_object): ...\n")
    (folder / "catalog.json").write_text('{"a": {"interface": "mute:Mute", "objects": {"x": {}}}}')
    asked, written = findings(run)["stores", "a"]
    assert (asked["level"], asked["seconds"]) == ("note", None)
    assert "can't be asked" in asked["message"]
    assert "can only be read" in written["message"]


def test_a_store_that_wants_other_data_than_the_probe_can_be_written_to(run: Run, folder: Path) -> None:
    (folder / "picky.py").write_text(
        "from dao.errors import DataError\n\n\n"
        "class Picky:\n    def write(self, data, data_object): ...\n\n"
        "    def plan_call(self, action, data_object, arguments, options):\n"
        "        raise DataError('the table needs the column country')\n"
    )
    (folder / "catalog.json").write_text('{"a": {"interface": "picky:Picky", "objects": {"x": {"type": "table"}}}}')
    (_, written) = findings(run)["stores", "a"]
    assert written["message"].startswith("has a route for write")


def test_a_class_that_cant_be_imported(run: Run, folder: Path, catalog: dict) -> None:
    catalog["silver"]["interface"] = "no_such_module_here:Thing"
    (folder / "catalog.json").write_text(json.dumps(catalog))
    (problem,) = findings(run, status=1)["stores", "silver"]
    assert "no_such_module_here" in problem["message"]


def test_every_fault_of_a_catalog_is_a_finding(run: Run, folder: Path) -> None:
    (folder / "catalog.json").write_text('{"a": {"interfaze": "x"}, "b": {"interface": "shelf:Shlf"}}')
    assert len(findings(run, status=1)["catalog", "catalog.json"]) >= 2


def test_no_catalog_is_wrong_too(run: Run) -> None:
    assert "--catalog FILE" in findings(run, status=1)["catalog", "catalog"][0]["message"]


def test_a_broken_plugin(run: Run, catalog: dict, plugins: Plugins) -> None:
    plugins.register(BrokenPlugin(), "sad")
    found = findings(run, status=1)
    assert "no licence" in found["plugins", "sad"][0]["message"]
    assert "pip" in found["plugins", "sad"][0]["advice"]
    assert found["plugins", "good"][0]["level"] == "ok"
    listed = run("plugins", status=1).stdout
    assert "sad is broken: RuntimeError: no licence" in listed


def test_plugins(run: Run) -> None:
    (found,) = json.loads(run("plugins", "--json").stdout)
    assert found == {
        "name": "good",
        "distribution": None,
        "version": None,
        "interfaces": ["good"],
        "object_types": [],
        "secret_schemes": [],
        "table_formats": [],
        "error": None,
        "clashes": [],
    }


def test_names_that_two_plugins_bring_are_errors(run: Run, catalog: dict, plugins: Plugins) -> None:
    class Other:
        @hookimpl
        def dao_interfaces(self):
            return {"good": "shelf:Shelf"}

        @hookimpl
        def dao_object_types(self):
            return {"table": "shelf:Shelf"}

    plugins.register(Other(), "other")
    told = [
        "object type 'table' of plugin 'other' is not used: DAO itself has one of that name",
        "interface 'good' is registered by 2 plugins: ",
    ]
    shown = run("plugins", status=1).stdout
    found = " ".join(finding["message"] for finding in findings(run, status=1)["plugins", "names"])
    for text in told:
        assert text in shown
        assert text in found


def test_looking_at_a_catalog_runs_no_command_of_its_choice(run: Run, folder: Path) -> None:
    made = {"interface": "subprocess:Popen", "options": {"args": ["touch", "ran"]}}
    opened = {"interface": "zipfile:ZipFile", "options": {"file": "ran", "mode": "w"}}
    (folder / "catalog.json").write_text(json.dumps({"l": made, "m": {"also": [opened], "interface": "good"}}))
    (found,) = findings(run, status=1)["catalog", "catalog.json"][:1]
    assert "'subprocess:Popen' is no interface" in found["message"]
    run("stores", status=1)
    assert not (folder / "ran").exists()


def test_properties_that_no_method_takes_are_listed(run: Run, folder: Path) -> None:
    declared = {
        "interface": "shelf:Shelf",
        "properties": {"team": "x"},
        "objects": {"a": {"owner": "me", "columns": ["id"]}, "b": {"owner": "you", "format": "csv"}},
    }
    (folder / "catalog.json").write_text(json.dumps({"shelf": declared}))
    note, *_ = findings(run)["stores", "shelf"]
    assert note["level"] == "note"
    assert note["message"] == "properties that nothing here takes: 'team' of the store; 'owner' of 'a', 'b'"


def test_properties_that_every_call_refuses_are_errors(run: Run, folder: Path, plugins: Plugins) -> None:
    plugins.register(import_module("dao_files._plugin"), "files")
    tables = {
        "good": {"delimiter": ";"},
        "bad": {"delimiter": ";;"},
        "text": {"null_values": "NA"},
        "w": {"quoting": 1},
    }
    objects = {name: {"type": "table", "format": "csv", **own} for name, own in tables.items()}
    (folder / "catalog.json").write_text(json.dumps({"lake": {"interface": "memory", "objects": objects}}))
    found = [one["message"] for one in findings(run, status=1)["stores", "lake"] if one["level"] == "error"]
    assert [message.partition(", expected")[0] for message in found] == [
        "read 'lake.bad' by memory: option 'delimiter': found ';;'",
        "read 'lake.text' by memory: option 'null_values': found 'NA'",
        "read 'lake.w' by memory: option 'quoting': found 1",
    ]


def test_a_catalog_of_somebody_else(
    run: Run, plugins: Plugins, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugins.register(import_module("dao_files._plugin"), "files")
    monkeypatch.setenv("TOKEN", "x")
    theirs = tmp_path / "theirs.json"
    theirs.write_text('{"s": {"interface": "memory", "properties": {"owner": "${env:TOKEN}"}}}')
    findings(run, "-c", str(theirs))
    found = findings(run, "-c", str(theirs), "--untrusted", status=1)
    assert any("env:TOKEN" in one["message"] for some in found.values() for one in some if one["level"] == "error")
    assert "env:TOKEN" in run("--untrusted", "-c", str(theirs), "stores", status=1).stderr


def test_what_a_store_holds_is_called_by_its_kind(run: Run, folder: Path) -> None:
    (folder / "kinds.py").write_text(
        "from dao import FileInfo, Listing, TableInfo\n"
        "class Tables:\n    def list(self, data_object): return Listing([TableInfo('t')])\n"
        "class Files:\n    def list(self, data_object): return Listing([FileInfo('f', 1)])\n"
        "class Nothing:\n    def list(self, data_object): return Listing([])\n"
    )
    stores = {name: {"interface": f"kinds:{name.title()}"} for name in ("tables", "files", "nothing")}
    (folder / "catalog.json").write_text(json.dumps(stores))
    found = findings(run)
    told = {name: found["stores", name][0]["message"].rpartition("; ")[2] for name in stores}
    assert told == {"tables": "holds tables", "files": "holds files", "nothing": "is empty"}


def test_a_store_whose_place_is_missing_is_wrong(run: Run, folder: Path) -> None:
    (folder / "gone.py").write_text(
        "from dao import NotFoundError\n"
        "class Gone:\n    def list(self, data_object): raise NotFoundError('there is no such bucket')\n"
    )
    (folder / "catalog.json").write_text(json.dumps({"lake": {"interface": "gone:Gone"}}))
    error, *_ = findings(run, status=1)["stores", "lake"]
    assert error["message"].endswith("there is no such bucket")
    assert "has to be there" in error["advice"]


def test_imports_are_not_counted(run: Run, folder: Path) -> None:
    (folder / "slow_driver.py").write_text("import threading\nthreading.Event().wait(0.6)\n")
    (folder / "lazy.py").write_text(
        "from dao import Listing\nclass Lazy:\n    def list(self, data_object):\n"
        "        import slow_driver\n        return Listing([])\n"
    )
    (folder / "catalog.json").write_text(json.dumps({"lake": {"interface": "lazy:Lazy"}}))
    assert "answers in" in findings(run, "--timeout", "0.3")["stores", "lake"][0]["message"]
