"""The JSON Schema of a catalog file, for editors to complete and check it while it is written.

``catalog.schema.json`` beside this module is shipped; ``tools/catalog_schema.py`` of the repository writes it, and a
test checks that it is current. A catalog names it in its ``$schema``, or a YAML file in its first line:
``# yaml-language-server: $schema=...``.

The schema is generated from the types: the fields of the interfaces that are installed (in the shipped one, of those
that ``dao-core[files]`` brings), the options of the file formats, and :class:`~dao.catalog.ObjectDeclaration`. Anything
else is left open. Every file that loads is valid by it; required options are not enforced, because an overlay need not
repeat them.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from typing import Any

import attrs

from dao.catalog._check_objects import OF_CALLS
from dao.catalog._declaration import ObjectDeclaration
from dao.catalog._properties import SCHEMA_FILE
from dao.catalog._shapes import shape_of
from dao.catalog._spelling import CONNECTIONS, FREE_PREFIX, STORE_KEYS, USE
from dao.errors import PluginError
from dao.options import option_types
from dao.options._places import is_place
from dao.plugins import Plugins, default_plugins

__all__ = ["SCHEMA_FILE", "json_schema"]

_NAME = {"type": ["string", "null"], "pattern": r"\S"}
_DESCRIPTIONS = {
    "interface": "What does the reading and writing: a registered name such as 'local', or 'module:Class'.",
    "options": "The interface's configuration, field by field. ${env:NAME} and ${file:PATH} may stand in every string.",
    "also": "Further interfaces, in the order in which they are tried. A bare name shares the options.",
    "properties": "What all objects of the store have in common.",
    "objects": "The store's objects by name. A name may have placeholders: sales_{region}.",
    "location": "The module of 'interface_class'.",
    CONNECTIONS: "Options that several stores share. A store's options take one in by its name: use: NAME.",
}
_USE = {"type": "string", "description": "The name of a connection, whose options hold where these say nothing else."}


def json_schema(plugins: Plugins | None = None) -> dict[str, Any]:
    """Generate the schema, draft 2020-12.

    Args:
        plugins: whose interfaces and object types it names; by default what is installed. An interface that can't be
            imported is named without its options.

    Raises:
        PluginError: pyarrow is not installed, which the formats' options need.
    """
    plugins = plugins or default_plugins()
    interfaces = {name: _interface_schema(cls) for name, cls in _interfaces(plugins)}
    formats = {name: _options_schema(cls) for name, cls in _formats(plugins)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:dao:catalog.schema.json",
        "title": "DAO catalog",
        "description": "The stores and objects of a project, by the names that its pipelines use.",
        "type": "object",
        "properties": {"$schema": {"type": "string"}, CONNECTIONS: {"$ref": "#/$defs/connections"}},
        "patternProperties": {f"^{FREE_PREFIX}": {}},
        "propertyNames": {"pattern": rf"^({FREE_PREFIX}.*|[^.]*[^.\s][^.]*)$"},
        "additionalProperties": {"$ref": "#/$defs/store"},
        "$defs": {
            "store": _store_schema(sorted(interfaces)),
            "further": _further_schema(sorted(interfaces)),
            "connections": _connections_schema(),
            "object": _object_schema(sorted(formats), plugins.object_type_names),
            **{f"interface.{name}": schema for name, schema in interfaces.items()},
            **{f"format.{name}": schema for name, schema in formats.items()},
        },
    }


def _interfaces(plugins: Plugins) -> Iterator[tuple[str, type | None]]:
    for name in plugins.interface_names:
        try:
            yield name, plugins.interface_class(name)
        except PluginError:
            yield name, None


def _connections_schema() -> dict[str, Any]:
    shared = {"type": ["object", "null"], "properties": {USE: _USE}}
    return {"type": ["object", "null"], "description": _DESCRIPTIONS[CONNECTIONS], "additionalProperties": shared}


def _formats(plugins: Plugins) -> Iterator[tuple[str, type]]:
    for name, form in plugins.load_formats().items():
        yield name, form.Options


def _store_schema(interfaces: list[str]) -> dict[str, Any]:
    shapes: dict[str, Any] = {
        "interface": _NAME,
        "location": _NAME,
        "options": {"type": ["object", "null"]},
        "properties": {"type": ["object", "null"], "properties": dict.fromkeys(("key", *OF_CALLS), False)},
        "also": {"type": ["array", "null"], "items": {"$ref": "#/$defs/further"}},
        "objects": {
            "type": ["object", "null"],
            "propertyNames": {"minLength": 1},
            "additionalProperties": {"$ref": "#/$defs/object"},
        },
    }
    return {"anyOf": [{"type": "object", **_keyed(shapes, list(STORE_KEYS), interfaces)}, {"type": "null"}]}


def _further_schema(interfaces: list[str]) -> dict[str, Any]:
    shapes = {"interface": _NAME, "location": _NAME, "options": {"type": ["object", "null"]}}
    keys = [key for key, right in STORE_KEYS.items() if right in shapes]
    mapping = {"type": "object", **_keyed(shapes, keys, interfaces)}
    either = [{"required": ["interface"]}, {"required": ["interface_class"]}]
    return {"anyOf": [{"type": "string", "minLength": 1}, {**mapping, "anyOf": either}]}


def _keyed(shapes: Mapping[str, Any], keys: list[str], interfaces: list[str]) -> dict[str, Any]:
    """Accept both spellings of each key, but not together; and the options of the named interface."""
    properties = {key: {**shapes[STORE_KEYS[key]], "description": _DESCRIPTIONS[STORE_KEYS[key]]} for key in keys}
    completed = {"anyOf": [{"enum": interfaces}, {}]} if interfaces else {}
    properties["interface"] = {**properties["interface"], **completed}
    twice = [
        {"not": {"required": [one, other]}}
        for at, one in enumerate(keys)
        for other in keys[at + 1 :]
        if STORE_KEYS[one] == STORE_KEYS[other]
    ]
    belonging = [
        {
            "if": {"properties": {key: {"const": name}}, "required": [key], "not": {"required": [_LOCATION]}},
            "then": {"properties": {spelled: {"$ref": f"#/$defs/interface.{name}"} for spelled in _OPTIONS}},
        }
        for name in interfaces
        for key in ("interface", "interface_class")
    ]
    return {"properties": properties, "additionalProperties": False, "allOf": [*twice, *belonging]}


_LOCATION = "interface_class_location"
_OPTIONS = [key for key, right in STORE_KEYS.items() if right == "options"]


def _object_schema(formats: list[str], types: list[str]) -> dict[str, Any]:
    described = _plain_descriptions(ObjectDeclaration)
    properties: dict[str, Any] = {}
    for attribute in attrs.fields(ObjectDeclaration):
        text = str(attribute.type) == "str"
        names = {"type": ["array", "string", "null"], "minLength": 1, "items": {"type": "string"}}
        shape = {"type": ["string", "null"]} if text else names
        properties[attribute.name] = {**shape, "description": described[attribute.name]}
    properties["type"]["anyOf"] = [{"enum": types}, {}]
    belonging = [
        {
            "if": {"properties": {"format": {"const": name}}, "required": ["format"]},
            "then": {"$ref": f"#/$defs/format.{name}"},
        }
        for name in formats
    ]
    if formats:
        properties["format"]["anyOf"] = [{"enum": formats}, {}]
    return {
        "type": "object",
        "description": "One object. Keys that are not listed here are properties of it too.",
        "properties": {
            **properties,
            **dict.fromkeys(("identifier", "data_store", "properties", "self", *OF_CALLS), False),
        },
        **({"allOf": belonging} if belonging else {}),  # an empty one is no JSON schema
    }


def _interface_schema(cls: type | None) -> dict[str, Any]:
    if cls is None:
        return {"type": ["object", "null"]}
    options = _options_schema(cls)
    properties = {USE: _USE, **options["properties"]}
    return {**options, "properties": properties, "additionalProperties": _is_open(cls)}


def _options_schema(cls: type) -> dict[str, Any]:
    described = _plain_descriptions(cls)
    attributes = {a.alias: a for a in attrs.fields(cls)} if attrs.has(cls) else {}
    properties = {}
    for name, kind in option_types(cls).items():
        attribute = attributes.get(name)
        # A converter may accept more than its result type.
        converted = attribute is not None and attribute.converter is not None and not is_place([kind])
        shape = {} if converted else shape_of(kind)
        told = {"description": described[name]} if name in described else {}
        properties[name] = {**(shape and {"anyOf": [shape, {"type": "null"}]}), **told}
    return {"type": ["object", "null"], "properties": properties}


def _is_open(cls: type) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(cls).parameters.values())


def descriptions_of(cls: type) -> dict[str, str]:
    """Descriptions of attributes or arguments from the class's docstring, by name, each in one line."""
    section = re.search(r"(?ms)^(?:Attributes|Args):\n(.*?)(?=^\S|\Z)", inspect.getdoc(cls) or "")
    found = {}
    for entry in re.finditer(r"(?m)^    ([\w, ]+): (.*(?:\n     +\S.*)*)", section[1] if section else ""):
        for name in entry[1].split(","):
            found[name.strip()] = re.sub(r"\s+", " ", entry[2]).strip()
    return found


def _plain_descriptions(cls: type) -> dict[str, str]:
    return {name: text.replace("``", "'") for name, text in descriptions_of(cls).items()}
