"""Writes the options of each format into docs/formats.md, from their classes: `python tools/format_options.py`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from attrs import Attribute, fields

from dao.catalog._schema import descriptions_of
from dao_files.formats import FORMATS

PAGE = Path(__file__).resolve().parent.parent / "docs" / "formats.md"
TITLES = {"arrow": "Arrow IPC", "arrow_stream": "Arrow IPC streams", "avro": "Avro", "orc": "ORC", "parquet": "Parquet"}
START = "## The options of each format\n"
HEAD = """
This section is made from the classes of the options by `tools/format_options.py`; a test looks that it is current. An
option is for reads, for writes, or for both; a table remembers those that are *spelling*, as its files don't say them.
"""


def section() -> str:
    """The whole section."""
    by_class: dict[type[Any], list[str]] = {}
    for name, format in FORMATS.items():
        by_class.setdefault(format.Options, []).append(TITLES.get(name, name.upper()))
    tables = (line for options, names in by_class.items() for line in _table(", ".join(names), options))
    return "\n".join([START + HEAD, *tables])


def _table(title: str, options: type[Any]) -> Iterator[str]:
    texts = descriptions_of(options)
    yield f"### {title}\n"
    yield "| option | default | for | meaning |"
    yield "|---|---|---|---|"
    for option in fields(options):
        cells = (f"`{option.name}`", _code(_default(option)), _use(option), _meaning(option, texts[option.name]))
        yield f"| {' | '.join(cells)} |"
    yield ""


def _default(option: Attribute[Any]) -> str:
    value = list(option.default) if isinstance(option.default, tuple) else option.default
    return f"{value:,}" if type(value) is int else repr(value)


def _use(option: Attribute[Any]) -> str:
    if option.metadata.get("spelling"):
        return "both, spelling"
    return {"reading": "reads", "writing": "writes"}.get(option.metadata.get("direction", ""), "both")


def _meaning(option: Attribute[Any], text: str) -> str:
    """What a docstring says of an option, as Markdown; a direction of its own is another column."""
    own = option.metadata.get("direction")
    said = text.removeprefix(f"{own}: ").replace("``", "`").replace("|", "\\|")
    return said[:1].upper() + said[1:]


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def updated(page: str) -> str:
    """The page with the section as it is now."""
    before, start, rest = page.partition(START)
    after = rest.partition("\n## ")[2]
    if not start or not after:
        raise ValueError(f"{PAGE.name} has no section {START.strip()!r} with another one after it")
    return f"{before}{section()}\n## {after}"


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text("utf-8")), "utf-8")
    sys.exit(0)
