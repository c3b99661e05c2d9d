"""Reads one source of a catalog: a mapping, or a JSON, YAML or TOML file. A bad file is always a ConfigError."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from attrs import frozen

from dao.catalog._parsed import MAX_DEPTH, Repeated
from dao.errors import ConfigError, Fault, did_you_mean
from dao.options._faults import joined
from dao.options._places import working_folder

__all__ = ["CatalogSource", "Source", "read_source", "read_yaml"]

_MAX_BYTES = 8 * 1024 * 1024
"""Ten thousand objects take about 1 MiB; a larger file isn't a catalog, and isn't given to a parser."""

_MAX_VALUES = 2_000_000
_LONG_KEY = re.compile(rf"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){{{MAX_DEPTH * 10}}}")

CatalogSource = str | os.PathLike[str] | Mapping[str, Any]


@frozen
class Source:
    """The content of one source.

    Attributes:
        label: its name in messages: the path as given, or ``dict``.
        content: its top-level mapping.
        folder: the base of its relative paths: the file's folder; for a mapping, the working directory.
        has_file_references: whether there is any ``${file:...}``.
        faults: a fault for every duplicate key in one mapping of the file.
        is_mapping: it is a mapping in memory, not a file.
    """

    label: str
    content: Mapping[str, Any]
    folder: Path
    has_file_references: bool
    faults: tuple[Fault, ...] = ()
    is_mapping: bool = False


def read_source(source: CatalogSource) -> Source:
    """Read a source.

    Raises:
        ConfigError: no such file, it is empty, too large or not UTF-8, its syntax is invalid (with line and column), or
            its top level isn't a mapping.
        PluginError: it is YAML and PyYAML is not installed.
    """
    if isinstance(source, Mapping):
        return Source("dict", source, Path(working_folder()), _has_file_references(source), is_mapping=True)
    if not isinstance(source, (str, os.PathLike)):
        raise ConfigError(f"a catalog is a mapping or the path of a file, found {type(source).__name__}")
    path = Path(source)
    label = str(path)
    text = _text(path, label)
    content, has_repeated = _parser(path, label)(text, label)
    if content is None:
        raise ConfigError("the file is empty: write {} for a catalog without stores", label)
    if not isinstance(content, dict):
        raise ConfigError(f"the top level is a {_kind(content)}, it must be a mapping of store names", label)
    _has_file_references(content)  # for its bounds
    faults = tuple(_find_repeated_keys(content)) if has_repeated else ()
    return Source(label, content, path.absolute().parent, "${file:" in text, faults)


def _has_file_references(content: Mapping[str, Any]) -> bool:
    """Whether there is a ``${file:...}`` anywhere.

    Raises:
        ConfigError: it contains itself, or exceeds the limits on nesting or on the number of values.
    """
    found = False
    values = 0
    level: list[Any] = [content]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for value in level:
            inner = value.values() if isinstance(value, Mapping) else value
            values += len(inner)
            if values > _MAX_VALUES:
                raise ConfigError(f"a catalog has at most {_MAX_VALUES:,} values, this has more")
            for one in inner:
                if type(one) is str:
                    found = found or "${file:" in one
                elif type(one) in (dict, list) or isinstance(one, (Mapping, list, tuple)):
                    below.append(one)
        if not below:
            return found
        level = below
    raise ConfigError(f"it is nested deeper than {MAX_DEPTH} levels, or holds itself")


def _kind(content: object) -> str:
    return "list" if isinstance(content, list) else type(content).__name__


def _text(path: Path, label: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES + 1)
    except FileNotFoundError:
        raise ConfigError(f"there is no file {str(path.absolute())!r}; {_siblings(path.absolute())}", label) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"the file can't be read: {getattr(error, 'strerror', None) or error}", label) from None
    if len(content) > _MAX_BYTES:
        raise ConfigError(f"the file is larger than {_MAX_BYTES // 2**20} MiB, which no catalog is: split it", label)
    problem, text = "", ""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"the file is not UTF-8: byte 0x{content[error.start]:02x} at line {line}"
    if problem:  # raised outside the except block: the decoding error carries the whole content
        raise ConfigError(problem, label)
    if not text.strip():
        raise ConfigError("the file is empty: write {} for a catalog without stores", label)
    return text


def _siblings(path: Path) -> str:
    try:
        there = [entry.name for entry in path.parent.iterdir() if entry.suffix.lower() in _PARSERS]
    except OSError:
        return f"there is no folder {str(path.parent)!r} either"
    return did_you_mean(path.name, there)


def _parser(path: Path, label: str) -> Callable[[str, str], tuple[Any, bool]]:
    parser = _PARSERS.get(path.suffix.lower())
    if parser is None:
        raise ConfigError(f"the file's name ends in {path.suffix!r}, it must be one of {', '.join(_PARSERS)}", label)
    return parser


def _from_json(text: str, label: str) -> tuple[Any, bool]:
    has_repeated = False

    def pairs_hook(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal has_repeated
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        has_repeated = True
        return _build_repeated(made, pairs)

    try:
        return json.loads(text, object_pairs_hook=pairs_hook, parse_constant=_no_constant), has_repeated
    except json.JSONDecodeError as error:
        problem = f"not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})"
    except RecursionError:
        problem = "not valid as a catalog: it is nested too deep"
    except _NoConstant as error:
        problem = f"not valid JSON: {error} is no JSON number"
    except ValueError:  # more digits than Python converts to an int
        problem = "not valid as a catalog: it holds a number that is too long"
    raise ConfigError(problem, label)


class _NoConstant(Exception):
    pass


def _no_constant(name: str) -> NoReturn:
    raise _NoConstant(name)


def _build_repeated(made: dict[str, Any], pairs: list[tuple[str, Any]]) -> Repeated:
    seen: set[str] = set()
    twice = Repeated(made)
    twice.keys_twice = []
    for key, _ in pairs:
        if key in seen:
            twice.keys_twice.append((key, ""))
        seen.add(key)
    return twice


def read_yaml(text: str, label: str) -> Mapping[str, Any]:
    """Read a config that is no catalog from YAML, with a catalog's rules: no tags that run code, no key twice.

    Args:
        text: the YAML.
        label: what it is called in messages, such as its path.

    Raises:
        ConfigError: its syntax is invalid (with line and column), a key is repeated, or it is no mapping.
        PluginError: PyYAML is not installed.

    >>> read_yaml("region: eu-central-1", "a text")
    {'region': 'eu-central-1'}
    """
    content, has_repeated = _from_yaml(text, label)
    if not isinstance(content, dict):
        raise ConfigError(f"the top level is a {_kind(content)}, it must be a mapping", label)
    faults = tuple(_find_repeated_keys(content)) if has_repeated else ()
    if faults:
        raise ConfigError(faults, label)
    return content


def _from_yaml(text: str, label: str) -> tuple[Any, bool]:
    from dao.catalog._yaml_file import parse

    return parse(text, label)


def _from_toml(text: str, label: str) -> tuple[Any, bool]:
    import tomllib

    if _LONG_KEY.search(text):  # the parser's time grows with the square of a key's parts
        raise ConfigError(f"not valid as a catalog: a key of more than {MAX_DEPTH * 10:,} parts", label)
    try:
        return tomllib.loads(text), False  # TOML's own rules make a repeated key an error
    except tomllib.TOMLDecodeError as error:
        problem = str(error)
    except RecursionError:
        problem = "it is nested too deep"
    except ValueError:  # invalid dates and numbers that are too long
        problem = "it holds a date or a number that is none"
    raise ConfigError(f"not valid TOML: {problem}", label)


_PARSERS: dict[str, Callable[[str, str], tuple[Any, bool]]] = {
    ".json": _from_json,
    ".yaml": _from_yaml,
    ".yml": _from_yaml,
    ".toml": _from_toml,
}


def _find_repeated_keys(content: Any, path: str = "") -> Iterator[Fault]:
    if isinstance(content, Repeated):
        for key, place in content.keys_twice:
            yield Fault(joined(path, key), f"the key {key!r} stands here more than once{place}")
    items = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for name, inner in items:
        if isinstance(inner, (dict, list)):
            yield from _find_repeated_keys(inner, joined(path, name))
