"""The routes of ``run`` that look after a table: files, manifests, versions that aren't needed any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from dao.data_object import TableObject
from dao.results import WriteResult
from dao_iceberg._routes.base import IcebergBase

__all__ = ["OperationRoutes"]


class OperationRoutes(IcebergBase):
    """See :class:`dao_iceberg.IcebergInterface`."""

    def run_compact(
        self, data_object: TableObject, *, target_size: int | None = None, branch: str | None = None
    ) -> WriteResult:
        """Write small files, and files of which rows are deleted, again as few large ones: ``run("compact", ...)``.

        The rows stay. Delete files that no data file needs any more go, and files of older partitions get the newest.

        Args:
            data_object: the table.
            target_size: bytes of a file; the table's property ``write.target-file-size-bytes`` by default, or else the
                store's ``target_file_size``.
            branch: compact this branch.

        Returns:
            ``details`` has ``files_removed`` and ``files_added``.
        """
        from dao_iceberg._actions.compacting import compact

        settings = self._file_settings
        return compact(self._client, data_object.key, self.conflict_timeout, settings, target_size, branch or "main")

    def run_rewrite_manifests(self, data_object: TableObject, *, branch: str | None = None) -> WriteResult:
        """Write many small manifests as few, sorted by partition: ``run("rewrite_manifests", ...)``. The files stay.

        Args:
            data_object: the table; its property ``commit.manifest.target-size-bytes`` (8 MiB) is the wanted size.
            branch: those of this branch.

        Returns:
            ``details`` has ``manifests_removed`` and ``manifests_added``.
        """
        from dao_iceberg._actions.compacting import rewrite_manifests

        return rewrite_manifests(self._client, data_object.key, self.conflict_timeout, branch or "main")

    def run_expire(
        self,
        data_object: TableObject,
        *,
        older_than: float | timedelta | None = None,
        keep: int | None = None,
        dry_run: bool = True,
    ) -> WriteResult:
        """Delete old versions, and the files that no other version needs: ``run("expire", ..., dry_run=False)``.

        The newest version of each branch stays, and those that a tag names; but a branch or tag whose version is older
        than ``history.expire.max-ref-age-ms`` goes, other than ``main``. What a branch or tag says of itself (its age,
        that of its versions, how many stay) prevails over the arguments, and these over the table's properties, as in
        Java's Iceberg. Files go after the versions: if it is cut off, ``orphans`` deletes them.

        Args:
            data_object: the table.
            older_than: seconds, or a ``timedelta``; the table's property ``history.expire.max-snapshot-age-ms`` by
                default, or else 5 days. No reader may be reading an older version.
            keep: how many of the newest versions of each branch stay, however old they are; by default what the table
                says (``history.expire.min-snapshots-to-keep``), or else 1.
            dry_run: delete nothing, and say what would be deleted.

        Returns:
            ``files`` are those that are gone, or would be; ``details`` has ``versions``, how many of them, ``names``,
            the branches and tags that went, and ``dry_run``.

        Raises:
            UnsupportedError: the table's property ``gc.enabled`` is false, or one of its files is outside of the store.
        """
        from dao_iceberg._actions.expiring import expire

        return expire(self._client, data_object.key, self.conflict_timeout, older_than, keep, dry_run=dry_run)

    def run_orphans(
        self, data_object: TableObject, *, older_than: float | timedelta | None = None, dry_run: bool = True
    ) -> WriteResult:
        """Delete the files that no version needs, such as killed writers leave: ``run("orphans", ..., dry_run=False)``.

        All files in the table's folders are looked at, but not those in the folders of other tables below.

        Args:
            data_object: the table.
            older_than: seconds, or a ``timedelta``; 3 days by default. No writer may be at work for longer.
            dry_run: delete nothing, and say what would be deleted.

        Returns:
            ``files`` are those that are gone, or would be; ``details`` has ``bytes_freed`` and ``dry_run``.

        Raises:
            UnsupportedError: the table's property ``gc.enabled`` is false, or one of its files is outside of the store.
        """
        from dao_iceberg._actions.orphans import delete_orphans

        return delete_orphans(self._client, data_object.key, older_than, dry_run=dry_run)

    def run_restore(
        self,
        data_object: TableObject,
        *,
        version: int | None = None,
        as_of: datetime | None = None,
        branch: str | None = None,
    ) -> WriteResult:
        """Make an older version the newest one again, as a new version: ``run("restore", ..., version=...)``.

        The table gets its rows, its columns and its positions in sources again. The versions in between stay, and
        :meth:`read_changes` tells the way back.

        Args:
            data_object: the table.
            version: the version, as ``history`` names it.
            as_of: or the last one at or before this moment.
            branch: restore it on this branch, whose columns stay those of the table.

        Raises:
            NotFoundError: there is no such version, or files of it are gone.
            UnsupportedError: it lacks a column that the table is partitioned by in all of its partitionings; or, on a
                branch, it has a column that the table lacks, or lacks one that may not be null.
        """
        from dao.tables import as_moment
        from dao_iceberg._actions.restoring import restore

        moment = None if as_of is None else as_moment(as_of, "as_of")
        return restore(self._client, data_object.key, self.conflict_timeout, version, moment, branch or "main")

    def run_rollback(
        self,
        data_object: TableObject,
        *,
        version: int | None = None,
        as_of: datetime | None = None,
        branch: str | None = None,
    ) -> WriteResult:
        """What :meth:`run_restore` does, by its name in Iceberg: ``run("rollback", ..., version=...)``."""
        return self.run_restore(data_object, version=version, as_of=as_of, branch=branch)
