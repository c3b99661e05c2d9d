"""The JSON Schema of a catalog file, for editors to complete and check it while it is written.

``catalog.schema.json`` beside this module is shipped. ``python -m dao.catalog.schema`` writes it anew; a test sees to
it that this is not forgotten. A catalog names it in its ``$schema``, or a YAML file in its first line:
``# yaml-language-server: $schema=...``.

The schema is made from the types: the fields of the interfaces that dao-core brings, the options of its formats, and
:class:`~dao.catalog.declaration.ObjectDeclaration`. What other packages bring stays open. Every file that loads is
valid by it as far as those go; it does not ask for required options, because an overlay need not repeat them.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import attrs

from dao.catalog.declaration import ObjectDeclaration
from dao.catalog.properties import SCHEMA_FILE
from dao.catalog.spelling import STORE_KEYS
from dao.core.plugins import Plugins, load_class
from dao.errors import PluginError
from dao.options import option_types
from dao.secrets import Secret

__all__ = ["SCHEMA_FILE", "json_schema"]

_OWN_PLUGIN = "dao.local._plugin"
_REFERENCE = {"type": "string", "pattern": r"\$\{"}
_NAME = {"type": ["string", "null"], "pattern": r"\S"}
_DESCRIPTIONS = {
    "interface": "What does the reading and writing: a registered name such as 'local', or 'module:Class'.",
    "options": "The interface's configuration, field by field. ${env:NAME} and ${file:PATH} may stand in every string.",
    "also": "Further interfaces, in the order in which they are tried. A bare name shares the options.",
    "properties": "What all objects of the store have in common.",
    "objects": "The store's objects by name. A name may have placeholders: sales_{region}.",
    "location": "The module of 'interface_class'.",
}


def json_schema() -> dict[str, Any]:
    """The schema, draft 2020-12, made now. Needs msgspec, which only this needs.

    Raises:
        PluginError: msgspec or pyarrow is not installed.
    """
    interfaces = {name: _options_schema(cls) for name, cls in _own_interfaces()}
    formats = {name: _options_schema(cls) for name, cls in _own_formats()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:dao:catalog.schema.json",
        "title": "DAO catalog",
        "description": "The stores and objects of a project, by the names that its pipelines use.",
        "type": "object",
        "properties": {"$schema": {"type": "string"}},
        "propertyNames": {"pattern": r"^[^.]*[^.\s][^.]*$"},
        "additionalProperties": {"$ref": "#/$defs/store"},
        "$defs": {
            "store": _store_schema(sorted(interfaces)),
            "further": _further_schema(sorted(interfaces)),
            "object": _object_schema(sorted(formats)),
            **{f"interface.{name}": schema for name, schema in interfaces.items()},
            **{f"format.{name}": schema for name, schema in formats.items()},
        },
    }


def _own_interfaces() -> Iterator[tuple[str, type]]:
    if find_spec("dao.local") is not None and find_spec(_OWN_PLUGIN) is not None:
        for name, target in import_module(_OWN_PLUGIN).dao_interfaces().items():
            yield name, load_class(target)


def _own_formats() -> Iterator[tuple[str, type]]:
    try:
        from dao.arrow.formats import FORMATS
    except ModuleNotFoundError as error:
        raise PluginError(f"the schema names the formats' options: pip install 'dao-core[arrow]' ({error})") from error
    for name, form in FORMATS.items():
        yield name, form.Options


def _store_schema(interfaces: list[str]) -> dict[str, Any]:
    shapes: dict[str, Any] = {
        "interface": _NAME,
        "location": _NAME,
        "options": {"type": ["object", "null"]},
        "properties": {"type": ["object", "null"]},
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
    """Both spellings of the keys, never two of one; and the options that belong to the interface that is named."""
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


def _object_schema(formats: list[str]) -> dict[str, Any]:
    described = _descriptions(ObjectDeclaration)
    properties: dict[str, Any] = {}
    for attribute in attrs.fields(ObjectDeclaration):
        text = str(attribute.type) == "str"
        shape = {"type": ["string", "null"]} if text else {"type": ["array", "null"], "items": {"type": "string"}}
        properties[attribute.name] = {**shape, "description": described[attribute.name]}
    properties["type"]["anyOf"] = [{"enum": Plugins(discover=False).object_type_names}, {}]
    if formats:
        properties["format"]["anyOf"] = [{"enum": formats}, {}]
    return {
        "type": "object",
        "description": "One object. Keys that are not listed here are properties of it too.",
        "properties": {**properties, **dict.fromkeys(("identifier", "data_store", "properties", "self"), False)},
        "allOf": [
            {
                "if": {"properties": {"format": {"const": name}}, "required": ["format"]},
                "then": {"$ref": f"#/$defs/format.{name}"},
            }
            for name in formats
        ],
    }


def _options_schema(cls: type) -> dict[str, Any]:
    described = _descriptions(cls)
    attributes = {a.alias: a for a in attrs.fields(cls)} if attrs.has(cls) else {}
    properties = {}
    for name, kind in option_types(cls).items():
        attribute = attributes.get(name)
        # A converter may take more than the type it makes.
        shape = {} if attribute is not None and attribute.converter is not None else _shape(kind)
        told = {"description": described[name]} if name in described else {}
        properties[name] = {**shape, **told}
    closed = {} if cls.__module__.startswith("dao.arrow") else {"additionalProperties": False}
    return {"type": ["object", "null"], "properties": properties, **closed}


def _shape(kind: Any) -> dict[str, Any]:
    """The schema of one option's values: what its type takes, a reference where it takes no string, or null."""
    try:
        import msgspec
    except ModuleNotFoundError:
        raise PluginError("the schema is made by msgspec, which is not installed: pip install msgspec") from None
    try:
        shape = msgspec.json.schema(kind, schema_hook=_custom)
    except (TypeError, NotImplementedError):  # a type that JSON can't say: anything may stand there
        return {}
    if not shape or shape == {"type": "null"}:
        return {}
    shape.pop("$defs", None)
    return {} if "$ref" in json.dumps(shape) else {"anyOf": [shape, _REFERENCE, {"type": "null"}]}


def _custom(kind: Any) -> dict[str, Any]:
    if kind is Secret or (isinstance(kind, type) and issubclass(kind, Path)):
        return {"type": "string"}
    raise NotImplementedError


def _descriptions(cls: type) -> dict[str, str]:
    """What the class's docstring says of its attributes or arguments, by name."""
    section = re.search(r"(?ms)^(?:Attributes|Args):\n(.*?)(?=^\S|\Z)", inspect.getdoc(cls) or "")
    found = {}
    for entry in re.finditer(r"(?m)^    ([\w, ]+): (.*(?:\n     +\S.*)*)", section[1] if section else ""):
        for name in entry[1].split(","):
            found[name.strip()] = re.sub(r"\s+", " ", entry[2].replace("``", "'")).strip()
    return found


if __name__ == "__main__":
    SCHEMA_FILE.write_text(json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
