"""What killed writers have left of a tree, removed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from dao.data_object import DataObject
from dao.files.places import place_of
from dao.results import WriteResult
from dao_s3.tree.view import look

if TYPE_CHECKING:
    from dao_s3.tree.storage import S3Storage

__all__ = ["vacuum"]


def vacuum(storage: S3Storage, data_object: DataObject, older_than: timedelta) -> WriteResult:
    """See :meth:`dao_s3._interface.S3Interface.run_vacuum`."""
    key = place_of(storage, data_object, writing=True).key
    transport = storage.transport
    until = datetime.now(UTC) - older_than
    left = [stat for stat in look(transport, key).dead if stat.modified is not None and stat.modified <= until]
    transport.delete([stat.key for stat in left])
    uploads = [one for one in transport.open_uploads(f"{key}/") if one.begun is not None and one.begun <= until]
    for upload in uploads:
        transport.abort_upload(upload)
    return WriteResult(bytes=sum(stat.size for stat in left), files=len(left) + len(uploads))
