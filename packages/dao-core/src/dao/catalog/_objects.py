"""The declared objects of one store, each created when it is looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from dao.catalog._patterns import NamePattern, best_match, filler
from dao.data_object import DataObject
from dao.display import TableView, even_half_made, table_of
from dao.errors import ConfigError, Fault
from dao.plugins import Plugins, default_plugins
from dao.secrets import Interpolated, Secret, Template

if TYPE_CHECKING:
    from dao.data_store import DataStore

__all__ = ["ObjectMap", "resolve_properties"]


@even_half_made
class ObjectMap(Mapping[str, DataObject]):
    """Objects by name. Iteration yields the names declared in the catalog; look-ups also match name patterns.

    Safe between threads. Pickles carry the declarations.
    """

    def __init__(
        self,
        declared: Mapping[str, Mapping[str, Any]],
        patterns: tuple[NamePattern, ...],
        plugins: Plugins | None,
        default_type: str = DataObject.type_name,
    ) -> None:
        self._declared = declared
        self._default_type = default_type
        self.patterns = patterns
        self._names = [name for name in declared if "{" not in name] if patterns else None
        self._plugins = plugins
        self._made: dict[str, DataObject] = {}
        self._store: DataStore | None = None

    def place(self, store: DataStore) -> None:
        """Set the store that the objects belong to."""
        self._store = store

    def __getitem__(self, name: str) -> DataObject:
        """The object of a name.

        Raises:
            KeyError: none is declared by that name, and no pattern matches.
            ConfigError: two patterns match equally well, or a property has a reference without a value.
            PluginError: the plugin of its type is missing or broken.
        """
        found = self._made.get(name)
        if found is not None:
            return found
        declaration = self._declared.get(name)
        if declaration is not None and "{" not in name:
            return self._made.setdefault(name, self._make(name, name, declaration, None))
        best = best_match(self.patterns, name) if isinstance(name, str) else None
        if best is None:
            raise KeyError(name)
        # Not cached: a pattern matches any number of names.
        return self._make(name, best[0].text, self._declared[best[0].text], best[1])

    def _make(
        self, name: str, declared_as: str, declaration: Mapping[str, Any], values: Mapping[str, str] | None
    ) -> DataObject:
        kind: type[DataObject] = (self._plugins or default_plugins()).object_type(
            declaration.get("type", self._default_type)
        )
        path = f"{self._store.name if self._store else '?'}.objects.{declared_as}"
        given = {key: value for key, value in declaration.items() if key != "type"}
        return kind(name, self._store, **resolve_properties(given, path, filler(values) if values else None))

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str):
            return False
        return ("{" not in name and name in self._declared) or any(p.match(name) is not None for p in self.patterns)

    def __iter__(self) -> Iterator[str]:
        return iter(self._declared if self._names is None else self._names)

    def __len__(self) -> int:
        return len(self._declared if self._names is None else self._names)

    _SHOWN = 20

    def _view(self) -> tuple[TableView, str]:
        """The first objects, as they are declared: none is made, no reference is resolved."""
        shown = [(name, self._declared[name]) for name in islice(self._declared, self._SHOWN)]
        rows = [(name, given.get("type", self._default_type), _format_of(given)) for name, given in shown]
        count = f"{len(self):,} object{'' if len(self) == 1 else 's'}, {len(self.patterns):,} name patterns"
        more = f"the first {self._SHOWN} of " if len(self._declared) > self._SHOWN else ""
        return table_of(["name", "type", "format"], rows), more + count

    def __repr__(self) -> str:
        view, foot = self._view()
        return f"{view.text()}\n{foot}" if view.rows else foot

    def _repr_html_(self) -> str:
        view, foot = self._view()
        return f"{view.html() if view.rows else ''}<p>{foot}</p>"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_made": {}, "_plugins": None}


def _format_of(declaration: Mapping[str, Any]) -> str | None:
    found = declaration.get("format")
    return found if isinstance(found, str) else None


def resolve_properties(
    properties: Mapping[str, Any], path: str, fill: Callable[[str], str] | None = None
) -> dict[str, Any]:
    """Resolve references in properties and, with ``fill``, fill in placeholders.

    Raises:
        ConfigError: lists every reference without a value, each with its path.
    """
    made: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in properties.items():
        try:
            made[name] = _resolve(value, fill)
        except ConfigError as error:
            faults.extend(Fault(f"{path}.{name}", fault.message) for fault in error.faults)
    if faults:
        raise ConfigError(faults)
    return made


def _resolve(value: Any, fill: Callable[[str], str] | None) -> Any:
    if isinstance(value, str):
        if "${" in value:
            template = Template.parse(value)
            template = template if fill is None else template.map_text(fill)
            return Interpolated(template) if template.references else template.resolve()
        return value if fill is None else fill(value)
    if isinstance(value, Secret):
        return value
    if isinstance(value, Mapping):
        return {name: _resolve(inner, fill) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_resolve(inner, fill) for inner in value)
    return value
