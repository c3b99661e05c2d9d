"""The routes of ``run`` that change what a table is: columns, properties, branches, tags, its name in the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from dao.data_object import TableObject
from dao.results import WriteResult
from dao_iceberg._routes.base import IcebergBase

__all__ = ["TableRoutes"]


class TableRoutes(IcebergBase):
    """See :class:`dao_iceberg.IcebergInterface`."""

    def run_evolve(
        self,
        data_object: TableObject,
        *,
        add: Any = None,
        drop: str | Sequence[str] | None = None,
        rename: Mapping[str, str] | None = None,
        widen: Any = None,
        reorder: str | Sequence[str] | None = None,
        partitions: str | Sequence[str] | None = None,
        order: str | Sequence[str] | None = None,
    ) -> WriteResult:
        """Change the columns, the partitions and the order of a table: ``run("evolve", ..., rename={"a": "b"})``.

        No file is written again: rows have the columns by their ids, older rows are null in new ones, and files keep
        the partitions that they have. A field inside of a struct is named with points: ``"place.city"``; inside of a
        list it is ``"lines.element.price"``, inside of a map's values ``"rates.value.price"``. What is given is done in
        one step: columns are dropped first, then renamed, widened, added and reordered, each by the name that it had
        before.

        Args:
            data_object: the table.
            add: new columns and their types: a mapping such as ``{"note": "string"}``, a ``pyarrow.Schema``, or what
                else :func:`dao.arrow.models.schema_of` takes.
            drop: columns that go; the order goes with a column of it.
            rename: new names by old ones; that of a field is the name alone: ``{"place.city": "town"}``.
            widen: columns and their wider types: ``int`` to ``bigint``, ``float`` to ``double``, decimals to more
                digits.
            reorder: columns that come first, in this order.
            partitions: how new files are partitioned: columns or terms, see :class:`dao_iceberg.IcebergObject`; an
                empty list for not at all.
            order: in which order rows are in new files; an empty list for none.

        Raises:
            DataError: a column is missing or there already, a name with points leads nowhere, a new column may not be
                null, a dropped one is one that the table is partitioned by or that identifies rows, or a term can't be
                made.
            UnsupportedError: a type isn't wider; or the table is of a version that can't be changed.

        >>> import pyarrow as pa
        >>> from dao import DataAccessObject
        >>> place, objects = {"root": getfixture("tmp_path")}, {"items": {"type": "iceberg"}}
        >>> dao = DataAccessObject({"lake": {"interface": "iceberg", "options": place, "objects": objects}})
        >>> _ = dao.write(pa.table({"id": pa.array([1], pa.int32()), "name": ["a"]}), "lake.items")
        >>> given = {"widen": {"id": "bigint"}, "rename": {"name": "title"}, "add": {"n": "int"}}
        >>> changed = dao.run("evolve", "lake.items", **given)
        >>> dao.read("lake.items", into="pylist"), str(dao.schema("lake.items").field("id").type)
        ([{'id': 1, 'title': 'a', 'n': None}], 'int64')
        """
        from dao.arrow.models import schema_of
        from dao_iceberg._actions.altered_tables import Evolution, evolve_table

        asked = Evolution(
            drop=_listed(drop) or (),
            rename=rename,
            widen=None if widen is None else schema_of(widen),
            add=None if add is None else schema_of(add),
            reorder=_listed(reorder) or (),
            partitions=_listed(partitions),
            order=_listed(order),
        )
        return evolve_table(self._client, data_object.key, self.conflict_timeout, asked)

    def run_set_properties(self, data_object: TableObject, *, properties: Mapping[str, Any]) -> WriteResult:
        """Set properties of a table: ``run("set_properties", ..., properties={"gc.enabled": False})``.

        Args:
            data_object: the table.
            properties: the properties; one that is None is removed.

        Raises:
            DataError: a property is one that the table itself says.
            UnsupportedError: DAO couldn't do what it asks for.
        """
        from dao_iceberg._actions.altered_tables import set_properties

        return set_properties(self._client, data_object.key, self.conflict_timeout, properties)

    def run_add_files(
        self, data_object: TableObject, *, paths: str | Sequence[str], branch: str | None = None
    ) -> WriteResult:
        """Add Parquet files that are in the store to a table, in place: ``run("add_files", ..., paths=[...])``.

        Afterwards they are the table's, and must not be changed by others. Their columns are found by field ids, or
        else by names, which the table notes (``schema.name-mapping.default``); bounds come from their footers. Columns
        are read only if the table is partitioned by them, or has them in another type.

        Args:
            data_object: the table, which must be there.
            paths: keys or locations of files, or of folders with a slash behind them. All rows of a file are of one
                partition; a column that it lacks may be in its folder's name, such as ``country=FI``.
            branch: add them to this branch.

        Returns:
            ``rows_inserted`` and ``files`` count what came; ``bytes`` is 0.

        Raises:
            NotFoundError: there is no table, or no such file.
            DataError: the table has a file already; a file is no Parquet, has a column or field that the table lacks,
                or lacks one that may not be null, or has null there; or its rows are of several partitions.
            UnsupportedError: a value doesn't fit the type of its column.
        """
        from dao_iceberg._actions.adding import add_files

        names = _listed(paths) or ()
        return add_files(self._client, data_object.key, self.conflict_timeout, names, branch or "main")

    def run_register(self, data_object: TableObject, *, metadata: str) -> WriteResult:
        """Give the catalog a table that is in the store already: ``run("register", ..., metadata=...)``.

        Afterwards it must be changed through this catalog alone.

        Args:
            data_object: the name that it gets.
            metadata: the key or the location of its newest metadata file, or of the table's folder, whose newest one is
                found by its name.

        Raises:
            NotFoundError: the file isn't there, or the folder has none.
            AlreadyExistsError: there is a table of that name.
            DataError: the folder has two metadata files that may be the newest.
            UnsupportedError: the table's files are outside of the store, or it has what can't be read.
            StoreError: the file is damaged.
        """
        from dao_iceberg._actions.altered_tables import register

        return register(self._client, data_object.key, metadata)

    def run_publish(self, data_object: TableObject, *, branch: str) -> WriteResult:
        """Make the newest version of a branch that of the table: ``run("publish", ..., branch="audit")``.

        So rows can be written to a branch, be checked there, and be seen by all readers at once afterwards. The branch
        stays.

        Args:
            data_object: the table.
            branch: the branch, as ``write(..., branch=...)`` made it.

        Returns:
            ``details`` has ``versions``: how many the table got.

        Raises:
            NotFoundError: there is no such branch.
            ConflictError: the table was changed since the branch began.

        >>> import pyarrow as pa
        >>> from dao import DataAccessObject
        >>> place, objects = {"root": getfixture("tmp_path")}, {"items": {"type": "iceberg"}}
        >>> dao = DataAccessObject({"lake": {"interface": "iceberg", "options": place, "objects": objects}})
        >>> _ = dao.write(pa.table({"id": [1]}), "lake.items")
        >>> _ = dao.write(pa.table({"id": [2]}), "lake.items", mode="append", branch="audit")
        >>> dao.count("lake.items"), dao.count("lake.items", branch="audit")
        (1, 2)
        >>> _ = dao.run("publish", "lake.items", branch="audit")
        >>> dao.count("lake.items")
        2
        """
        from dao_iceberg._actions.refs import publish

        return publish(self._client, data_object.key, self.conflict_timeout, branch)

    def run_create_branch(
        self,
        data_object: TableObject,
        *,
        name: str,
        version: int | None = None,
        as_of: datetime | None = None,
        branch: str | None = None,
    ) -> WriteResult:
        """Make a branch, a line of versions of its own: ``run("create_branch", ..., name="audit")``.

        Args:
            data_object: the table.
            name: of the branch.
            version: it begins at this version; by default at the newest one.
            as_of: or at the last one at or before this moment.
            branch: or at the newest one of this branch.

        Raises:
            AlreadyExistsError: there is a branch or tag of that name.
            NotFoundError: there is no such version.
        """
        return self._create_ref(data_object, "branch", name, version, as_of, branch)

    def run_create_tag(
        self,
        data_object: TableObject,
        *,
        name: str,
        version: int | None = None,
        as_of: datetime | None = None,
        branch: str | None = None,
    ) -> WriteResult:
        """Give a version a name, by which it can be read and which keeps it: ``run("create_tag", ..., name="2025")``.

        The arguments and errors are those of :meth:`run_create_branch`.
        """
        return self._create_ref(data_object, "tag", name, version, as_of, branch)

    def run_refs(self, data_object: TableObject) -> Any:
        """The branches and tags of a table: ``run("refs", ...)``.

        Returns:
            A ``pyarrow.Table`` with a row each, ``main`` first, then branches, then tags: ``name`` (string), ``kind``
            (string: ``branch`` or ``tag``), ``version`` (int64), ``timestamp`` (when the version was made:
            ``timestamp[ms, UTC]``).

        Raises:
            NotFoundError: there is no table.
        """
        from dao_iceberg._actions.refs import refs_of

        return refs_of(self._snapshot(data_object))

    def _create_ref(
        self,
        data_object: TableObject,
        kind: str,
        name: str,
        version: int | None,
        as_of: datetime | None,
        branch: str | None,
    ) -> WriteResult:
        from pyiceberg.table.refs import SnapshotRefType

        from dao.tables import as_moment
        from dao_iceberg._actions.refs import create_ref

        moment = None if as_of is None else as_moment(as_of, "as_of")
        wanted, timeout = SnapshotRefType(kind), self.conflict_timeout
        return create_ref(self._client, data_object.key, timeout, wanted, name, version, moment, branch)

    def run_drop_branch(self, data_object: TableObject, *, name: str) -> WriteResult:
        """Drop a branch: ``run("drop_branch", ..., name="audit")``. Its versions stay until ``expire``.

        Raises:
            NotFoundError: there is none of that name.
        """
        return self._drop_ref(data_object, "branch", name)

    def run_drop_tag(self, data_object: TableObject, *, name: str) -> WriteResult:
        """Drop a tag: ``run("drop_tag", ..., name="2025")``. Its version stays until ``expire``.

        Raises:
            NotFoundError: there is none of that name.
        """
        return self._drop_ref(data_object, "tag", name)

    def _drop_ref(self, data_object: TableObject, kind: str, name: str) -> WriteResult:
        from pyiceberg.table.refs import SnapshotRefType

        from dao_iceberg._actions.refs import drop_ref

        return drop_ref(self._client, data_object.key, self.conflict_timeout, SnapshotRefType(kind), name)


def _listed(given: str | Sequence[str] | None) -> tuple[str, ...] | None:
    return None if given is None else (given,) if isinstance(given, str) else tuple(given)
