"""YAML for catalogs: PyYAML's safe loader, the fast one where it is there, made stricter and quicker.

libyaml builds the nodes; the values are made here, because PyYAML's own constructors take most of the time of a large
file. Tags that would make objects are refused, as are keys that stand twice, documents with loops, and documents
whose aliases blow up ("billion laughs").
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from dao.catalog.sources import Repeated
from dao.errors import ConfigError, PluginError

__all__ = ["parse"]

_MAX_DEPTH = 100
_MAX_EXPANSION = 20
"""How many times larger than what is written a document may get by its aliases, beyond the first 100,000 nodes."""


class _Bad(Exception):
    """What is wrong with the document; it never quotes a value, which may be a secret."""

    def __init__(self, problem: str, node: Any = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mark = None if node is None else node.start_mark


def parse(text: str, label: str) -> tuple[Any, bool]:
    """The document's value, ``None`` for an empty one; and whether any mapping in it is a :class:`Repeated`.

    Raises:
        ConfigError: wrong syntax, several documents, a tag, key or alias that is not allowed; with line and column.
        PluginError: PyYAML is not installed.
    """
    try:
        import yaml
    except ModuleNotFoundError:
        raise PluginError(f"{label}: YAML needs PyYAML, which is not installed: pip install 'dao-core[yaml]'") from None
    loader = _loader_class()(text)
    try:
        node = loader.get_single_node()
        return (None, False) if node is None else _Values(loader).document(node)
    except yaml.MarkedYAMLError as error:
        problem, mark = _without_quotes(error.problem or error.context or "wrong syntax"), error.problem_mark
    except yaml.YAMLError as error:
        # Characters that YAML does not allow; the reader knows the position, the text is not quoted.
        problem, mark = _without_quotes(str(getattr(error, "reason", None) or "wrong syntax")), None
    except _Bad as error:
        problem, mark = error.problem, error.mark
    except RecursionError:
        problem, mark = "it is nested too deep", None
    finally:
        loader.dispose()
    place = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
    raise ConfigError(f"not valid YAML: {problem}{place}", label)


def _without_quotes(problem: str) -> str:
    return re.sub(r"(['\"]).{2,}\1", "'...'", problem, flags=re.DOTALL)


@cache
def _loader_class() -> Any:
    import yaml

    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(base):  # type: ignore[misc]
        """The safe loader, remembering how it resolved a plain scalar: names and types repeat all over a catalog."""

        def __init__(self, text: str) -> None:
            super().__init__(text)
            self._resolved: dict[tuple[str, Any], str] = {}

        def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
            if kind is not yaml.ScalarNode:
                return super().resolve(kind, value, implicit)
            found = self._resolved.get((value, implicit))
            if found is None:
                found = self._resolved[value, implicit] = super().resolve(kind, value, implicit)
            return found

    return Loader


class _Values:
    """Makes a document's values out of its nodes."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader
        self._scalars: dict[tuple[str, str], Any] = {}
        self._constructors: dict[str | None, Callable[[Any, Any], Any]] = loader.yaml_constructors
        self._has_repeated = False

    def document(self, node: Any) -> tuple[Any, bool]:
        _check_size(node)
        value = self._value(node)
        return value, self._has_repeated

    def _value(self, node: Any) -> Any:
        kind = node.id
        if kind == "scalar":
            tag, text = node.tag, node.value
            if tag == "tag:yaml.org,2002:str":
                return text
            try:
                return self._scalars[tag, text]
            except KeyError:
                made = self._scalars[tag, text] = self._scalar(node)
                return made
        if kind == "mapping" and node.tag == "tag:yaml.org,2002:map":
            return self._mapping(node)
        if kind == "sequence" and node.tag == "tag:yaml.org,2002:seq":
            return [self._value(item) for item in node.value]
        raise _Bad(_tag_problem(node.tag), node)

    def _scalar(self, node: Any) -> Any:
        constructor = self._constructors.get(node.tag)
        if constructor is None or not node.tag.startswith("tag:yaml.org,2002:"):
            raise _Bad(_tag_problem(node.tag), node)
        try:
            return constructor(self._loader, node)
        except (ValueError, KeyError, IndexError, AttributeError):
            pass
        raise _Bad(f"a value that is no {node.tag.rpartition(':')[2]}; quote it if it is a string", node)

    def _mapping(self, node: Any) -> dict[str, Any]:
        value = self._value
        made: dict[Any, Any] = {}
        repeated: list[tuple[str, str]] = []
        taken_in: list[Any] = []
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                taken_in.append(value_node)
                continue
            key = value(key_node)
            if key_node.id != "scalar":
                raise _Bad("a list or mapping as a key", key_node)
            if key in made:
                repeated.append((key, f" (line {key_node.start_mark.line + 1})"))
            made[key] = value(value_node)
        if taken_in:
            made = {**self._merged(taken_in), **made}
        if repeated:
            self._has_repeated = True
            twice = Repeated(made)
            twice.keys_twice = repeated
            return twice
        return made

    def _merged(self, nodes: list[Any]) -> dict[Any, Any]:
        """What ``<<`` takes in: the first of several mappings wins, as YAML says."""
        taken: dict[Any, Any] = {}
        for node in nodes:
            found = self._value(node)
            for one in found if isinstance(found, list) else [found]:
                if not isinstance(one, dict):
                    raise _Bad("'<<' takes in a mapping or a list of mappings", node)
                taken = {**one, **taken}
        return taken


def _check_size(root: Any) -> None:
    """Refuse loops, depth and alias bombs, before anything is built."""
    sizes: dict[int, int] = {}
    opened: set[int] = set()

    def size(node: Any, depth: int) -> int:
        known = sizes.get(id(node))
        if known is not None:
            return known
        if id(node) in opened:
            raise _Bad("an alias that holds itself", node)
        if depth > _MAX_DEPTH:
            raise _Bad(f"it is nested deeper than {_MAX_DEPTH} levels", node)
        opened.add(id(node))
        inner = [part for pair in node.value for part in pair] if node.id == "mapping" else node.value
        total = 1 + sum(1 if part.id == "scalar" else size(part, depth + 1) for part in inner)
        opened.discard(id(node))
        sizes[id(node)] = total
        return total

    written = root.end_mark.index - root.start_mark.index
    if root.id != "scalar" and size(root, 0) > 100_000 + _MAX_EXPANSION * written:
        raise _Bad("its aliases make it many times larger than it is written", root)


def _tag_problem(tag: str) -> str:
    if tag.startswith("tag:yaml.org,2002:python/"):
        return "a tag '!!python/...' is not allowed: a catalog runs no code"
    # An unknown tag is not quoted: it may be a password that begins with an exclamation mark.
    return "a tag that is not allowed; quote a string that begins with '!'"
