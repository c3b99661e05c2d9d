"""What every command prints, letter by letter: on a terminal of 80 columns, in a pipe, with --json, on failure.

The texts are in golden/, one file a command. After a change that is meant, `DAO_GOLDEN=write` in the environment has
them written again, to be looked at in the commit.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from inspect import signature
from pathlib import Path
from shutil import rmtree

import pytest
from click import unstyle
from click.testing import CliRunner, Result

import dao.plugins
from dao._cli.app import _COMMANDS
from dao._cli.app import dao as command
from dao.plugins import Plugins

Run = Callable[..., Result]

# click 8.1 keeps the two outputs apart only when it is told to; later ones always do, and can't be told.
RUNNER = CliRunner(mix_stderr=False) if "mix_stderr" in signature(CliRunner).parameters else CliRunner()

GOLDEN = Path(__file__).parent / "golden"
CATALOG = {
    "lake": {
        "interface": "fixed:Fixed",
        "objects": {
            "flights": {
                "type": "table",
                "keys": ["carrier"],
                "description": "what flew from New York in 2013, a row a flight",
            },
            "planes": {"type": "table"},
            "sales_{region}": {"type": "table"},
        },
    },
    "archive": {"interface": "fixed:Fixed", "objects": {"planes": {"type": "table"}}},
}
CSV = "carrier,origin,delay,share,scheduled,remark\nUA,EWR,15,0.5,2026-01-02 03:04:05Z,one\n"

# For each command what works, and what fails.
CALLS: dict[str, tuple[str, str]] = {
    "stores": ("stores", "stores -c broken.json"),
    "objects": ("objects", "objects -c broken.json"),
    "ls": ("ls lake.flights", "ls lakes"),
    "head": ("head lake.flights -n 3", "head lake.planes"),
    "profile": ("profile lake.flights", "profile lake.flights --columns wings"),
    "schema": ("schema lake.flights", "schema lake.planes"),
    "count": ("count lake.flights --where \"origin = 'EWR'\"", "count lake.flights --where \"wings = 2\""),
    "history": ("history lake.flights -n 2", "history lake.planes"),
    "read": ("read lake.flights --columns carrier,delay", "read lake.flight"),
    "write": ("write lake.planes planes.csv --dry-run", "write lake.planes planes.csv --arg mood=append"),
    "upsert": ("upsert lake.flights planes.csv", "upsert lake.planes planes.csv"),
    "delete": ("delete lake.flights --where \"delay > 10\"", "delete lake.flights"),
    "copy": ("copy lake.flights archive.planes", "copy lake.flights lake.flights"),
    "move": ("move lake.flights archive.planes --dry-run", "move lake.planes archive.planes --dry-run"),
    "run": ("run lake.flights vacuum", "run lake.flights vacum"),
    "explain": ("explain upsert lake.flights", "explain upsert lake.flights --arg keyz=carrier"),
    "plugins": ("plugins", "plugins"),
    "doctor": ("doctor", "doctor -c broken.json"),
    "new-backend": ("new-backend duck --path made", "new-backend Duck"),
}  # fmt: skip


def set_up(folder: Path) -> None:
    for module in ("fixed", "terminal"):
        (folder / f"{module}.py").write_text((GOLDEN / f"{module}.py").read_text("utf-8"))
    (folder / "catalog.json").write_text(json.dumps(CATALOG))
    (folder / "broken.json").write_text('{"lake": {"interfaze": "fixed:Fixed"}, "ice": {"interface": "fixed:Fixd"}}')
    (folder / "planes.csv").write_text(CSV)


@pytest.fixture
def place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    set_up(folder)
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.delitem(sys.modules, "fixed", raising=False)
    return folder


@pytest.fixture
def plugins(place: Path, monkeypatch: pytest.MonkeyPatch) -> Plugins:
    import fixed

    made: Plugins = fixed.plugins()
    monkeypatch.setattr(dao.plugins, "default_plugins", lambda: made)
    return made


@pytest.fixture(scope="module")
def on_a_terminal(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What each command shows on a terminal of 80 columns, all of them by one process: starting it takes longest."""
    fcntl, pty, struct, termios = map(pytest.importorskip, ("fcntl", "pty", "struct", "termios"))
    place = tmp_path_factory.mktemp("terminal")
    set_up(place)
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES", "DAO_CATALOG")}
    environment |= {"TERM": "xterm", "NO_COLOR": "1", "PYTHONPATH": str(place)}
    calls = json.dumps([shlex.split(works) for works, _ in CALLS.values()])
    program = [sys.executable, "terminal.py", calls]
    # Errors and progress bars go elsewhere: a bar is drawn over and over, as time passes.
    with (
        (place / "errors").open("wb") as errors,
        subprocess.Popen(program, cwd=place, env=environment, stdin=theirs, stdout=theirs, stderr=errors) as process,
    ):
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # Linux raises when the other end is closed
            while chunk := os.read(ours, 1 << 16):
                shown += chunk
        os.close(ours)
    assert process.returncode == 0, (place / "errors").read_text("utf-8")
    texts = shown.decode().replace("\r\n", "\n").split("\0\n")
    return dict(zip(CALLS, texts, strict=False))


def always_the_same(text: str) -> str:
    """The text without what differs between machines and runs: times taken, and the packages that are installed."""
    text = re.sub(r"answers in [\d,]+ ms", "answers in N ms", text)
    text = re.sub(r'"seconds": [\d.e-]+', '"seconds": N', text)
    text = re.sub(r"(?s)^Packages\n.*?\n\n", "", text)
    return re.sub(r'(?s)    \{\n      "area": "packages",.*?\},\n', "", text)


def section(call: str, how: str, shown: str, status: int = 0) -> str:
    ending = f"(status {status})\n" if status else ""
    return f"$ dao {call}{how}\n{always_the_same(shown)}{ending}"


@pytest.mark.parametrize("name", CALLS)
def test_what_a_command_prints(
    run: Run, plugins: Plugins, on_a_terminal: dict[str, str], place: Path, name: str
) -> None:
    import fixed

    works, fails = CALLS[name]
    wide = unstyle(on_a_terminal[name])
    assert max(map(len, wide.splitlines())) <= 80
    told = [section(works, "  # on a terminal", wide)]
    for call, how in ((works, " | cat"), (f"{works} --json", "")):
        if name == "new-backend":
            rmtree(place / "made", ignore_errors=True)
        told.append(section(call, how, run(*shlex.split(call)).stdout))
    if name == "plugins":
        plugins.register(fixed.Second(), "second")
    for call in (fails, f"{fails} --json"):
        done = RUNNER.invoke(command, shlex.split(call), prog_name="dao")
        assert done.exit_code
        told.append(section(call, "", done.stdout + done.stderr, done.exit_code))
    text = "\n".join(told)
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("DAO_GOLDEN") == "write":
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("call", ["doctor", "explain upsert lake.flights"])
def test_in_a_pipe_lines_are_as_long_as_columns_says(run: Run, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    assert max(map(len, run(*shlex.split(call)).stdout.split("\nPlugins")[-1].splitlines())) <= 60


def test_every_command_is_held() -> None:
    assert list(CALLS) == list(_COMMANDS)
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(CALLS)
