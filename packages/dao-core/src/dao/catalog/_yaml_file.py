"""YAML for catalogs: builds values from the events of PyYAML's parser (the C one where available).

PyYAML's loaders build a tree of nodes first, which takes most of the time for a large file. Working on events takes a
third of that, and refuses on the way tags that create objects, duplicate keys, loops, and exponential aliases ("billion
laughs").
"""

from __future__ import annotations

import re
from typing import Any

from attrs import define, field

from dao.catalog._parsed import MAX_DEPTH, Repeated
from dao.errors import ConfigError, PluginError

__all__ = ["parse"]

_FREE_SIZE = 100_000
_MAX_EXPANSION = 20
"""The most values per written character that aliases may expand to, beyond the first 100,000."""

_PREFIX = "tag:yaml.org,2002:"
_SCALARS = {_PREFIX + kind for kind in ("null", "bool", "int", "float", "timestamp", "str")}
_NO_KEY = object()
_MERGE = object()


class _Bad(Exception):
    """A fault of the document; its message never quotes a value, which may be a secret."""

    def __init__(self, problem: str, event: Any = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mark = None if event is None else event.start_mark


def parse(text: str, label: str) -> tuple[Any, bool]:
    """Parse a document to its value (``None`` if empty), and whether any mapping in it is a :class:`Repeated`.

    Raises:
        ConfigError: invalid syntax, several documents, or a tag, key or alias that isn't allowed; with line and column.
        PluginError: PyYAML is not installed.
    """
    try:
        import yaml
    except ModuleNotFoundError:
        raise PluginError(f"{label}: YAML needs PyYAML, which is not installed: pip install 'dao-core[yaml]'") from None
    problem, mark = "", None
    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(text)
        try:
            builder = _Builder(loader, _FREE_SIZE + _MAX_EXPANSION * len(text))
            return builder.document(), builder.has_repeated
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        problem, mark = _without_quotes(error.problem or error.context or "wrong syntax"), error.problem_mark
    except yaml.YAMLError as error:  # characters that YAML does not allow
        problem = _without_quotes(str(getattr(error, "reason", None) or "wrong syntax"))
    except _Bad as error:
        problem, mark = error.problem, error.mark
    # Raised outside the except block: those errors hold parts of the text.
    place = "" if mark is None else f" (line {mark.line + 1}, column {mark.column + 1})"
    raise ConfigError(f"not valid YAML: {problem}{place}", label)


def _without_quotes(problem: str) -> str:
    return re.sub(r"(['\"])(.*?)\1", lambda found: found[0] if len(found[2]) < 2 else "'...'", problem, flags=re.DOTALL)


@define
class _Open:
    """A list or mapping under construction."""

    value: Any
    event: Any
    key: Any = _NO_KEY
    key_line: int = 0
    size: int = 1
    repeated: list[tuple[str, str]] = field(factory=list)
    taken_in: dict[Any, Any] = field(factory=dict)


class _Builder:
    """Builds a document's value from its events."""

    def __init__(self, loader: Any, max_size: int) -> None:
        self.has_repeated = False
        self._loader = loader
        self._max_size = max_size
        self._scalars: dict[Any, Any] = {}
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._open: list[_Open] = []
        self._result: Any = None

    def document(self) -> Any:
        """The only document's value."""
        import yaml

        opens, closes = (yaml.MappingStartEvent, yaml.SequenceStartEvent), (yaml.MappingEndEvent, yaml.SequenceEndEvent)
        documents = 0
        next_event = self._loader.get_event
        while (event := next_event()) is not None:
            kind = event.__class__
            if kind is yaml.ScalarEvent:
                value = self._scalar(event)
                if event.anchor:
                    self._anchors[event.anchor] = value, 1
                self._put(value, 1, event)
            elif kind in opens:
                self._begin(event, {} if kind is yaml.MappingStartEvent else [])
            elif kind in closes:
                self._end()
            elif kind is yaml.AliasEvent:
                self._alias(event)
            elif kind is yaml.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise _Bad("a second document; a catalog is one", event)
            elif kind is yaml.StreamEndEvent:
                break
        return self._result

    def _scalar(self, event: Any) -> Any:
        tag = event.tag
        if tag is None or tag == "!":
            if not event.implicit[0]:
                return event.value
            tag = _PREFIX
        known = self._scalars.get((tag, event.value), _NO_KEY)
        if known is _NO_KEY:
            known = self._scalars[tag, event.value] = self._constructed(event, tag)
        return known

    def _constructed(self, event: Any, tag: str) -> Any:
        import yaml

        if tag == _PREFIX:
            tag = self._loader.resolve(yaml.ScalarNode, event.value, (True, False))
        if tag == _PREFIX + "merge":
            return _MERGE
        if tag == _PREFIX + "value":  # a lone '='
            return event.value
        if tag not in _SCALARS:
            raise _Bad(_tag_problem(tag), event)
        try:
            return self._loader.yaml_constructors[tag](self._loader, yaml.ScalarNode(tag, event.value))
        except (ValueError, KeyError, IndexError, AttributeError):
            pass
        raise _Bad(f"a value that is no {tag.removeprefix(_PREFIX)}; quote it if it is a string", event)

    def _begin(self, event: Any, value: Any) -> None:
        allowed = _PREFIX + ("map" if isinstance(value, dict) else "seq")
        if event.tag is not None and event.tag not in ("!", allowed):
            raise _Bad(_tag_problem(event.tag), event)
        if len(self._open) >= MAX_DEPTH:
            raise _Bad(f"it is nested deeper than {MAX_DEPTH} levels", event)
        if self._expects_key():
            raise _Bad("a list or mapping as a key", event)
        if event.anchor:
            self._anchors.pop(event.anchor, None)
        self._open.append(_Open(value, event))

    def _expects_key(self) -> bool:
        return bool(self._open) and self._open[-1].key is _NO_KEY and isinstance(self._open[-1].value, dict)

    def _end(self) -> None:
        done = self._open.pop()
        value = done.value
        if done.taken_in:
            value = {**done.taken_in, **value}
        if done.repeated:
            self.has_repeated = True
            value = Repeated(value)
            value.keys_twice = done.repeated
        if done.event.anchor:
            self._anchors[done.event.anchor] = value, done.size
        self._put(value, done.size, done.event)

    def _alias(self, event: Any) -> None:
        found = self._anchors.get(event.anchor)
        if found is None:
            if any(one.event.anchor == event.anchor for one in self._open):
                raise _Bad("an alias that holds itself", event)
            raise _Bad("an alias that no anchor defines; quote a string that begins with '*'", event)
        self._put(*found, event)

    def _put(self, value: Any, size: int, event: Any) -> None:
        if value is _MERGE and not self._expects_key():
            raise _Bad("'<<' as a value; quote it if it is a string", event)
        if not self._open:
            self._result = value
            return
        here = self._open[-1]
        here.size += size
        if here.size > self._max_size:
            raise _Bad("its aliases make it many times larger than it is written", event)
        into = here.value
        if isinstance(into, list):
            into.append(value)
        elif here.key is _NO_KEY:
            if isinstance(value, (dict, list)):
                raise _Bad("a list or mapping as a key", event)
            here.key, here.key_line = value, event.start_mark.line + 1
        elif here.key is _MERGE:
            here.key = _NO_KEY
            self._take_in(here, value, event)
        else:
            if here.key in into:
                here.repeated.append((here.key, f" (line {here.key_line})"))
            into[here.key] = value
            here.key = _NO_KEY

    def _take_in(self, here: _Open, value: Any, event: Any) -> None:
        """Merge ``<<``: a mapping's own keys win over included ones, and the first included over later ones."""
        for one in value if isinstance(value, list) else [value]:
            if not isinstance(one, dict):
                raise _Bad("'<<' takes in a mapping or a list of mappings", event)
            here.taken_in = {**one, **here.taken_in}


def _tag_problem(tag: str) -> str:
    if tag.startswith(_PREFIX + "python/"):
        return "a tag '!!python/...' is not allowed: a catalog runs no code"
    # An unknown tag is not quoted: it may be a password that begins with an exclamation mark.
    return "a tag that is not allowed; quote a string that begins with '!'"
