"""Turns a class into an interface: its fields are its configuration, its methods are its routes.

No base class is needed. A method is a route when its name is an action (``read``) or an action and more
(``read_csv``; the longest action wins, so ``read_stream_csv`` serves ``read_stream``), or when it is marked:

>>> class Mine:
...     def read(self, data_object, *, where=None): ...
...     @register("read")
...     @when(format="csv")
...     def parse(self, data_object, *, delimiter=","): ...

A method named ``run_<operation>`` serves ``run`` for that operation alone.

A ``copy`` or ``move`` within a store is the method of that name. Between objects that it doesn't serve, other stores'
among them, the source object is offered to the target's ``write`` as ``data``, then the target to the source's
``unload`` as ``target``. Only a parameter that is annotated with the object's type takes it: ``data: TableObject`` for
tables.

A parameter's name gives its role: ``data`` is what is handed in, ``data_object`` the object, ``target`` the
destination of ``copy``, ``move`` and ``unload``, ``operation`` what ``run`` was asked for. Every other parameter is an
argument of the call. Annotations of ``data`` and ``data_object`` say which types the route takes; a string such as
``"pyspark.sql.DataFrame"`` names a type whose library need not be installed.

Where several interfaces of a store fit a call, the first that asks for what the call has serves it: by an annotation of
``data`` that isn't ``Any``, or by a condition on ``into`` (``@when(into="spark")`` or ``into: Literal["spark"]``).
Before all of them goes one that is for objects of this type, by an annotation of ``data_object`` that is nearer than
DAO's own types, or for tables of this format, by ``table_formats``.
Such a method makes by itself what ``into`` names; the result of any other is converted.

Arguments that are part of the contract come checked: ``limit`` is an ``int`` of at least 0,
``columns`` a list of texts, ``mode`` one of the five modes or a value that an own ``@when(mode=...)`` names.

Optional, all of them:

- ``capabilities`` on the class says what it can't do, see :class:`dao.capabilities.Capabilities`;
- ``close()`` is called when the store is closed;
- ``translate_error(error)`` turns a driver's error into a :class:`~dao.errors.DaoError`, or returns ``None`` to leave
  it;
- ``carries_state = True`` on the class says that a pickled store takes the instance along, because what it holds is
  nowhere else;
- ``takes_format_options = True`` on the class says that ``**options`` of its methods are those of the file formats: a
  call's and a catalog's other names are then refused, with the nearest right one. Without it such a method takes every
  name, and a misspelt argument is its own affair;
- ``table_formats = ("delta", "parquet")`` on the class says which formats of tables it takes: its own first, for which
  it goes before the store's other interfaces; then those that a plain table may say and that it takes where no other
  interface does. It is ``@when(format=...)`` on every method, and no format fits too;
- ``locate(data_object)`` gives where an object is, for everybody, as a URL without a login, such as
  ``redshift://dwh.eu-central-1:5439/dev.public.orders``: lineage names datasets by it, and by the ``location`` of
  ``plan_call`` where there is no such method;
- ``plan_call(action, data_object, arguments, options)`` gives what a call would do as a mapping, for ``explain``:
  ``location``, ``format``, ``replaces``, ``sql``..., and raises what the call would raise whatever the store holds. It
  doesn't touch the store. ``arguments`` are those that the method names, ``options`` those that go into its
  ``**options``. Entries called like a secret are masked. Where another store's object is offered, an
  :class:`~dao.errors.UnsupportedError` declines it, and the copy is done in another way.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from attrs import evolve, field, frozen

from dao.display import Displayed
from dao.errors import DataError

__all__ = ["ACTIONS", "ROUTED_ACTIONS", "InterfaceSpec", "TableFormat", "is_interface", "register", "when"]

F = TypeVar("F", bound=Callable[..., Any])

ACTIONS: Mapping[str, tuple[str, ...]] = {
    "read": ("data_object",),
    "write": ("data", "data_object"),
    "upsert": ("data", "data_object"),
    "delete": ("data_object",),
    "list": ("data_object",),
    "count": ("data_object",),
    "exists": ("data_object",),
    "schema": ("data_object",),
    "history": ("data_object",),
    "read_changes": ("data_object",),
    "copy": ("data_object", "target"),
    "move": ("data_object", "target"),
    "read_stream": ("data_object",),
    "write_stream": ("data", "data_object"),
    "run": ("operation", "data_object"),
}
"""Every action, with the roles that its positional arguments play, in order."""

ROUTED_ACTIONS: Mapping[str, tuple[str, ...]] = {
    **ACTIONS,
    "unload": ("data_object", "target"),
    "read_position": ("data_object",),
}
"""The actions that methods can serve: all, and two that are parts of others and that users don't call.

