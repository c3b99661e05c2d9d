"""Checks every store of a catalog: its configuration, whether it responds, whether it can be written to."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from functools import partial
from time import perf_counter
from typing import TYPE_CHECKING, Any

from dao._cli.doctor.asking import Asked
from dao._cli.doctor.calls import refused_calls
from dao._cli.doctor.finding import Finding, advice_for, of_error
from dao.catalog._properties import PropertyNames
from dao.data_object import DataObject, DirectoryObject, FileObject, TableObject
from dao.data_store import DataStore
from dao.errors import ConfigError, DaoError, DataError, NoRouteError, UnsupportedError
from dao.results import TableInfo
from dao.secrets import Reference, Secret, Template

if TYPE_CHECKING:
    from dao._core.dao import DataAccessObject
    from dao.catalog import Catalog

__all__ = ["check_capabilities", "check_stores"]

_AREA = "stores"


def check_stores(access: DataAccessObject, catalog: Catalog, *, seconds: float, write: bool) -> Iterator[Finding]:
    """Check all stores concurrently, and return the findings in the catalog's order.

    Args:
        access: makes the calls; needs no catalog.
        catalog: the stores.
        seconds: how long to wait for all of them; imports don't count.
        write: also write a small file or table into each, and delete it.
    """
    asked = {name: Asked.start(partial(_check, access, catalog, name, write)) for name in catalog.stores}
    left = seconds
    for name, answer in asked.items():
        found, left = answer.wait(left)
        if found is None:
            told = f"no answer within {seconds:g} seconds"
            yield Finding(
                _AREA, name, "error", told, "check the network and the endpoint, or give it longer: --timeout"
            )
        else:
            yield from of_error(_AREA, name, found) if isinstance(found, Exception) else found


def check_capabilities(access: DataAccessObject, catalog: Catalog) -> Iterator[Finding]:
    """A note on what each store can't do, as its interfaces declare it; nothing for a store that can't be used here."""
    for name in catalog.stores:
        try:
            absences = access.capabilities(catalog.store(name)).absences()
        except DaoError:
            continue
        lacking = [absence.subject for absence in absences if absence.kind in ("action", "mode", "operation")]
        if lacking:
            found = f"can't do: {', '.join(lacking)}"
            yield Finding("capabilities", name, "note", found, "dao.capabilities(store) has the reasons")


def _check(access: DataAccessObject, catalog: Catalog, name: str, write: bool) -> Iterator[Finding]:
    try:
        store = catalog.store(name)
    except DaoError as error:
        yield from of_error(_AREA, name, error)
        return
    problems = [*_references(store), *_objects(store)] or list(_interfaces(store))
    yield from problems
    if not problems:
        yield from _properties(store)
        yield from refused_calls(access, store)
        yield _answer(access, store)
        yield _try_write(access, store) if write else _writable(access, store)


def _references(store: DataStore) -> Iterator[Finding]:
    """A finding for every reference without a value among the interfaces' options; values are never shown."""
    for spec in store.specs:
        for reference, path in _references_in(spec.options, spec.path or store.name):
            try:
                reference.resolve()
            except ConfigError as error:
                advice = "give it a value where this runs, or a default in the catalog"
                yield Finding(_AREA, store.name, "error", f"{error} @ {path}", advice)


def _references_in(value: Any, path: str) -> Iterator[tuple[Reference, str]]:
    if isinstance(value, Secret):
        yield from ((reference, path) for reference in value.references)
    elif isinstance(value, str) and "${" in value:
        yield from ((reference, path) for reference in Template.parse(value).references)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _references_in(inner, f"{path}.{name}")
    elif isinstance(value, (list, tuple)):
        for at, inner in enumerate(value):
            yield from _references_in(inner, f"{path}[{at}]")


def _objects(store: DataStore) -> Iterator[Finding]:
    for name in store.objects:
        try:
            store.objects[name]
        except DaoError as error:
            yield from of_error(_AREA, store.name, error)


def _interfaces(store: DataStore) -> Iterator[Finding]:
    """A finding for every interface that can't be imported or built."""
    try:
        positions = range(len(store.classes))
    except DaoError as error:
        yield from of_error(_AREA, store.name, error)
        return
    for position in positions:
        try:
            store.built(position)
        except Exception as error:
            yield from of_error(_AREA, store.name, error)


