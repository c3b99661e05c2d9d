"""Where an object is, in the words of OpenLineage: the same for every program that names it."""

from __future__ import annotations

from openlineage.client.naming import dataset as naming

from dao._core.prepare import details_of, table_of
from dao.data_object import DataObject
from dao.errors import DaoError
from dao.lineage._moved import Place

__all__ = ["place_of"]


def place_of(data_object: DataObject, interface: str | None = None) -> Place:
    """The place of an object.

    Where its interface knows its absolute location, that: ``s3://bucket`` and a key, ``file`` and a path, the server
    and the table, or the database's file and the table. Else, as for stores in memory and where a location is a table's
    name alone, ``dao://store`` and the key.

    Args:
        data_object: the object.
        interface: the interface that serves it; by default the one that reads it.
    """
    location, is_for_everybody = _location(data_object, interface)
    scheme, separator, rest = location.partition("://")
    host, _, path = rest.partition("/")
    path = path.strip("/")
    if location.startswith("/"):
        return _named(naming.LocalFileSystem(location))
    if scheme == "file" and path:
        return _named(naming.LocalFileSystem(f"/{path}"))
    if scheme in ("s3", "s3a") and path:
        return _named(naming.S3(host, path))
    if separator and host and path:
        host = host.rpartition("@")[2]  # a login is no part of a name
        return Place(f"{scheme}://{host}", path)
    if is_for_everybody and path:
        file, _, name = path.rpartition("/")
        return Place(f"{scheme}:///{file}", name)
    store = data_object.data_store
    return Place(f"dao://{store.name}" if store is not None else "dao", data_object.key or "/")


def _named(found: naming.DatasetNaming) -> Place:
    return Place(found.get_namespace(), found.get_name())


def _location(data_object: DataObject, interface: str | None) -> tuple[str, bool]:
    """Where an interface says that an object is, and whether it says that for other programs too."""
    try:
        plan = table_of(data_object).plan("read", data_object, {}, interface)
        built = data_object.data_store.built(plan.position)  # type: ignore[union-attr]  # table_of checked it
        if callable(getattr(built, "locate", None)):
            return str(built.locate(data_object)), True
        return str(details_of(plan, data_object, {}).get("location", "")), False
    except DaoError:  # it can't be read, or its interface doesn't say where things are
        return "", False