``unload`` is one of ``copy`` and ``move``; ``read_position`` one of incremental copies: ``source=`` names one, the
result is the :class:`~dao.increments.Position` that the table has of it, or None, also where there is no table.
"""

ROLES = ("data", "data_object", "target", "operation")
"""What a parameter may stand for that is no argument of the call; see the module's docstring."""

REGISTERED = "__dao_actions__"
CONDITIONS = "__dao_conditions__"

_BY_LENGTH = sorted(ROUTED_ACTIONS, key=len, reverse=True)


def register(*actions: str) -> Callable[[F], F]:
    """Mark a method as a route for these actions, whatever its name.

    Raises:
        DataError: no action was given, or one that doesn't exist.
    """
    unknown = [action for action in actions if action not in ROUTED_ACTIONS]
    if unknown or not actions:
        raise DataError(f"@register takes actions, found {unknown or 'none'}; actions: {', '.join(ROUTED_ACTIONS)}")

    def mark(method: F) -> F:
        setattr(method, REGISTERED, (*actions, *getattr(method, REGISTERED, ())))
        return method

    return mark


def when(**conditions: Any) -> Callable[[F], F]:
    """Let a route serve only calls where each named value fits.

    A value is looked up in the call's arguments, then in the object's properties. A condition is one value or a
    list, tuple or set of them. Several conditions must all hold; a route with more of them is more specific.

    >>> class Mine:
    ...     @when(format=("csv", "tsv"))
    ...     def read_text(self, data_object): ...
    """
    if not conditions:
        raise DataError("@when takes at least one condition, such as @when(format='csv')")
    allowed = {name: _values(wanted) for name, wanted in conditions.items()}

    def mark(method: F) -> F:
        setattr(method, CONDITIONS, {**getattr(method, CONDITIONS, {}), **allowed})
        return method

    return mark


def _values(wanted: Any) -> frozenset[Any]:
    if isinstance(wanted, Collection) and not isinstance(wanted, (str, bytes)):
        return frozenset(wanted)
    return frozenset((wanted,))


@frozen
class InterfaceSpec(Displayed):
    """Which interface a store uses and how it is configured, before anything is built or imported.

    Attributes:
        name: the name it goes by: a registered name (``s3``), or the class's own name.
        target: ``None`` for a registered name; ``"module:Class"``; a class; or an instance.
        options: its configuration, field by field; empty for an instance.
        path: where in the user's config the options stand, for messages.
        shared: options may hold names that are no fields of this interface, because it shares its store's
            primary interface's options. They are left out.
        folders: where relative places among the options start, by the path of the option, with ``""`` as the
            default; without either in the working directory.
    """

    name: str
    target: Any = None
    options: Mapping[str, Any] = field(factory=dict, repr=lambda options: f"<{', '.join(options)}>")
    path: str = ""
    shared: bool = False
    folders: Mapping[str, str] = field(factory=dict, repr=False)

    def _shown(self) -> Iterable[tuple[str, Any]]:
        return [("name", self.name), ("options", ", ".join(self.options) or None), ("path", self.path or None)]

    def guarded(self, kind: type | None) -> InterfaceSpec:
        """A copy with those options wrapped in :class:`~dao.secrets.Secret` that are secrets by name or type.

        Args:
            kind: the interface's class, which has the types; ``None`` where it is not known.
        """
        from dao.options import guarded_options

        return evolve(self, options=guarded_options(self.options, kind)) if self.options else self

    def __reduce__(self) -> tuple[Any, ...]:
        # A literal in the place of a secret isn't pickled: as a Secret, it raises that error where it is used.
        options = self.guarded(self.target if isinstance(self.target, type) else None).options
        return InterfaceSpec, (self.name, self.target, options, self.path, self.shared, self.folders)


@frozen
class TableFormat(Displayed):
    """The interface for tables that a catalog service, such as AWS Glue, has under a format's name.

    Attributes:
        interface: the registered name of the interface: ``iceberg``.
        object_type: the registered name of the type of their objects: ``iceberg.table``.
        options: of the interface, for such tables.
        by_name: whether the interface asks the service for a table: its key is then ``database/table``, else the key
            of its location.
        endpoint: the option that takes the service's endpoint, where it isn't the usual one.
        account: the option that takes the account whose service it is, where it isn't that of the credentials.

    >>> TableFormat("iceberg", object_type="iceberg.table").interface
    'iceberg'
    """

    interface: str
    object_type: str = "table"
    options: Mapping[str, Any] = field(factory=dict)
    by_name: bool = False
    endpoint: str | None = None
    account: str | None = None


