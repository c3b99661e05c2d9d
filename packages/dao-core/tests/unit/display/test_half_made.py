"""What shows the locals of a traceback asks for the repr of objects whose construction failed."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from enum import Enum
from importlib import import_module
from importlib.util import find_spec
from inspect import isabstract, isclass
from pkgutil import walk_packages
from typing import Any

import attrs
import pytest

from dao import AsyncDataAccessObject, DataAccessObject, DataObject, DataStore, DataStoreRegistry, FileObject
from dao.catalog import Catalog
from dao_files import LocalInterface

WRONG = {"l": {"interface": "local", "options": {"rot": 1}}}


def failing(name: str) -> Callable[[], object]:
    return {
        "access": lambda: DataAccessObject(WRONG),
        "async access": lambda: AsyncDataAccessObject(WRONG),
        "a missing file": lambda: DataAccessObject("nowhere.json"),
        "catalog": lambda: Catalog(WRONG),
        "store's name": lambda: DataStore("a.b"),
        "store's properties": lambda: DataStore("a", properties={"key": "x"}),
        "object": lambda: DataObject(""),
        "file": lambda: FileObject(3),  # type: ignore[arg-type]
        "interface": lambda: LocalInterface(3),
        "an interface's validator": lambda: LocalInterface("/x", lock_timeout=-1),
        "built": lambda: DataStore("s", "local", options={"root": "s3://x"}).interface,
        "registry": lambda: DataStoreRegistry([3]),  # type: ignore[list-item]
    }[name]


@pytest.mark.parametrize(
    "name",
    [
        "access",
        "async access",
        "a missing file",
        "catalog",
        "store's name",
        "store's properties",
        "object",
        "file",
        "interface",
        "an interface's validator",
        "built",
        "registry",
    ],
)
def test_a_traceback_with_locals_can_be_shown(name: str) -> None:
    with pytest.raises(Exception) as caught:
        failing(name)()
    for frame, _ in traceback.walk_tb(caught.value.__traceback__):
        for value in frame.f_locals.values():
            assert repr(value)


@pytest.mark.parametrize("package", ["dao", "dao_s3"])
def test_every_class_has_a_repr_for_one_that_was_not_made(package: str) -> None:
    """Those of attrs can only be shown half-made where a converter fails: validators run when all is set."""
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    wrong = []
    for module in walk_packages(import_module(package).__path__, f"{package}."):
        if not module.name.endswith("__main__") and not module.name.startswith("dao._cli"):
            for kind in vars(import_module(module.name)).values():
                if isclass(kind) and kind.__module__ == module.name and _may_be_half_made(kind):
                    half = object.__new__(kind)
                    try:
                        repr(half)
                    except Exception as error:
                        wrong.append(f"{kind.__module__}.{kind.__qualname__}: {error!r}")
    assert not wrong


def _may_be_half_made(kind: type[Any]) -> bool:
    if issubclass(kind, Enum) or isabstract(kind) or kind.__new__ is not object.__new__:
        return False
    return not attrs.has(kind) or any(field.converter and field.init for field in attrs.fields(kind))
