"""``dao new-backend``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from dao._cli import output
from dao._cli.options import command as subcommand
from dao._cli.session import Session
from dao.errors import AlreadyExistsError, DataError

__all__ = ["command"]

_NAME = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


@click.argument("name")
@click.option("--path", type=click.Path(path_type=Path), help="The folder to make; dao-NAME here by default.")
def new_backend(session: Session, name: str, path: Path | None) -> None:
    """Begin a backend: a package that works, and passes the kit.

    NAME is what catalogs will call its interface: lower-case letters, digits
    and underscores. The package is dao_NAME, the distribution dao-NAME.

    \b
    Keys of --json:
      path, files

    \b
    Example:
      dao new-backend duck
    """
    if _NAME.fullmatch(name) is None:
        raise DataError(f"name {name!r}: expected lower-case letters, digits and '_', such as 'my_store'")
    target = path or Path(f"dao-{name.replace('_', '-')}")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise AlreadyExistsError(f"{str(target)!r} is there, and not an empty folder: give another --path")
    made = [_write(target / _filled(place, name), _filled(text, name)) for place, text in _template()]
    if session.as_json:
        output.document({"path": str(target), "files": [str(file.relative_to(target)) for file in made]})
        return
    for file in made:
        output.line(str(file))


def _template() -> Iterator[tuple[str, str]]:
    """Place and text of each file."""
    return _below(files("dao._cli").joinpath("template"), "")


def _below(folder: Traversable, place: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _below(entry, f"{place}{'@package@' if entry.name == 'package' else entry.name}/")
        elif entry.name.endswith(".txt"):
            yield f"{place}{entry.name.removesuffix('.txt')}", entry.read_text("utf-8")


def _filled(text: str, name: str) -> str:
    words = name.split("_")
    filled = {
        "@name@": name,
        "@package@": f"dao_{name}",
        "@project@": f"dao-{'-'.join(words)}",
        "@class@": "".join(word.capitalize() for word in words),
        "@title@": " ".join(word.capitalize() for word in words),
    }
    return re.sub("|".join(filled), lambda found: filled[found[0]], text)


def _write(place: Path, text: str) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, "utf-8")
    return place


command = subcommand(new_backend)
