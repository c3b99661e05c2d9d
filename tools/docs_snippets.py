"""A pytest plugin that runs every fenced block of the Markdown pages: `pytest -p docs_snippets README.md docs`.

A page's blocks run from top to bottom in an empty folder of their own, and its Python blocks share one namespace.

| fence | what is done |
|---|---|
| `python` | run; what it prints can be checked by a block `text output` after it |
| `python NAME.py`, `yaml NAME`... | saved under that name for the blocks below; a Python file is imported, too |
| `console` | each line `$ command` is run by bash, what it prints is compared with the lines below it |
| `text output` | compared with what the last Python block printed |
| `yaml`, `json`, `toml` | parsed |
| `sh` | for the reader's own machine: nox commands are run with `--list`, installs are held against the metadata |
| `text` | a drawing or a listing: nothing to run |

`...` in an output stands for anything. A block with no language or another one is an error: nothing goes unchecked
because of a typing slip. `<!-- invisible-code: python ... -->` comments are run as well: for what a page needs and a
reader doesn't, such as a server (see `docs_server`). A page may set environment variables; the next one has its own.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import importlib.metadata
import io
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from sybil import Document, Example, Region, Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.markdown.lexers import DirectiveInHTMLCommentLexer, RawFencedCodeBlockLexer

ROOT = Path(__file__).resolve().parent.parent
_INFO = re.compile(r"(?P<language>[^\s]*)[ \t]*(?P<argument>[^\n]*)\n")
_COMMAND_SECONDS = 280  # less than the limit of a test: the message names the command
_PRINTED = "__printed__"


class SnippetParser:
    """Finds every fenced block and every invisible one, whatever its language."""

    def __call__(self, document: Document) -> Iterator[Region]:
        """Yield one region a block, ready to be evaluated."""
        hidden = DirectiveInHTMLCommentLexer(
            directive="invisible-code", mapping={"arguments": "language", "source": "source"}
        )
        for region in _in_order(RawFencedCodeBlockLexer(_INFO)(document), hidden(document)):
            region.parsed = region.lexemes["source"]
            region.evaluator = evaluate
            yield region


def _in_order(*found: Iterable[Region]) -> list[Region]:
    return sorted((region for regions in found for region in regions), key=lambda region: region.start)


def evaluate(example: Example) -> str | None:
    """Do with a block what its language asks for; the answer, if any, says what is wrong with it."""
    language, argument = example.region.lexemes["language"], example.region.lexemes.get("argument", "")
    source = str(example.parsed)
    if language == "text":
        return _compare(source, example.namespace.get(_PRINTED, "")) if argument == "output" else None
    if language in ("python", "yaml", "json", "toml") and argument:
        _save(Path(argument), source)
        return None
    match language:
        case "python":
            _run_python(example)
        case "console":
            return _run_console(source)
        case "sh":
            return "\n".join(filter(None, map(_check_command, source.strip().splitlines()))) or None
        case "json" | "toml" | "yaml":
            _parse(language, source)
        case _:
            return f"unknown language {language!r} of a fenced block; {Path(__file__).name} lists those that are known"
    return None


def _run_python(example: Example) -> None:
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        if str(example.parsed).startswith(">>>"):
            _run_doctest(example)
        else:
            PythonEvaluator()(example)
    example.namespace[_PRINTED] = printed.getvalue()


def _run_doctest(example: Example) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    test = doctest.DocTestParser().get_doctest(
        str(example.parsed), example.namespace, example.path, example.path, example.line
    )
    report = io.StringIO()
    if doctest.DocTestRunner(optionflags=flags).run(test, out=report.write, clear_globs=False).failed:
        raise AssertionError(report.getvalue())


def _save(path: Path, source: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, "utf-8")
    if path.suffix == ".py":
        importlib.invalidate_caches()
        importlib.import_module(".".join(path.with_suffix("").parts))
    elif path.suffix in (".json", ".toml", ".yaml", ".yml"):
        _parse(path.suffix[1:], source)


def _parse(language: str, source: str) -> None:
    if language == "json":
        json.loads(source)
    elif language == "toml":
        tomllib.loads(source)
    else:
        import yaml

        yaml.safe_load(source)


def _run_console(source: str) -> str | None:
    for command, expected in re.findall(r"^\$ (.*(?:\\\n.*)*)\n?((?:(?!\$ ).*\n?)*)", source, re.MULTILINE):
        done = subprocess.run(
            ["bash", "-c", command], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_COMMAND_SECONDS
        )
        if done.returncode:
            return f"$ {command}\nended with {done.returncode}:\n{done.stdout}{done.stderr}"
        if expected.strip() and (fault := _compare(expected, done.stdout)):
            return f"$ {command}\n{fault}"
    return None


def _compare(expected: str, found: str) -> str | None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    if doctest.OutputChecker().check_output(expected.strip() + "\n", found.strip() + "\n", flags):
        return None
    return f"expected:\n{expected}\nprinted:\n{found}"


def _check_command(line: str) -> str | None:
    """Check a line of a `sh` block as far as that goes without changing the reader's machine."""
    words = shlex.split(line, comments=True)
    if not words or words[0] in ("cd", "git"):
        return None
    if "noxfile.py" in words:
        # Before its other arguments: after a `--` it would be the session's own.
        command = [sys.executable, "noxfile.py", "--list", *words[words.index("noxfile.py") + 1 :]]
        # This environment's nox will do to read the file; making the pinned one is the reader's part.
        environment = {**os.environ, "NOX_SCRIPT_MODE": "none"}
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_COMMAND_SECONDS
        )
        return f"{line}\n{done.stdout}{done.stderr}" if done.returncode else None
    if words[:2] == ["pip", "install"] or words[:3] == ["uv", "pip", "install"]:
        return _check_requirements(word for word in words[words.index("install") + 1 :] if not word.startswith("-"))
    return f"a `sh` block may hold nox commands and installs; use `console` for {line!r}"


def _check_requirements(requirements: Iterable[str]) -> str | None:
    for requirement in requirements:
        name, _, extras = requirement.partition("[")
        offered = importlib.metadata.metadata(name).get_all("Provides-Extra") or []
        if unknown := set(filter(None, extras.rstrip("]").split(","))) - set(offered):
            return f"{name} has no extra {', '.join(sorted(unknown))}; it has {', '.join(offered)}"
    return None


def _enter_folder(namespace: dict[str, Any]) -> None:
    namespace["__folder__"] = folder = tempfile.TemporaryDirectory(prefix="docs-")
    namespace["__before__"] = (os.getcwd(), list(sys.path), set(sys.modules), dict(os.environ))
    os.chdir(folder.name)
    sys.path.insert(0, folder.name)


def _leave_folder(namespace: dict[str, Any]) -> None:
    folder = namespace["__folder__"]
    cwd, path, modules, environment = namespace["__before__"]
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:] = path
    # Files that a page saved may have the same names on the next page.
    for name in set(sys.modules) - modules:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(folder.name):
            del sys.modules[name]
    folder.cleanup()


pytest_collect_file = Sybil(
    [SnippetParser()], pattern="*.md", path=ROOT.anchor, setup=_enter_folder, teardown=_leave_folder
).pytest()
