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
from dao_files.manifest._tidying import garbage
from dao_files.manifest._transport import Stat, Transport
from dao_files.manifest._tree_change import TreeChange
from dao_files.manifest._view import look

if TYPE_CHECKING:
    from dao_files.manifest._storage import ManifestStorage

__all__ = ["vacuum"]


def vacuum(storage: ManifestStorage, data_object: DataObject, older_than: timedelta) -> WriteResult:
    """See :meth:`dao_s3._interface.S3Interface.run_vacuum`."""
    key = place_of(storage, data_object, writing=True).key
    left = retry_conflicts(storage.conflict_timeout, lambda: _swept(storage.transport, key, older_than))
    uploads = _given_up(storage.transport, key, datetime.now(UTC) - older_than)
    return WriteResult(bytes=sum(stat.size for stat in left), files=len(left) + uploads)


def _swept(transport: Transport, key: str, older_than: timedelta) -> Sequence[Stat]:
    view = look(transport, key)
    if view.manifest is None:
        left = garbage(view, older_than)
        transport.delete([stat.key for stat in left])
        return left
    with TreeChange(transport, key) as change:
        return change.sweep(older_than)


def _given_up(transport: Transport, key: str, until: datetime) -> int:
    """How many open uploads were begun before and are given up now; none where a driver can't ask for them."""
    try:
        uploads = [one for one in transport.open_uploads(f"{key}/") if one.begun is not None and one.begun <= until]
    except UnsupportedError:
        return 0
    for upload in uploads:
        transport.abort_upload(upload)
    return len(uploads)
