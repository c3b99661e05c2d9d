"""Which files a COPY loads: those of a prefix, or those of a manifest.

https://docs.aws.amazon.com/redshift/latest/dg/loading-data-files-using-manifest.html
"""

from __future__ import annotations

import json
from typing import Any

from dao_redshift.testing._bulk._faults import internal
from dao_redshift.testing._bulk._storage import BulkStorage, Place, S3Object
from dao_redshift.testing._statements import Copy

__all__ = ["files_of"]


def files_of(copy: Copy, storage: BulkStorage) -> list[S3Object]:
    """The files that a COPY loads; empty ones are among them.

    Raises:
        RedshiftError: there are none, the manifest is wrong, or a mandatory file is missing.
    """
    place = Place.of(copy.location)
    storage.authorise(copy.credentials, place)
    if "MANIFEST" in copy.options:
        columnar = copy.format in ("PARQUET", "ORC")
        return [one for entry in _entries(place, storage) if (one := _entry(entry, place, storage, columnar))]
    found = [one for one in storage.listed(place) if not one.place.key.endswith("/")]
    if not found:
        raise internal(f"The specified S3 prefix '{place.key}' does not exist", 8001)
    return found


def _entries(place: Place, storage: BulkStorage) -> list[Any]:
    if storage.found(place) is None:
        raise internal(f"The specified S3 prefix '{place.key}' does not exist", 8001)
    try:
        manifest = json.loads(storage.read(place))
    except ValueError:
        raise internal("Invalid JSON format in the manifest file", 8001, place.url) from None
    entries = manifest.get("entries") if isinstance(manifest, dict) else None
    if not isinstance(entries, list) or not entries:
        raise internal("Manifest file has no list of entries", 8001, place.url)
    return entries


def _entry(entry: Any, manifest: Place, storage: BulkStorage, columnar: bool) -> S3Object | None:
    url = entry.get("url") if isinstance(entry, dict) else None
    if not isinstance(url, str):
        raise internal("An entry of the manifest file has no url", 8001, manifest.url)
    meta = entry.get("meta")
    length = meta.get("content_length") if isinstance(meta, dict) else None
    if columnar and not isinstance(length, int):
        raise internal(f"File {url} has no meta.content_length in the manifest, which columnar formats need", 8001,
                       manifest.url)  # fmt: skip
    found = storage.found(Place.of(url))
    if found is None:
        if entry.get("mandatory", False):
            raise internal(f"Problem reading manifest file - S3 object {url} is mandatory and does not exist", 8001,
                           manifest.url)  # fmt: skip
        return None
    if columnar and length != found.size:
        raise internal(f"File {url} has {found.size} bytes; the manifest says {length}", 15007, manifest.url)
    return found