def method_names(interface: type) -> list[str]:
    """The names of what a class and its bases define, in the order in which they do."""
    names: dict[str, None] = {}
    for base in reversed(interface.__mro__[:-1]):
        names.update(dict.fromkeys(vars(base)))
    return list(names)


def actions_of(name: str, method: object) -> tuple[str, ...]:
    """The actions that a method serves: those that it is marked with, else the one that it is named after."""
    marked: tuple[str, ...] = getattr(method, REGISTERED, ())
    return marked or next(((a,) for a in _BY_LENGTH if name == a or name.startswith(f"{a}_")), ())


def _routes(kind: type) -> Iterator[Callable[..., Any]]:
    return (method for _, method in _named_routes(kind))


def _named_routes(kind: type) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in method_names(kind):
        method = inspect.getattr_static(kind, name)
        if inspect.isfunction(method) and actions_of(name, method):
            yield name, method


def serves(kind: type, action: str) -> bool:
    """Whether a class has a method for an action.

    >>> class Numbers:
    ...     def read_primes(self, data_object): ...
    >>> serves(Numbers, "read"), serves(Numbers, "write")
    (True, False)
    """
    return any(action in actions_of(name, method) for name, method in _named_routes(kind))


def served_operations(kind: type) -> frozenset[str]:
    """The operations of ``run`` that a class has methods for, as far as their names and conditions say it."""
    found: set[str] = set()
    for name, method in _named_routes(kind):
        if "run" in actions_of(name, method):
            found |= operations_of(name, method) or set()
    return frozenset(found)


def operations_of(name: str, method: object) -> frozenset[Any] | None:
    """The operations that a method for ``run`` serves; None for any."""
    conditions: Mapping[str, frozenset[Any]] = getattr(method, CONDITIONS, {})
    if "operation" in conditions:
        return conditions["operation"]
    return frozenset((name.removeprefix("run_"),)) if name.startswith("run_") else None


def is_interface(kind: type) -> bool:
    """Whether a class has a method that serves an action and takes the object that the action is about.

    Only such a class is ever made into an interface by its name, so that a config can't have any other made.

    >>> import subprocess
    >>> is_interface(subprocess.Popen)
    False
    """
    return any(map(_takes_an_object, _routes(kind)))


def table_formats_of(kind: type) -> tuple[str, ...]:
    """The formats of tables that an interface is for, its own first; empty where its class doesn't say."""
    return tuple(getattr(kind, "table_formats", ()))


@lru_cache(maxsize=512)
def arguments_of(kind: type) -> Mapping[str, frozenset[Any]]:
    """The arguments that an interface's methods name, each with the values that ``@when`` asks for."""
    found: dict[str, frozenset[Any]] = {}
    for method in _routes(kind):
        conditions: Mapping[str, frozenset[Any]] = getattr(method, CONDITIONS, {})
        parameters = [p.name for p in _parameters(method) if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        for name in (*parameters, *conditions):
            found[name] = found.get(name, frozenset()) | conditions.get(name, frozenset())
    if formats := table_formats_of(kind):
        found["format"] = found.get("format", frozenset()).union(formats)
    return {name: values for name, values in found.items() if name not in ROLES}


@lru_cache(maxsize=512)
def takes_any_argument(kind: type) -> bool:
    """Whether a method of an interface takes arguments of any name, and not only the options of file formats."""
    if getattr(kind, "takes_format_options", False):
        return False
    return any(p.kind is p.VAR_KEYWORD for method in _routes(kind) for p in _parameters(method))


def may_take(kind: type, name: str) -> bool:
    """Whether a method of an interface may take an argument of that name: it names it, or takes any."""
    if name in arguments_of(kind):
        return True
    return any(p.kind is p.VAR_KEYWORD for method in _routes(kind) for p in _parameters(method))


def _parameters(method: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(method).parameters.values())[1:]


def _takes_an_object(method: Callable[..., Any]) -> bool:
    """As a call would hand it over: by its name, in the place of a required parameter, or among any others."""
    return any(
        p.name == "data_object"
        or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        or (p.default is p.empty and p.kind is not p.KEYWORD_ONLY)
        for p in _parameters(method)
    )
