"""The libraries that do the pipelines of ``delta_pipelines``: their processes, their tables, their lines of code."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import tokenize
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
from attrs import frozen

HERE = Path(__file__).parent
PEERS = os.environ.get("DAO_BENCH_PEERS", "")
"""The Python of an environment with the libraries that want another pyarrow than DAO: the bench session makes it."""

STEPS = ("write", "append", "upsert", "read", "read_version", "delete", "append_once")
QUIET = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "CRITICAL", "DO_NOT_TRACK": "1"}


@frozen
class Library:
    """One library of the comparison.

    Attributes:
        name: what it is called.
        module: its pipeline, of ``delta_pipelines``.
        ours: whether it runs in this environment, else in that of the peers.
        on_s3: whether its tables are on S3.
        in_pandas: whether it takes and gives frames of pandas, where NaN and null are one.
        table: where its table is below its root.
    """

    name: str
    module: str
    ours: bool = False
    on_s3: bool = False
    in_pandas: bool = False
    table: str = "orders"

    def all_steps(self) -> dict[str, int]:
        """Lines of code of ``setup``, imports and constants with it, and of each step that it has."""
        return _counted(HERE / "delta_pipelines" / f"{self.module}.py")


def _counted(path: Path) -> dict[str, int]:
    tree = ast.parse(path.read_text())
    with path.open("rb") as file:
        tokens = [token for token in tokenize.tokenize(file.readline) if token.type not in _NO_CODE]
    code = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    found = {"setup": 0}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("delta_pipelines."):
            steps = _counted(HERE / f"{str(node.module).replace('.', '/')}.py")
            found |= {name: lines for name, lines in steps.items() if name != "setup"}
        elif isinstance(node, ast.FunctionDef):
            body = [line for line in _lines(node) if line in code and line >= node.body[0].lineno]
            if node.name in found or node.name in STEPS:
                found[node.name] = found.get(node.name, 0) + len(body)
        elif not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)) and not _is_all(node):
            found["setup"] += len(code & set(_lines(node)))
    return found


def _is_all(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__"


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or 0) + 1)


_NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER} | {
    tokenize.ENCODING
}


DAO, DAO_S3 = Library("DAO", "with_dao", ours=True), Library("DAO on S3", "with_dao_s3", ours=True, on_s3=True)
LIBRARIES = (
    DAO,
    Library("deltalake", "with_deltalake", ours=True),
    Library("Polars", "with_polars", ours=True),
    Library("Daft", "with_daft"),
    Library("dlt", "with_dlt", table="lake/orders"),
    Library("Kedro", "with_kedro", in_pandas=True),
    DAO_S3,
    Library("awswrangler", "with_awswrangler", on_s3=True, in_pandas=True),
)


class StepError(Exception):
    """What a library raised."""


class Process:
    """A library's process: it does one step after the other."""

    def __init__(self, library: Library, folder: Path, more: Mapping[str, str]) -> None:
        self.library, self._folder = library, folder
        command = [sys.executable if library.ours else PEERS, "-m", "delta_pipelines", library.module]
        environment = {**os.environ, **QUIET, **more, "PYTHONPATH": str(HERE), "HOME": str(folder)}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=environment,
            cwd=folder,
        )
        self._numbers = count()

    def setup(self, root: str) -> None:
        """Begin with the tables below this root."""
        self._ask("setup", root=root)

    def do(self, step: str, rows: Path | None = None, *more: Any) -> float:
        """Do a step; gives its seconds."""
        return float(self._ask(step, rows=rows, more=more)["seconds"])

    def read(self, step: str, *more: Any) -> pa.Table:
        """Do a step that reads; gives what came."""
        out = self._folder / f"{os.getpid()}-{id(self)}-{next(self._numbers)}.arrow"
        self._ask(step, more=more, out=str(out))
        try:
            return plain(load(out))
        finally:
            out.unlink()

    def start(self, step: str, rows: Path, *more: Any) -> None:
        """Let it begin with a step, to be killed in it."""
        assert self._process.stdin is not None
        asked = {"step": step, "root": "", "rows": str(rows), "more": more, "out": None}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def _ask(self, step: str, root: str = "", rows: Path | None = None, more: Any = (), out: Any = None) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        asked = {"step": step, "root": root, "rows": rows and str(rows), "more": list(more), "out": out}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        told = json.loads(answer) if answer else {"error": f"the process ended with {self._process.wait()}"}
        if "error" in told:
            raise StepError(told["error"])
        return told

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()


@contextmanager
def process(library: Library, folder: Path, more: Mapping[str, str]) -> Iterator[Process]:
    """A library's process while the block runs."""
    running = Process(library, folder, more)
    try:
        yield running
    finally:
        running.close()


def save(rows: pa.Table, path: Path) -> Path:
    """Write rows as an Arrow file, for the processes."""
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, rows.schema) as writer:
        writer.write_table(rows)
    return path


def load(path: Path) -> pa.Table:
    """What a process wrote."""
    with pa.OSFile(str(path)) as file:
        return pa.ipc.open_file(file).read_all()


def plain(rows: pa.Table) -> pa.Table:
    """The rows with plain texts: there are no sorts and joins of views."""
    views = {pa.string_view(), pa.large_string()}
    fields = [field.with_type(pa.string()) if field.type in views else field for field in rows.schema]
    return rows.cast(pa.schema(fields))


def versions() -> str:
    """The libraries' versions, of both environments."""
    names = "dao-core deltalake polars daft dlt kedro kedro-datasets awswrangler pandas pyarrow"
    code = f"""
from importlib.metadata import PackageNotFoundError, version
for name in {names!r}.split():
    try: print(name, version(name), end=", ")
    except PackageNotFoundError: pass
"""
    ours = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    peers = subprocess.run([PEERS, "-c", code], capture_output=True, text=True, check=True).stdout if PEERS else ""
    return f"here: {ours.strip(', ')}; peers: {peers.strip(', ') or 'none'}"
