"""Moves tables within a store, with all that their logs have: versions, keys, positions, constraints, properties.

The new table appears in one step, whole, and the old one goes as a deleted one does. In between, or after a crash, the
table is in both places.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

from dao.errors import AlreadyExistsError, ConflictError, NotFoundError, UnsupportedError
from dao.results import WriteResult
from dao_delta._actions.dropping import LogKeys, drop_table, odd_files, own_paths
from dao_delta._commits.vacancy import check_vacant
from dao_delta._tables.client import Client, Snapshot
from dao_delta._tables.keys import begins_a_table, check_name, deletion_mark, is_plain
from dao_delta._tables.log import LOG
from dao_files.manifest import Transport
from dao_files.storage import in_parallel

__all__ = ["move_table"]

_COPIERS = 8


def move_table(client: Client, source: str, target: str, mode: str) -> WriteResult:
    """See :meth:`dao_delta.DeltaInterface.move`."""
    snapshot = client.open(source)
    there = client.find(check_name(target))
    if there is not None and mode == "ignore":
        return WriteResult(bytes=0, files=0)
    if there is not None and mode != "overwrite":
        raise AlreadyExistsError(f"the table {target!r} is there: give mode='overwrite' or 'ignore'")
    if there is not None and there.is_append_only:
        raise UnsupportedError(f"the table {target!r} is append-only (delta.appendOnly): it can't be replaced")
    _check_inside(snapshot)
    if there is None:
        check_vacant(client, target)
    _Copy(client, source, target, odd_files(snapshot)).make(replaces=there is not None)
    client.forget(target)
    try:
        drop_table(client, source, moved=True)
    except Exception as error:
        error.add_note(f"{target!r} is complete: the table is now in both places")
        raise
    return WriteResult(bytes=0, files=snapshot.files.num_rows, version_after=snapshot.version)


def _check_inside(snapshot: Snapshot) -> None:
    outside = next((path for path in snapshot.files["path"].to_pylist() if not is_plain(path)), None)
    if outside is not None:
        raise UnsupportedError(
            f"the table {snapshot.key!r} has the file {outside!r}, which isn't in its folder: it can't be moved"
        )


class _Copy:
    """The copy of a table: its files, then its log, whose beginning comes last."""

    def __init__(self, client: Client, source: str, target: str, odd: set[str]) -> None:
        self._client, self._source, self._target, self._odd = client, source, target, odd
        self._copied: list[str] = []

    def make(self, *, replaces: bool) -> None:
        """Make the copy.

        Args:
            replaces: whether there is a table, which goes when the files of the new one are there.

        Raises:
            ConflictError: the table was changed meanwhile, or another writer makes one at the same place.
        """
        log = LogKeys.of(self._client, self._source)
        data = [path for path in own_paths(self._client, self._source, self._odd) if not path.startswith(f"{LOG}/")]
        try:
            if not replaces:
                self._reserve()
            self._copy(data)
            if replaces:
                drop_table(self._client, self._target, kept=frozenset(data))
                self._reserve()
            self._copy_log(log)
        except BaseException:
            self._discard()
            raise
        self._client.transport.delete([deletion_mark(self._target)])

    def _reserve(self) -> None:
        """Take the place: what is there so far counts as what a deletion has left, until the log has its beginning."""
        content = json.dumps(sorted(self._odd)).encode()
        self._client.transport.put(deletion_mark(self._target), content, if_absent=True)

    def _copy_log(self, log: LogKeys) -> None:
        # With the first commit, if none is missing after it, all versions are there; else with the newest checkpoint
        # the newest one, so that never an older one is seen in its place.
        ordered = [*log.commits, *log.whole] if log.is_complete else [*log.whole, *log.commits]
        begins = [key for key in ordered if begins_a_table(key)]
        self._copy([*log.rest, *(key for key in ordered if key not in begins)])
        if LogKeys.of(self._client, self._source) != log:
            raise ConflictError(f"the table {self._source!r} was changed while it was moved, and stays where it is")
        for key in begins:
            self._copy_beginning(key)
        for key in log.begin:
            with suppress(NotFoundError, ConflictError):  # it only helps to find a checkpoint
                self._client.transport.copy(*self._keys(key))

    def _copy_beginning(self, path: str) -> None:
        """Copy what makes it a table; from then on nothing is discarded."""
        source, target = self._keys(path)
        copied, self._copied = self._copied, []
        try:
            self._client.transport.copy(source, target, if_absent=True)
        except Exception:
            if not _is_copied(self._client.transport, source, target):
                # If another's table is there, so is its log, in the place of ours.
                self._copied = [one for one in copied if not one.startswith(f"{LOG}/")]
                raise

    def _copy(self, paths: Sequence[str]) -> None:
        self._copied += paths
        for _ in in_parallel(lambda path: self._client.transport.copy(*self._keys(path)), paths, _COPIERS):
            pass

    def _keys(self, path: str) -> tuple[str, str]:
        return f"{self._source}/{path}", f"{self._target}/{path}"

    def _discard(self) -> None:
        if self._copied:
            keys = [f"{self._target}/{path}" for path in self._copied]
            with suppress(Exception):  # what is left is cleared up by the next writer, or by vacuum
                self._client.transport.delete([*keys, deletion_mark(self._target)])


def _is_copied(transport: Transport, source: str, target: str) -> bool:
    """Whether a copy that failed was made: its answer may have been lost."""
    try:
        return bytes(transport.get(target)) == bytes(transport.get(source))
    except NotFoundError:
        return False
