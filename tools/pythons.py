"""Which Python interpreters this machine really has: each candidate is run once, for a name on PATH proves nothing.

pyenv's shims, for one, exist for every version that was ever installed and fail when called. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

_PROBE = "import os, sys, venv; print('%d.%d' % sys.version_info[:2], os.path.realpath(sys.executable))"


def find_pythons(versions: Sequence[str]) -> dict[str, Path]:
    """Find one working CPython for each of `versions` that this machine has.

    Args:
        versions: such as `["3.11", "3.12"]`.

    Returns:
        Version to the path of its interpreter, in the order asked for; a version that is absent has no entry.
    """
    found: dict[str, Path] = {}
    for version in versions:
        for candidate in _candidates(version):
            answer = _probe(candidate)
            if answer is not None and answer[0] == version:
                found[version] = answer[1]
                break
    return found


def _candidates(version: str) -> Iterator[str]:
    """Every place where `version` may be, the likeliest first."""
    yield sys.executable
    for folder in os.get_exec_path():
        if os.access(path := os.path.join(folder, f"python{version}"), os.X_OK):
            yield path
    for root in _pyenv_roots():
        yield from (str(path) for path in sorted(root.glob(f"versions/{version}.*/bin/python"), reverse=True))
    if found_by_uv := _output(["uv", "python", "find", "--no-project", version]):
        yield found_by_uv


def _pyenv_roots() -> Iterator[Path]:
    if root := os.environ.get("PYENV_ROOT") or _output(["pyenv", "root"]):
        yield Path(root)
    yield Path.home() / ".pyenv"


def _probe(executable: str) -> tuple[str, Path] | None:
    answer = _output([executable, "-c", _PROBE])
    if answer is None or " " not in answer:
        return None
    version, path = answer.split(" ", 1)
    return version, Path(path)


def _output(command: list[str]) -> str | None:
    """What `command` prints, or None when there is no such program or it fails."""
    if shutil.which(command[0]) is None:
        return None
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
