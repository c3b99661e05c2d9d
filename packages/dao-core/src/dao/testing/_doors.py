"""A check of the public modules of a package, for each package of DAO and for each backend."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module
from types import ModuleType

__all__ = ["door_faults"]


def door_faults(package: str, public: Iterable[str]) -> list[str]:
    """Return the faults of a package's public modules, one line each; an empty list if there are none.

    A public module must list its names in ``__all__``, and each of them must be importable. If they are imported on
    demand (:func:`dao.lazy.door`), ``__all__``, ``_HOMES`` and the imports for type checkers must be there and have the
    same names.

    Args:
        package: the import name of the package.
        public: the modules that others may import; all others must have an underscore in their names.

    >>> door_faults("dao.lazy", ["dao.lazy"])
    []
    """
    listed, found = set(public), set(_public_modules(package))
    return [
        *(f"{name}: has no underscore in its name, and is not listed as public" for name in sorted(found - listed)),
        *(f"{name}: is listed as public, and is not there" for name in sorted(listed - found)),
        *(fault for name in sorted(found & listed) for fault in _faults(import_module(name))),
    ]


def _public_modules(package: str) -> Iterator[str]:
    yield package
    for info in pkgutil.iter_modules(getattr(import_module(package), "__path__", ())):
        if not info.name.startswith("_"):
            yield from _public_modules(f"{package}.{info.name}")


def _faults(module: ModuleType) -> Iterator[str]:
    names = getattr(module, "__all__", None)
    if names is None:
        if any(not name.startswith("_") for name in _own(module)):
            yield f"{module.__name__}: has no __all__"
        return
    if len(set(names)) < len(names):
        yield f"{module.__name__}: __all__ names something twice"
    for name in names:
        try:
            getattr(module, name)
        except AttributeError as error:
            yield f"{module.__name__}.{name}: can't be loaded: {error}"
    homes = getattr(module, "_HOMES", None)
    if homes is not None:
        yield from _disagreements(module, set(names), homes)
    elif "__getattr__" in vars(module):
        yield f"{module.__name__}: loads names on demand, and has no _HOMES that says from where"


def _own(module: ModuleType) -> Iterator[str]:
    """The names that a module without ``__all__`` would export."""
    return (name for name, value in vars(module).items() if not inspect.ismodule(value) and name != "annotations")


def _disagreements(module: ModuleType, names: set[str], homes: dict[str, str]) -> Iterator[str]:
    typed = dict(_imports_for_types(module))
    for where, others in (("_HOMES", set(homes)), ("the imports under TYPE_CHECKING", set(typed))):
        for name in sorted(names ^ others):
            yield f"{module.__name__}.{name}: is in one of __all__ and {where}, and not in the other"
    for name in sorted(set(homes) & set(typed)):
        if homes[name] != typed[name]:
            yield f"{module.__name__}.{name}: is loaded from {homes[name]}, and typed from {typed[name]}"
    if list(homes) != sorted(homes):
        yield f"{module.__name__}: _HOMES is not sorted"


def _imports_for_types(module: ModuleType) -> Iterator[tuple[str, str]]:
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            for line in node.body:
                if isinstance(line, ast.ImportFrom):
                    yield from ((alias.asname or alias.name, str(line.module)) for alias in line.names)
