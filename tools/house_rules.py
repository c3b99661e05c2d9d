"""The house's own rules on what is in the repository: `python tools/house_rules.py`. Standard library and git only.

Errors: a path of somebody's machine, or the host name of a package index, in a tracked file; a lock file.
Warnings: a Python file so long that it probably has two subjects.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONG = 350

# Written so that this file doesn't find itself.
FORBIDDEN = {
    "a path of one machine": re.compile(
        r"(?<![\w.~}])/(?:home/(?!user\b)\w+|root|Users/\w+|work/(?:main|shared))/[\w.]"
    ),
    "the host name of a package index": re.compile(
        r"(?i)\b(?:files\.pythonhosted\.org|pypi\.org/simple|[\w-]*(?:artifactory|nexus|devpi|codeartifact)[\w-]*\.[\w.-]+/)"
        r"|(?:--(?:extra-)?index-url|--find-links|index-url\s*=|extra-index-url\s*=)[ =]+[\"']?https?:"
    ),
}


def tracked_files() -> list[Path]:
    """Every file of the repository, and those that would be added to it, that still exist."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in filter(None, listed.split("\0")) if (path := ROOT / name).is_file()]


def errors(path: Path) -> Iterator[str]:
    """What must not be in `path`, as `file:line: what`."""
    name = path.relative_to(ROOT)
    if path.name in ("uv.lock", "poetry.lock", "Pipfile.lock"):
        yield f"{name}: a lock file names the package index of the machine that made it; see constraints.txt"
    try:
        lines = path.read_text("utf-8").splitlines()
    except UnicodeDecodeError:
        return  # not a text
    for number, line in enumerate(lines, start=1):
        for what, pattern in FORBIDDEN.items():
            if found := pattern.search(line):
                yield f"{name}:{number}: {what}: {found[0]}"


def warnings(path: Path) -> Iterator[str]:
    """What deserves a look in `path`."""
    if path.suffix == ".py" and (length := len(path.read_text("utf-8").splitlines())) > LONG:
        yield f"{path.relative_to(ROOT)}: {length} lines, more than {LONG}: has it two subjects?"


def main() -> int:
    """Print what was found; the number of errors decides the exit status."""
    files = tracked_files()
    wrong = [error for path in files for error in errors(path)]
    for warning in (warning for path in files for warning in warnings(path)):
        print(f"warning: {warning}")
    for error in wrong:
        print(f"error: {error}")
    print(f"house rules: {len(files)} files, {len(wrong)} errors")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
