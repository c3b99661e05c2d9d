"""COPY: files on S3 become rows of a table, all of them or none."""

from __future__ import annotations

from dao_redshift.testing._bulk._columnar import ColumnarLoad
from dao_redshift.testing._bulk._columns import Target, target_of
from dao_redshift.testing._bulk._faults import LoadError
from dao_redshift.testing._bulk._loads import Loaded, Loads
from dao_redshift.testing._bulk._manifest import files_of
from dao_redshift.testing._bulk._rows import TextLoad
from dao_redshift.testing._bulk._storage import BulkStorage, S3Object
from dao_redshift.testing._statements import Copy, RedshiftError, Upstream

__all__ = ["run_copy"]


def run_copy(copy: Copy, upstream: Upstream, storage: BulkStorage, loads: Loads) -> Loaded:
    """Load files in the client's transaction.

    Raises:
        RedshiftError: nothing was loaded; `loads` has what Redshift's views of load errors show.
    """
    target = target_of(copy, upstream)
    load = (ColumnarLoad if copy.format in ("PARQUET", "ORC") else TextLoad)(copy, target, storage)
    try:
        rows = _load(load, [one for one in files_of(copy, storage) if one.size], upstream)
    except RedshiftError as error:
        loads.copy_failed(copy, target, error.message, load.errors)
        raise
    loads.copied(copy, target, load.files, rows, load.errors)
    return Loaded(rows, _notices(target, rows, load.errors))


def _load(load: ColumnarLoad | TextLoad, files: list[S3Object], upstream: Upstream) -> int:
    chunks = load.chunks(files)
    if "NOLOAD" in load.copy.options:
        for _ in chunks:
            pass
        return 0
    return upstream.copy_in(_into(load.target, load.options), chunks)


def _into(target: Target, options: str) -> str:
    names = ", ".join('"' + column.name.replace('"', '""') + '"' for column in target.columns)
    return f"COPY {target.table} ({names}) FROM STDIN WITH {options}"


def _notices(target: Target, rows: int, errors: list[LoadError]) -> tuple[str, ...]:
    completed = f"Load into table '{target.name}' completed, "
    notices = [f"{completed}{rows} record(s) loaded successfully."]
    if errors:
        details = "Check 'stl_load_errors' system table for details."
        notices.append(f"{completed}{len(errors)} record(s) could not be loaded.  {details}")
    return tuple(notices)
