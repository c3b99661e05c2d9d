"""The command as a process: exit status, pipes, what it imports, and life without its extra."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = [sys.executable, "-c", "from dao._cli import main; main()"]

MANY = """
import pyarrow as pa

class Many:
    def read_stream(self, data_object):
        batch = pa.record_batch({"number": list(range(10000))})
        return pa.RecordBatchReader.from_batches(batch.schema, (batch for _ in range(1000)))
    def list(self, data_object):
        from dao.results import FileInfo, Listing
        return Listing(FileInfo(f"{i}.csv") for i in range(10**6))
"""


@pytest.fixture
def place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (folder / "many.py").write_text(MANY)
    (folder / "catalog.json").write_text(json.dumps({"big": {"interface": "many:Many", "objects": {"numbers": {}}}}))
    return folder


def call(*arguments: str, code: str = "from dao._cli import main; main()") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)


def test_version_and_help() -> None:
    assert call("--version").stdout.startswith("dao ")
    for command in ["stores", "head", "doctor"]:
        done = call(command, "--help")
        assert done.returncode == 0
        assert "Example:" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [["read", "big.numbers"], ["read", "big.numbers", "--into", "ndjson"], ["ls", "big"], ["ls", "big", "--json"]],
    ids=" ".join,
)
def test_a_reader_that_goes_away_is_quiet(place: Path, arguments: list[str]) -> None:
    process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=60) == 141


def test_an_interrupt_is_one_word(place: Path) -> None:
    process = subprocess.Popen([*COMMAND, "read", "big.numbers"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert told == b"interrupted\n"
    assert process.returncode == 130


def test_errors_end_with_1(place: Path) -> None:
    done = call("head", "big.nothing")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")


IMPORTED = """
import json, sys
from dao._cli import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""
HEAVY = {"pyarrow", "pandas", "rich", "cattrs", "sqlglot", "yaml", "importlib.metadata"}


def test_help_imports_nothing_heavy() -> None:
    loaded = set(json.loads(call("--help", code=IMPORTED).stderr))
    assert "click" in loaded
    assert not loaded & (HEAVY | {"dao.catalog._catalog", "dao._core.dao"})


def test_stores_and_objects_import_nothing_heavy(folder: Path) -> None:
    (folder / "catalog.json").write_text('{"tmp": {"interface": "memory", "objects": {"pets": {"type": "table"}}}}')
    for command in ["stores", "objects"]:
        done = call(command, code=IMPORTED)
        assert not set(json.loads(done.stderr.splitlines()[-1])) & (HEAVY - {"importlib.metadata"})


@pytest.mark.parametrize("missing", ["click", "rich"])
def test_without_its_extra_it_says_what_to_install(missing: str) -> None:
    code = f"""
import importlib.util as util
found = util.find_spec
util.find_spec = lambda name, *rest: None if name == {missing!r} else found(name, *rest)
from dao._cli import main
main()
"""
    done = call(code=code)
    assert done.returncode == 1
    assert done.stderr == f"dao: the command needs {missing}: pip install 'dao-core[cli]'\n"


def test_the_tab_key_completes_commands_and_names(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_DAO_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", "dao he")
    monkeypatch.setenv("COMP_CWORD", "1")
    assert call().stdout == "plain,head\n"
    monkeypatch.setenv("COMP_WORDS", "dao head big.")
    monkeypatch.setenv("COMP_CWORD", "2")
    assert call().stdout == "plain,big.numbers\n"
