"""Putting a prepared file or tree where everybody sees it, in one step that a kill can't leave half done.

Something new arrives by one rename (a link for a file: it fails if the place is taken). What replaces something is
swapped with it by one system call (:mod:`dao.local.exchange`). Only where the system or filesystem can't swap
directories are there two renames; then a note of what was meant is made first, and whoever comes next, reader or
writer, finishes the second rename if its author died before it.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from uuid import uuid4

from attrs import frozen

from dao.errors import AlreadyExistsError, DataError
from dao.local.exchange import exchange
from dao.local.locks import exclusively, locked_keys, share
from dao.local.snapshot import is_folder

__all__ = ["OwnPlace", "flush"]


@frozen
class OwnPlace:
    """The folder ``.dao`` of a root: locks, what is being prepared, and notes of what was meant.

    Attributes:
        root: the root, an absolute real path.
        folder: the own folder.
        lock_timeout: seconds to wait for other writers.
    """

    root: str
    folder: str
    lock_timeout: float

    @property
    def staging(self) -> str:
        """Where things are prepared, and where what was replaced goes. What nobody has locked there is rubbish."""
        return os.path.join(self.folder, "staging")

    @property
    def notes(self) -> str:
        """Where notes of unfinished replacements are."""
        return os.path.join(self.folder, "intents")

    @contextmanager
    def locked(self, *keys: str) -> Iterator[None]:
        """Hold keys for writing; what dead writers left unfinished is finished, what they left behind is swept."""
        with locked_keys(os.path.join(self.folder, "locks"), keys, self.lock_timeout):
            for key in keys:
                self._finish(key)
            self.sweep()
            yield

    def stage(self, *, tree: bool) -> tuple[str, int]:
        """A new empty directory or file to prepare something in, and the descriptor that marks it as in use."""
        os.makedirs(self.staging, exist_ok=True)
        while True:
            path = os.path.join(self.staging, uuid4().hex)
            if tree:
                os.mkdir(path)
                try:
                    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                except FileNotFoundError:
                    continue  # a sweeper was faster than the descriptor
            else:
                file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            if share(file) and os.path.lexists(path):
                return path, file
            os.close(file)  # a sweeper was faster than the mark

    def unused_place(self) -> str:
        """A path in staging to rename something to that shall go."""
        os.makedirs(self.staging, exist_ok=True)
        return os.path.join(self.staging, uuid4().hex)

    def replace(self, key: str, path: str, new: str) -> str:
        """Put ``new`` at the place of a locked key; gives the place where what was there is now, to be discarded."""
        if exchange(new, path):
            return new
        if not is_folder(new) and not is_folder(path):
            os.replace(new, path)
            return new
        return self.replace_in_two_steps(key, path, new)

    def replace_in_two_steps(self, key: str, path: str, new: str) -> str:
        """The same where nothing can be swapped, or where ``new`` must leave no trace at its old place."""
        note = self._note(key)
        os.makedirs(self.notes, exist_ok=True)
        meant = {"key": key, "path": path[len(self.root) + 1 :], "new": new[len(self.root) + 1 :]}
        draft, mark = self.stage(tree=False)
        with open(mark, "w", encoding="utf-8") as file:
            json.dump(meant, file)
            file.flush()
            os.replace(draft, note)
        old = self.unused_place()
        os.rename(path, old)
        try:
            os.rename(new, path)
        except BaseException:
            os.rename(old, path)
            os.unlink(note)
            raise
        with suppress(OSError):  # it is done: a note that stays is found to be out of date
            os.unlink(note)
        return old

    def create(self, path: str, new: str) -> None:
        """Put ``new`` where nothing is.

        Raises:
            AlreadyExistsError: something is there.
        """
        if is_folder(new):
            try:
                os.rename(new, path)  # an empty directory counts as nothing, and rename replaces it
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise AlreadyExistsError(f"{self._told(path)!r} is already there") from error
                raise
            return
        try:
            os.link(new, path)
        except FileExistsError as error:
            raise AlreadyExistsError(f"{self._told(path)!r} is already there") from error
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
            os.rename(new, path)  # no hard links here; the key is locked, and nothing was there a moment ago
            return
        with suppress(OSError):  # it is published: what stays of it in staging will be swept
            os.unlink(new)

    def make_parents(self, path: str) -> None:
        """Make the directories that a path is in.

        Raises:
            DataError: one of them is a file.
        """
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            if is_folder(os.path.dirname(path)):
                return
            raise DataError(f"{self._told(path)!r} can't be made: one of its folders is a file") from error

    def _told(self, path: str) -> str:
        return path[len(self.root) + 1 :]

    def recover(self, key: str) -> bool:
        """Finish what was being replaced at a key or above it; False where nothing was."""
        parts = key.split("/")
        above = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
        noted = [one for one in above if os.path.exists(self._note(one))]
        for one in noted:
            with locked_keys(os.path.join(self.folder, "locks"), (one,), self.lock_timeout):
                self._finish(one)
        return bool(noted)

    def _note(self, key: str) -> str:
        return os.path.join(self.notes, sha256(key.encode()).hexdigest()[:40])

    def _finish(self, key: str) -> None:
        meant = _read_note(self._note(key))
        if meant is None:
            return
        path, new = os.path.join(self.root, meant["path"]), os.path.join(self.root, meant["new"])
        if not os.path.lexists(path) and os.path.lexists(new):
            os.rename(new, path)
        os.unlink(self._note(key))

    def sweep(self) -> None:
        """Remove what dead writers prepared and what was replaced, unless a reader still has it."""
        try:
            names = os.listdir(self.staging)
        except FileNotFoundError:
            return
        meant = self._still_meant() if names else set()
        for name in names:
            path = os.path.join(self.staging, name)
            if path not in meant:
                self.discard(path)

    def _still_meant(self) -> set[str]:
        try:
            names = os.listdir(self.notes)
        except FileNotFoundError:
            return set()
        notes = (_read_note(os.path.join(self.notes, name)) for name in names)
        return {os.path.join(self.root, note["new"]) for note in notes if note is not None}

    def discard(self, path: str) -> None:
        """Remove one thing from staging, unless somebody has it in use: then a later sweep will."""
        with suppress(OSError), exclusively(path) as free:
            if free and os.path.isdir(path):
                shutil.rmtree(path, ignore_errors=True)
            elif free:
                os.unlink(path)


def _read_note(path: str) -> dict[str, str] | None:
    try:
        with open(path, encoding="utf-8") as file:
            note: dict[str, str] = json.load(file)
    except FileNotFoundError:
        return None
    except ValueError:  # damaged by others: notes are renamed to their places once they are complete
        return None
    return note


def flush(path: str) -> None:
    """Make a file or a directory's entries last through a power loss."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
