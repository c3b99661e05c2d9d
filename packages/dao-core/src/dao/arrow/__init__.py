"""Arrow: conversion, predicates, schemas from models. Names are imported on first access.

The function ``convert`` has the name of its package, so it is imported from there:
``from dao.arrow.convert import convert``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao.arrow.convert import INTO, is_tabular, to_reader
    from dao.arrow.models import model_of, schema_of
    from dao.arrow.predicates import Predicate, filter_reader, filter_table

_HOMES = {
    "INTO": "dao.arrow.convert",
    "Predicate": "dao.arrow.predicates",
    "filter_reader": "dao.arrow.predicates",
    "filter_table": "dao.arrow.predicates",
    "is_tabular": "dao.arrow.convert",
    "model_of": "dao.arrow.models",
    "schema_of": "dao.arrow.models",
    "to_reader": "dao.arrow.convert",
}

__all__ = [
    "INTO",
    "Predicate",
    "filter_reader",
    "filter_table",
    "is_tabular",
    "model_of",
    "schema_of",
    "to_reader",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