def _properties(store: DataStore) -> Iterator[Finding]:
    """A note on properties that no method accepts: they may be user-defined, or typos."""
    names = PropertyNames([kind for _, kind in store.classes])
    holders: dict[str, list[str]] = {}
    for name in names.unknown(store.properties):
        holders.setdefault(name, []).append("the store")
    for identifier in store.objects:
        for name in names.unknown(store.objects[identifier].properties):
            holders.setdefault(name, []).append(repr(identifier))
    if holders:
        listed = [f"{name!r} of {', '.join(of[:3])}{' and others' * (len(of) > 3)}" for name, of in holders.items()]
        told = f"properties that nothing here takes: {'; '.join(listed)}"
        yield Finding(_AREA, store.name, "note", told, "they are there for your own code; or their names are misspelt")


def _answer(access: DataAccessObject, store: DataStore) -> Finding:
    """List the store, or check whether its first object exists."""
    names = ", ".join(spec.name for spec in store.specs)
    began = perf_counter()
    try:
        told = _query(access, store)
    except NoRouteError:
        return Finding(_AREA, store.name, "note", f"{names}: can't be asked: no list, and no exists for an object")
    except Exception as error:
        (first, *_) = of_error(_AREA, store.name, error)
        return Finding(_AREA, store.name, "error", first.message, advice_for(error), perf_counter() - began)
    took = perf_counter() - began
    return Finding(_AREA, store.name, "ok", f"{names}: answers in {took * 1000:,.0f} ms; {told}", "", took)


def _query(access: DataAccessObject, store: DataStore) -> str:
    try:
        first_found = next(iter(access.list(store)), None)
        if first_found is None:
            return "is empty"
        return "holds tables" if isinstance(first_found, TableInfo) else "holds files"
    except NoRouteError:
        first = next(iter(store.objects), None)
        if first is None:
            raise
    return f"{first!r} is there" if access.exists(store.object(first)) else f"{first!r} is not there yet"


def _writable(access: DataAccessObject, store: DataStore) -> Finding:
    """Whether it has any route to write; nothing is written."""
    examples: tuple[Any, ...] = (b"", [{}])
    for place in (FileObject("probe", store), *_first_object(store)):
        for data in examples:
            try:
                access.explain("write", data, place)
            except DataError:
                pass  # there is a route, for other data
            except DaoError:
                continue
            return Finding(_AREA, store.name, "note", "has a route for write; --write tries whether it is allowed")
    return Finding(_AREA, store.name, "note", "can only be read: none of its interfaces writes")


def _first_object(store: DataStore) -> list[DataObject]:
    first = next(iter(store.objects), None)
    return [DirectoryObject("probe", store)] if first is None else [store.object(first)]


def _try_write(access: DataAccessObject, store: DataStore) -> Finding:
    """Write something small under a unique name, and delete it: a file, or a table where a store keeps no files."""
    unique = secrets.token_hex(8)
    file = FileObject(f".dao-doctor-{unique}", store, key=f".dao-doctor-{unique}")
    table = TableObject(f"dao_doctor_{unique}", store, key=f"dao_doctor_{unique}")
    tries: tuple[tuple[str, DataObject, Any], ...] = (
        ("file", file, b"dao doctor was here"),
        ("table", table, [{"written_by": "dao doctor"}]),
    )
    for noun, probe, data in tries:
        try:
            access.write(data, probe)
        except (NoRouteError, UnsupportedError):
            continue
        except Exception as error:
            (first, *_) = of_error(_AREA, store.name, error)
            return Finding(_AREA, store.name, "error", f"is not writable: {first.message}", advice_for(error))
        return _try_delete(access, store, noun, probe)
    told = "can't be tried: none of its interfaces writes plain files or tables of a name of its own"
    return Finding(_AREA, store.name, "note", told)


def _try_delete(access: DataAccessObject, store: DataStore, noun: str, probe: DataObject) -> Finding:
    try:
        access.delete(probe)
    except Exception as error:
        (first, *_) = of_error(_AREA, store.name, error)
        told = f"is writable, but a {noun} can't be deleted: {first.message}"
        return Finding(_AREA, store.name, "warning", told, f"delete {probe.key!r} by hand")
    return Finding(_AREA, store.name, "ok", f"is writable: a small {noun} was written and deleted")
