"""A catalog in a folder of its own, an interface whose answers are known, and the command as a user calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from inspect import signature
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dao._cli.app import dao

SHELF = '''
import threading
from datetime import UTC, datetime
import attrs
import pyarrow as pa
from dao.errors import PermissionDeniedError
from dao.results import FileInfo, Listing, WriteResult
from dao.secrets import Secret

WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ROWS = {"carrier": ["UA", "AA", "DL"], "delay": [15, None, -3], "share": [0.5, float("nan"), 2.25]}
WRITTEN = []

@attrs.define
class Shelf:
    """Reads three rows; fails as its options say."""
    password: Secret | None = None
    fail: str = ""

    def _maybe_fail(self):
        if self.fail == "bug":
            raise RuntimeError(f"login with {self.password.reveal()} went wrong")
        if self.fail == "refuse":
            raise PermissionDeniedError(f"{self.password.reveal()} is expired")
        if self.fail == "hang":
            threading.Event().wait()

    def read(self, data_object, *, columns=None):
        self._maybe_fail()
        table = pa.table(ROWS)
        if self.fail == "midway":
            return pa.RecordBatchReader.from_batches(table.schema, self._broken_off(table))
        return table.select(columns) if columns else table

    def _broken_off(self, table):
        yield from table.to_batches()
        raise OSError("the line went dead")

    def read_stream_bytes(self, data_object, *, into):
        import io
        return io.BytesIO(b"raw bytes")

    def list(self, data_object):
        self._maybe_fail()
        return Listing(FileInfo(f"{data_object.key or 'root'}/{i}.csv", 1234567 * i, WHEN) for i in range(3))

    def count(self, data_object, *, where=None):
        return 336776

    def schema(self, data_object):
        return pa.table(ROWS).schema

    def write(self, data, data_object, *, mode="error"):
        WRITTEN.append((data_object.full_name, mode))
        return WriteResult(rows_inserted=3, files=1)
'''

CATALOG = {
    "bronze": {
        "interface": "shelf:Shelf",
        "options": {"password": "${env:SHELF_PASSWORD:-hunter2}"},
        "objects": {
            "flights": {"type": "table", "format": "parquet", "description": "what flew"},
            "planes": {"type": "file", "suffix": ".csv"},
            "sales_{region}": {"type": "table"},
        },
    },
    "silver": {"interface": "shelf:Shelf", "objects": {"flights": {"type": "table"}}},
}

# click 8.1 keeps the two outputs apart only when it is told to; later ones always do, and can't be told.
RUNNER = CliRunner(mix_stderr=False) if "mix_stderr" in signature(CliRunner).parameters else CliRunner()
Run = Callable[..., Result]
OnTerminal = Callable[..., tuple[int, str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a module ``shelf`` and no catalog yet."""
    (tmp_path / "shelf.py").write_text(SHELF)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "shelf", raising=False)
    monkeypatch.delenv("DAO_CATALOG", raising=False)
    monkeypatch.delenv("SHELF_PASSWORD", raising=False)
    return tmp_path


@pytest.fixture
def catalog(folder: Path) -> dict:
    """The catalog, which is also ``catalog.json`` of the working directory."""
    (folder / "catalog.json").write_text(json.dumps(CATALOG))
    return json.loads(json.dumps(CATALOG))


@pytest.fixture
def run(folder: Path) -> Run:
    """Runs the command; fails the test if its status is not the expected one."""

    def call(*arguments: str, status: int = 0, stdin: str | bytes | None = None) -> Result:
        done = RUNNER.invoke(dao, arguments, prog_name="dao", input=stdin)
        assert done.exit_code == status, f"{done.exit_code}: {done.output} {done.exception!r}"
        return done

    return call


@pytest.fixture
def on_terminal(folder: Path) -> OnTerminal:
    """Runs the command on a terminal of its own; gives its exit status and all that it shows there."""
    fcntl, pty, struct, termios = map(pytest.importorskip, ("fcntl", "pty", "struct", "termios"))

    def call(*arguments: str, columns: int = 80, answer: str = "") -> tuple[int, str]:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        environment |= {"TERM": "xterm", "NO_COLOR": "1", "PYTHONPATH": str(folder)}
        command = [sys.executable, "-c", "from dao._cli import main; main()", *arguments]
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment) as process:
            os.close(theirs)
            os.write(ours, answer.encode())
            shown = b""
            with suppress(OSError):  # Linux raises when the other end is closed
                while chunk := os.read(ours, 1 << 16):
                    shown += chunk
            os.close(ours)
        return process.returncode, shown.decode().replace("\r\n", "\n")

    return call
