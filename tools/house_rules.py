"""The house's own rules on what is in the repository: `python tools/house_rules.py`. Standard library and git only.

Errors: a path of one machine, or the host name of a package index, in a tracked file; a lock file; archaic words in
docstrings and comments of the packages.
Warnings: a Python file so long that it probably has two subjects.
"""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
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

ARCHAIC = re.compile(
    r"(?i)\b(?:who(?:so)?ever|shall|hears?|heard|nobody|somebody|anybody|spelt|anew|lest"
    r"|(?:is|are|was|were|be) told|let(?:s|ting)? go of)\b"
)
"""Words that plain technical English has better ones for: any reader, must, receives, no other writer, is notified,
spelled, again, releases."""


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


def prose(source: str) -> Iterator[tuple[int, str]]:
    """The docstrings and comments of a Python module, each with its first line's number."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string
    for node in ast.walk(ast.parse(source)):
        for child in ast.iter_child_nodes(node):
            match child:
                case ast.Expr(value=ast.Constant(value=str(text))):
                    yield child.lineno, text


def archaic_words(source: str) -> Iterator[tuple[int, str]]:
    """Archaic words in the docstrings and comments of a module, each with its line's number."""
    for first, text in prose(source):
        for number, line in enumerate(text.splitlines(), start=first):
            for found in ARCHAIC.finditer(line):
                yield number, found[0]


def english_errors(path: Path) -> Iterator[str]:
    """Archaic words in a module of the packages, as `file:line: what`."""
    name = path.relative_to(ROOT)
    if path.suffix == ".py" and name.parts[0] == "packages" and name.parts[2] == "src":
        for number, word in archaic_words(path.read_text("utf-8")):
            yield f"{name}:{number}: {word!r} in a docstring or comment: use plain technical English"


def warnings(path: Path) -> Iterator[str]:
    """What deserves a look in `path`."""
    if path.suffix == ".py" and (length := len(path.read_text("utf-8").splitlines())) > LONG:
        yield f"{path.relative_to(ROOT)}: {length} lines, more than {LONG}: has it two subjects?"


def main() -> int:
    """Print what was found; the number of errors decides the exit status."""
    files = tracked_files()
    wrong = [error for path in files for check in (errors, english_errors) for error in check(path)]
    for warning in (warning for path in files for warning in warnings(path)):
        print(f"warning: {warning}")
    for error in wrong:
        print(f"error: {error}")
    print(f"house rules: {len(files)} files, {len(wrong)} errors")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
