"""COPY: files on S3 become rows of a table, all of them or none."""

from __future__ import annotations

from collections.abc import Iterator

from dao_redshift.testing._bulk._columnar import columnar_chunks
from dao_redshift.testing._bulk._columns import Target, target_of
from dao_redshift.testing._bulk._faults import SpectrumFault
from dao_redshift.testing._bulk._loads import Loaded, Loads
from dao_redshift.testing._bulk._manifest import files_of
from dao_redshift.testing._bulk._storage import BulkStorage, S3Object
from dao_redshift.testing._bulk._to_postgres import COPY_OPTIONS
from dao_redshift.testing._statements import Copy, RedshiftError, Upstream

__all__ = ["run_copy"]


def run_copy(copy: Copy, upstream: Upstream, storage: BulkStorage, loads: Loads) -> Loaded:
    """Load files in the client's transaction.

    Raises:
        RedshiftError: nothing was loaded; `loads` has what Redshift's views of load errors show.
    """
    if copy.format not in ("PARQUET", "ORC"):
        raise RedshiftError(f"COPY from {copy.format} isn't implemented")
    try:
        target = target_of(copy, upstream)
        files = files_of(copy, storage)
        rows = upstream.copy_in(_into(target), _chunks(copy, target, files, storage))
    except RedshiftError as error:
        loads.failed(copy, error.message, [error.row] if isinstance(error, SpectrumFault) else [])
        raise
    loads.succeeded(copy, files, rows, [])
    return Loaded(rows, (f"Load into table '{target.name}' completed, {rows} record(s) loaded successfully.",))


def _into(target: Target) -> str:
    names = ", ".join('"' + column.name.replace('"', '""') + '"' for column in target.columns)
    return f"COPY {target.table} ({names}) FROM STDIN WITH {COPY_OPTIONS}"


def _chunks(copy: Copy, target: Target, files: list[S3Object], storage: BulkStorage) -> Iterator[bytes]:
    return columnar_chunks(copy, target, [one for one in files if one.size], storage)
