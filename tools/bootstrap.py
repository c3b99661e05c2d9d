"""Makes the environment that runs noxfile.py on a machine which has nothing but Python. Standard library only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tomllib
import venv
from pathlib import Path
from typing import NoReturn

_SCRIPT_BLOCK = re.compile(r"(?m)^# /// script\n(?P<lines>(?:#(?: .*)?\n)+?)# ///$")


def rerun(script: Path, arguments: list[str]) -> NoReturn:
    """Run `script` again in an environment that has what its PEP 723 block asks for, made beside it when missing.

    Args:
        script: a file with a `# /// script` block, whose `dependencies` are pinned.
        arguments: passed on as they are.

    Raises:
        SystemExit: the environment can't be made; says what to install.
    """
    requirements = script_dependencies(script)
    folder = script.parent / ".nox-bootstrap"
    python = folder / "bin" / "python"
    stamp = folder / "made-from.txt"
    made_from = "\n".join(requirements)
    if not (python.exists() and stamp.exists() and stamp.read_text() == made_from):
        _make(folder, python, requirements)
        stamp.write_text(made_from)
    # Its bin folder is on PATH, so that the sessions find this uv too.
    environment = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}
    os.execve(python, [str(python), str(script), *arguments], environment)


def script_dependencies(script: Path) -> list[str]:
    """The `dependencies` of the PEP 723 block of `script`."""
    block = _SCRIPT_BLOCK.search(script.read_text("utf-8"))
    if block is None:
        raise SystemExit(f"{script.name} has no PEP 723 block")
    lines = (line.removeprefix("#").removeprefix(" ") for line in block["lines"].splitlines())
    dependencies: list[str] = tomllib.loads("\n".join(lines))["dependencies"]
    return dependencies


def _make(folder: Path, python: Path, requirements: list[str]) -> None:
    print(f"making {folder.name}/ with {', '.join(requirements)}", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    except subprocess.CalledProcessError:
        raise SystemExit(
            "This Python has no `ensurepip`. Install it (Debian and Ubuntu: the package python3-venv), "
            "or run the same with uv: `uv run noxfile.py`."
        ) from None
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements], check=True
    )
