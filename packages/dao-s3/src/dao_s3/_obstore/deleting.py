"""Deleting objects, many in one request where the store has such a one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from dao.errors import DaoError, NotFoundError
from dao_s3._obstore.client import Client
from dao_s3._obstore.errors import translated
from dao_s3._obstore.location import Location
from dao_s3._obstore.writing import check_writable, exclusively

if TYPE_CHECKING:
    from obstore.store import ObjectStore

__all__ = ["delete"]

_BATCH = 1000
_MANY = ("s3", "memory")
"""Kinds of stores for which what isn't there is no error, so that a batch can't end early."""


def delete(client: Client, keys: Iterable[str]) -> None:
    """See :meth:`dao_files.manifest.Transport.delete`."""
    location = client.location
    check_writable(location)
    failed: list[tuple[str, DaoError]] = []
    for batch in _batches(keys):
        try:
            _delete_batch(client.store, batch, location)
        except NotFoundError:
            if location.scheme in _MANY:
                raise  # there is no bucket
            failed.extend(_one_by_one(client.store, batch, location))
    if failed:
        key, error = failed[0]
        text = f"{len(failed):,} objects could not be deleted, the first is {key!r}: {error}"
        raise type(error)(text) from error


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _delete_batch(store: ObjectStore, batch: list[str], location: Location) -> None:
    import obstore

    with translated(location, batch[0]), exclusively(location):
        obstore.delete(store, batch)


def _one_by_one(store: ObjectStore, batch: list[str], location: Location) -> Iterator[tuple[str, DaoError]]:
    """The keys of a failed batch that can't be deleted on their own either; what isn't there is fine."""
    import obstore

    for key in batch:
        try:
            with translated(location, key), exclusively(location):
                obstore.delete(store, key)
        except NotFoundError:
            continue
        except DaoError as error:
            yield key, error
