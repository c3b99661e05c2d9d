"""Translates a Glue table's CSV properties to the options of DAO's CSV format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dao_s3.glue._file_formats import file_format
from dao_s3.glue._markers import table_format
from dao_s3.glue._spark import data_column_names
from dao_s3.glue._table import GlueTable

__all__ = ["csv"]

_CTRL_A = "\x01"  # Hive's default delimiter


def csv(table: GlueTable) -> Mapping[str, Any]:
    """``delimiter``, ``quote``, ``escape``, ``header``, ``skip_rows``, ``null_values`` and ``encoding`` of CSV.

    As in Hive, columns are matched by position: header lines are skipped, whatever their content.
    """
    if table_format(table) is not None or file_format(table) != "csv":
        return {}
    if table.provider:
        found = _spark(table)
    elif table.serde.endswith("OpenCSVSerde"):
        found = _open_csv(table)
    elif table.serde:
        found = _lazy_simple(table)
    else:
        found = _crawler(table)
    found = {**found, **_lines(table)}
    problem = _problem(table, found)
    return {**found, "unreadable": f"its CSV is of a kind that DAO has no reader for: {problem}"} if problem else found


def _lazy_simple(table: GlueTable) -> dict[str, Any]:
    told = table.serde_parameters
    delimiter = told.get("field.delim") or told.get("serialization.format")
    quoted = table.parameters.get("areColumnsQuoted", "").lower() == "true"  # the crawler's property
    return {
        "delimiter": _hive_character(delimiter) if delimiter else _CTRL_A,
        "quote": '"' if quoted else None,
        "escape": _hive_character(told["escape.delim"]) if told.get("escape.delim") else None,
        # An empty number is null in Hive too. Here an empty text is null as well, which Hive distinguishes.
        "null_values": [told.get("serialization.null.format", "\\N"), ""],
        **({"encoding": told["serialization.encoding"]} if told.get("serialization.encoding") else {}),
    }


def _hive_character(text: str) -> str:
    """Parse such a property like Hive: the code of a character, else its first character."""
    try:
        return chr(int(text) % 256)
    except ValueError:
        return text[0]


def _open_csv(table: GlueTable) -> dict[str, Any]:
    told = table.serde_parameters
    quote, escape = told.get("quoteChar") or '"', told.get("escapeChar") or "\\"
    return {
        "delimiter": told.get("separatorChar") or ",",
        "quote": quote,
        "escape": None if escape == quote else escape,
    }


def _spark(table: GlueTable) -> dict[str, Any]:
    told = {name.lower(): value for name, value in table.serde_parameters.items()}
    quote, escape = told.get("quote", '"') or None, told.get("escape") or "\\"
    return {
        "delimiter": told.get("sep") or told.get("delimiter") or ",",
        "quote": quote,
        "escape": None if escape == quote else escape,
        "null_values": [told.get("nullvalue", "")],
        **({"encoding": found} if (found := told.get("encoding") or told.get("charset")) else {}),
    }


def _crawler(table: GlueTable) -> dict[str, Any]:
    delimiter = table.parameters.get("delimiter")
    return {"delimiter": delimiter} if delimiter else {}


def _lines(table: GlueTable) -> dict[str, Any]:
    """The number of header lines, and the columns' names."""
    headings = _count(table, "skip.header.line.count")
    if table.provider and table.serde_parameters.get("header", "").lower() == "true":
        headings = 1
    names = data_column_names(table)
    if not names:
        return {"header": headings > 0, "skip_rows": max(headings - 1, 0)}
    return {"header": names, "skip_rows": headings}


def _count(table: GlueTable, name: str) -> int:
    told = table.parameters.get(name) or table.serde_parameters.get(name) or ""
    return int(told) if told.isascii() and told.isdigit() else 0


def _problem(table: GlueTable, found: Mapping[str, Any]) -> str:
    marks = {name: found.get(name) for name in ("delimiter", "quote", "escape")}
    for name, mark in marks.items():
        if mark is not None and (len(mark) != 1 or not mark.isascii() or mark in "\r\n"):
            return f"its {name} is {mark!r}"
    given = [mark for mark in marks.values() if mark is not None]
    if len(set(given)) < len(given):
        return f"one character has two meanings ({marks})"
    names = data_column_names(table)
    if len(set(names)) < len(names):
        return "two columns have one name"
    if _count(table, "skip.footer.line.count"):
        return "it ends in lines that are no rows (skip.footer.line.count)"
    return ""
