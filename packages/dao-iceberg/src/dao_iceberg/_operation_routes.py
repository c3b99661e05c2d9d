"""The routes of ``run`` that look after a table: files, manifests, versions that aren't needed any more."""

from __future__ import annotations

from dao.data_object import TableObject
from dao.results import WriteResult
from dao_iceberg._base import IcebergBase

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
        from dao_iceberg._compacting import compact

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
        from dao_iceberg._compacting import rewrite_manifests

        return rewrite_manifests(self._client, data_object.key, self.conflict_timeout, branch or "main")
