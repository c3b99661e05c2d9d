"""``dao doctor``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click
from attrs import evolve

from dao._cli import output
from dao._cli.doctor.finding import Finding, of_error
from dao._cli.options import command as subcommand
from dao._cli.secrecy import without_secrets
from dao._cli.session import Session
from dao.errors import DaoError

__all__ = ["command"]

_COLOURS = {"ok": "green", "note": "blue", "warning": "yellow", "error": "red"}
_INDENT = " " * 11
_TITLES = {area: area.capitalize() for area in ("packages", "plugins", "catalog", "stores", "capabilities")}


@click.option("--write", is_flag=True, help="Also write a small file, or table, into each store, and delete it.")
@click.option(
    "--timeout",
    "seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=10,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for the stores; imports of drivers don't count.",
)
def doctor(session: Session, write: bool, seconds: float) -> None:
    """Look for what is wrong, and what to do.

    Looks at the installed packages and plugins, at the catalog and its references to secrets, and at every store.
    Stores are asked whether they answer; nothing is written unless --write is given. No value of a secret is shown.
    The exit status is 1 if there is any error.

    \b
    Keys of --json:
      ok (no error), findings (a list of area, subject, level, message,
      advice, seconds; level is ok, note, warning or error)

    \b
    Example:
      dao doctor --catalog catalog.yaml
    """
    found: list[Finding] = []
    title = ""
    for finding in _findings(session, write, seconds):
        shown = evolve(finding, message=without_secrets(finding.message, session.opened()))
        found.append(shown)
        if not session.as_json:
            if shown.area != title:
                output.line(("\n" if title else "") + click.style(_TITLES[shown.area], bold=True))
                title = shown.area
            _show(shown)
    wrong = sum(finding.level == "error" for finding in found)
    if session.as_json:
        output.document({"ok": not wrong, "findings": found})
    else:
        output.line("\n" + (f"{wrong} error{'' if wrong == 1 else 's'}" if wrong else "nothing is wrong"))
    if wrong:
        sys.exit(1)


def _show(finding: Finding) -> None:
    mark = click.style(f"{finding.level:<7}", fg=_COLOURS[finding.level])
    first, *rest = f"{finding.subject}: {finding.message}".splitlines()
    for at, text in enumerate([first, *rest]):
        _wrap(f"  {mark}  " if at == 0 else _INDENT + "  ", text)
    if finding.advice:
        _wrap(_INDENT + "-> ", finding.advice)


def _wrap(start: str, text: str) -> None:
    from textwrap import wrap

    indent = " " * len(click.unstyle(start))
    lines = wrap(text, output.room() - len(indent), break_long_words=False, break_on_hyphens=False)
    for at, line in enumerate(lines):
        output.line((indent if at else start) + line)


def _findings(session: Session, write: bool, seconds: float) -> Iterator[Finding]:
    from dao._cli.doctor.packages import check_packages, check_plugins
    from dao._cli.inventory import list_plugins
    from dao.plugins import default_plugins

    plugins = list_plugins(default_plugins())
    yield from check_packages(plugins)
    yield from check_plugins(plugins)
    try:
        catalog = session.catalog()
    except DaoError as error:
        yield from of_error("catalog", _source(error), error)
        return
    told = f"{len(catalog.stores)} stores, {len(catalog)} objects"
    yield Finding("catalog", ", ".join(catalog.sources), "ok", told)

    from dao._cli.doctor.stores import check_capabilities, check_stores
    from dao._core.dao import DataAccessObject
    from dao.data_store import DataStoreRegistry

    access = DataAccessObject(registry=DataStoreRegistry())
    yield from check_stores(access, catalog, seconds=seconds, write=write)
    yield from check_capabilities(access, catalog)


def _source(error: DaoError) -> str:
    return getattr(error, "source", "") or "catalog"


command = subcommand(doctor)
