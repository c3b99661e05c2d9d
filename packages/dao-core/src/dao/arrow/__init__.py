"""Arrow: conversion, predicates, schemas from models, file formats. Names are loaded when they are first asked for.

The function that converts results has the name of its room, so it is imported from there:
``from dao.arrow.convert import convert``.
"""

from __future__ import annotations

from dao.lazy import door

_HOMES = {
    "FORMATS": "formats",
    "Format": "formats",
    "FormatWriter": "formats",
    "INTO": "convert",
    "Predicate": "predicates",
    "close_reader": "formats",
    "filter_reader": "predicates",
    "filter_table": "predicates",
    "get_format": "formats",
    "hive_path": "formats",
    "hive_values": "formats",
    "infer_format": "formats",
    "is_tabular": "convert",
    "model_of": "models",
    "register_format": "formats",
    "schema_of": "models",
    "to_reader": "convert",
}

__all__ = sorted(_HOMES)

__getattr__, __dir__ = door(__name__, _HOMES)
