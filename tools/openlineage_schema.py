"""OpenLineage's schema of events, from the classes that its Python client generates from the published JSON schema.

The client's wheel has these classes and not the JSON schema itself. A schema made of them is stricter in one way: it
allows no property that the published one doesn't name.

Where ``OPENLINEAGE_SPEC`` in the environment names a folder with the published files, ``OpenLineage.json`` and
``facets/*.json`` as in the folder ``spec`` of OpenLineage's repository, events are validated by these as well, the
formats of their texts included. That takes ``jsonschema[format-nongpl]``; a schema that the folder hasn't is a fault.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import attr
import jsonschema
import openlineage.client.generated as generated
from openlineage.client.generated.base import BaseEvent, BaseFacet, RunEvent
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable

PUBLISHED = "OPENLINEAGE_SPEC"
_URI = r"^[a-z][a-z0-9+.-]*:\S+$"
_FORMATS = {
    "runId": r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
    "eventTime": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$",
    **dict.fromkeys(["producer", "schemaURL", "_producer", "_schemaURL"], _URI),
}
_PLAIN = {str: "string", int: "integer", bool: "boolean", float: "number"}
_FACETS = ("facets", "inputFacets", "outputFacets")


def faults(event: Mapping[str, Any]) -> list[str]:
    """What is wrong with an event by the schema, its facets included; empty if nothing is."""
    found = [_told(error) for error in jsonschema.Draft202012Validator(_schema(RunEvent)).iter_errors(event)]
    for place, facet in _facets_in(event, "event"):
        kind = _facet_classes().get(facet.get("_schemaURL", ""))
        if kind is None:
            found.append(f"{place}: no facet has the schema {facet.get('_schemaURL')!r}")
            continue
        errors = jsonschema.Draft202012Validator(_schema(kind)).iter_errors(facet)
        found += [f"{place}: {_told(error)}" for error in errors]
    return found + (_published_faults(event, Path(folder)) if (folder := os.environ.get(PUBLISHED)) else [])


def _published_faults(event: Mapping[str, Any], folder: Path) -> list[str]:
    """What is wrong with an event by the published schemas that it and its facets name."""
    found = []
    for place, thing, url in _named_schemas(event):
        try:
            errors = [_told(error) for error in _published(url, folder).iter_errors(thing)]
        except Unresolvable:
            errors = [f"no published schema for {url} in {folder}"]
        found += [f"{place}: {error}" for error in errors]
    return found


def _named_schemas(event: Mapping[str, Any]) -> Iterator[tuple[str, Any, str]]:
    named = [("event", event, event.get("schemaURL"))]
    named += [(place, facet, facet.get("_schemaURL")) for place, facet in _facets_in(event, "event")]
    yield from ((place, thing, url) for place, thing, url in named if url)


@cache
def _published(url: str, folder: Path) -> Any:
    # A validator without one of these checks would let every text of that format pass.
    formats = jsonschema.FormatChecker(["date-time", "uri", "uuid"])
    files = {path.name: path for path in folder.rglob("*.json")}

    def retrieve(uri: str) -> Resource[Any]:  # by name alone: facets refer to the event's schema in older versions
        return Resource.from_contents(json.loads(files[uri.rpartition("/")[2]].read_text()))

    registry: Registry[Any] = Registry(retrieve=retrieve)  # type: ignore[call-arg]
    return jsonschema.Draft202012Validator({"$ref": url}, registry=registry, format_checker=formats)


def _told(error: Any) -> str:
    return f"{'.'.join(map(str, error.absolute_path))}: {error.message}"


def _facets_in(thing: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if isinstance(thing, list):
        for at, one in enumerate(thing):
            yield from _facets_in(one, f"{place}[{at}]")
    elif isinstance(thing, Mapping):
        for name, value in thing.items():
            if name in _FACETS:
                yield from ((f"{place}.{name}.{facet}", found) for facet, found in value.items())
            else:
                yield from _facets_in(value, f"{place}.{name}")


@cache
def _facet_classes() -> Mapping[str, Any]:
    """The classes of all facets by the URL of their schema."""
    found: dict[str, Any] = {}
    for module in pkgutil.iter_modules(generated.__path__):
        known: dict[str, Any] = vars(importlib.import_module(f"{generated.__name__}.{module.name}"))
        found |= {kind._get_schema(): kind for kind in known.values() if _is_facet(kind)}
    return found


def _is_facet(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseFacet)


@cache
def _schema(kind: type) -> Any:
    """The JSON schema of a class of the client."""
    fields = attr.fields(attr.resolve_types(kind))
    always: tuple[str, ...] = ("_producer", "_schemaURL") if issubclass(kind, BaseFacet) else ()
    always += ("producer", "schemaURL") if issubclass(kind, BaseEvent) else ()
    required = [field.name for field in fields if field.default is attr.NOTHING or field.name in always]
    properties = {field.name: _of_field(field.name, field.type) for field in fields}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _of_field(name: str, hint: Any) -> Any:
    if name in _FACETS:  # each is checked by its own schema
        return {"type": "object", "additionalProperties": {"type": "object"}}
    found = _of_type(hint)
    return {**found, "pattern": _FORMATS[name]} if name in _FORMATS else found


def _of_type(hint: Any) -> Any:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (types.UnionType, typing.Union):
        kinds = [_of_type(one) for one in arguments if one is not type(None)]
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if origin is list:
        return {"type": "array", "items": _of_type(arguments[0])}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of_type(arguments[1])}
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [member.value for member in hint]}
    if attr.has(hint):
        # Columns have columns: such a class is looked into one level deep.
        return _shallow(hint) if hint.__name__ == "SchemaDatasetFacetFields" else _schema(hint)
    return {}


def _shallow(kind: type) -> Any:
    anything: dict[str, Any] = {field.name: {} for field in attr.fields(kind)}
    return {"type": "object", "properties": anything, "required": ["name"], "additionalProperties": False}
