"""What killed writers have left of a tree, removed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dao.data_object import DataObject
from dao.errors import UnsupportedError
from dao.results import WriteResult
from dao.tables import retry_conflicts
from dao_files._actions.places import place_of
from dao_files.manifest._tidying import Tidying, garbage
from dao_files.manifest._transport import Stat, Transport, Upload
from dao_files.manifest._tree_change import TreeChange
from dao_files.manifest._view import look

if TYPE_CHECKING:
    from dao_files.manifest._storage import ManifestStorage

__all__ = ["vacuum"]


def vacuum(storage: ManifestStorage, data_object: DataObject, older_than: timedelta, *, dry_run: bool) -> WriteResult:
    """Delete what no version of a table needs and what killed writers have left, if it is older than ``older_than``.

    With ``dry_run`` nothing is deleted: the result says what would be.
    """
    key = place_of(storage, data_object, writing=True).key
    transport = storage.transport
    uploads = _old_uploads(transport, key, datetime.now(UTC) - older_than)
    if dry_run:
        left = _useless(transport, key, older_than)
    else:
        left = retry_conflicts(storage.conflict_timeout, lambda: _swept(transport, key, older_than))
        for upload in uploads:
            transport.abort_upload(upload)
    size = sum(stat.size for stat in left)
    return WriteResult(bytes=size, files=len(left) + len(uploads), details={"dry_run": dry_run})


def _useless(transport: Transport, key: str, older_than: timedelta) -> Sequence[Stat]:
    """What :func:`_swept` would delete."""
    view = look(transport, key)
    if view.manifest is None:
        return garbage(view, older_than)
    files = {path: view.place_of(stat) for path, stat in view.own_files.items()}
    return Tidying.of(view, view.manifest, files, {}, older_than).useless


def _swept(transport: Transport, key: str, older_than: timedelta) -> Sequence[Stat]:
    view = look(transport, key)
    if view.manifest is None:
        left = garbage(view, older_than)
        transport.delete([stat.key for stat in left])
        return left
    with TreeChange(transport, key) as change:
        return change.sweep(older_than)


def _old_uploads(transport: Transport, key: str, until: datetime) -> Sequence[Upload]:
    """The open uploads that were begun before; none where a driver can't ask for them."""
    try:
        return [one for one in transport.open_uploads(f"{key}/") if one.begun is not None and one.begun <= until]
    except UnsupportedError:
        return []
