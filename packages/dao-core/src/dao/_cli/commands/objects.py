"""``dao objects``."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import click

from dao._cli import output
from dao._cli.options import STORE_OR_OBJECT
from dao._cli.options import command as subcommand
from dao._cli.session import Session
from dao.errors import DaoError

if TYPE_CHECKING:
    from dao.catalog import Catalog

__all__ = ["command"]


@click.argument("pattern", type=STORE_OR_OBJECT, default="*")
def objects(session: Session, pattern: str) -> None:
    """List the objects of the catalog.

    PATTERN says which: it is a store's name, or fits the whole name as a shell's pattern does: * for any text, ? for
    one character.

    \b
    Keys of --json, a list with one entry an object:
      name (store.object), type, key (where it is in its store), format,
      description, problem (why it can't be used; else null)

    \b
    Examples:
      dao objects silver
      dao objects '*.flights*'
    """
    found = list(_entries(session.catalog(), pattern))
    if session.as_json:
        output.document(found)
        return
    shown = [key for key in ("name", "type", "format", "key", "description", "problem") if _any(found, key)]
    rows = [[entry[key] for key in shown] for entry in found]
    output.table(shown, rows, f"no object fits {pattern!r}")
    for name in _patterns(session.catalog(), pattern):
        output.line(f"{name} stands for every object of such a name")


def _any(entries: list[dict[str, Any]], key: str) -> bool:
    return key == "name" or any(entry[key] for entry in entries)


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")


def _entries(catalog: Catalog, pattern: str) -> Iterator[dict[str, Any]]:
    for name in catalog:
        if _fits(name, pattern):
            yield {"name": name, **_facts(catalog, name)}


def _facts(catalog: Catalog, name: str) -> dict[str, Any]:
    none = dict.fromkeys(("type", "key", "format", "description", "problem"))
    try:
        found = catalog[name]
    except DaoError as error:  # one unusable object must not hide the others
        return {**none, "problem": str(error)}
    return {
        **none,
        "type": found.type_name,
        "key": found.key,
        "format": found.get("format"),
        "description": found.get("description"),
    }


def _patterns(catalog: Catalog, pattern: str) -> Iterator[str]:
    for name, store in catalog.stores.items():
        for declared in getattr(store.objects, "patterns", ()):
            if _fits(f"{name}.{declared.text}", pattern):
                yield f"{name}.{declared.text}"


command = subcommand(objects)
