"""Publishes a staged file or tree in one step that a crash can't leave half done.

A new key is published by one rename (for a file, a link: it fails if the path exists). A replacement is swapped with
the old content by one system call (:mod:`dao_files._local.exchange`). Only where the system or filesystem can't swap
directories, it takes two renames; then a note of the intent is written first, and after a crash the next reader or
writer completes the second rename.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

from attrs import frozen

from dao.errors import AlreadyExistsError, DataError, PermissionDeniedError, StoreError
from dao_files._local.exchange import exchange
from dao_files._local.handles import Folder, is_link_error
from dao_files._local.locks import exclusively, lock_keys, name_of, share
from dao_files._local.notes import Note, is_staged, read_note
from dao_files._local.protection import protect_own_folder, share_with_writers
from dao_files._storage.keys import OWN_FOLDER

__all__ = ["OwnPlace"]

_STAGING = f"{OWN_FOLDER}/staging"


@frozen
class OwnPlace:
    """The folder ``.dao`` of a root: locks, staged content, and notes of intent.

    All paths are relative to the root.

    Attributes:
        top: the handle of the root.
        lock_timeout: seconds to wait for other writers.
    """

    top: Folder
    lock_timeout: float

    @contextmanager
    def locked(self, *keys: str) -> Iterator[None]:
        """Lock keys for writing, after completing and cleaning up after crashed writers."""
        with self._folder("locks") as locks, lock_keys(locks, keys, self.lock_timeout):
            for key in keys:
                self._finish(key)
            self.sweep()
            yield

    def _folder(self, name: str) -> Folder:
        """Open one of the store's internal folders, creating it if missing."""
        with _explain(), self.top.folder(OWN_FOLDER, make=True) as own:
            protect_own_folder(self.top, own)
            folder = own.folder(name, make=True)
            try:
                protect_own_folder(self.top, folder)
            except BaseException:
                folder.close()
                raise
            return folder

    def stage(self, *, tree: bool) -> tuple[str, int]:
        """Create an empty directory or file in staging, and return the descriptor that marks it as in use.

        Its mode is the default for new files here; until published, :mod:`dao_files._local.protection` restricts it.
        """
        with self._folder("staging") as staging:
            while True:
                name = uuid4().hex
                if tree:
                    os.mkdir(name, dir_fd=staging.handle)
                    try:
                        file = staging.open(name, os.O_RDONLY | os.O_DIRECTORY)
                    except FileNotFoundError:
                        continue  # swept before it was opened
                else:
                    file = staging.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
                try:
                    if share(file) and staging.has(name):
                        return f"{_STAGING}/{name}", file
                except BaseException:
                    os.close(file)
                    raise
                os.close(file)  # swept before it was marked

    def unused_place(self) -> str:
        """A staging path for something about to be deleted."""
        self._folder("staging").close()
        return f"{_STAGING}/{uuid4().hex}"

    def replace(self, key: str, new: str) -> str:
        """Publish ``new`` at a locked key, and return the path of the old content, to be discarded."""
        with self.top.parent(new) as one, self.top.parent(key) as other:
            if exchange(one, other):
                return new
        if not self._is_folder(new) and not self._is_folder(key):
            with self.top.parent(new) as (source, name), self.top.parent(key) as (target, new_name):
                os.replace(name, new_name, src_dir_fd=source, dst_dir_fd=target)
            return new
        return self.replace_in_two_steps(key, new)

    def _is_link(self, path: str) -> bool:
        return stat.S_ISLNK(self.top.stat(path).st_mode)

    def _is_folder(self, path: str) -> bool:
        return stat.S_ISDIR(self.top.stat(path).st_mode)

    def replace_in_two_steps(self, key: str, new: str) -> str:
        """Replace without a swap, or if ``new`` must leave nothing at its old path."""
        note = f"{OWN_FOLDER}/intents/{name_of(key)}"
        self._write_note(Note(key, new), note)
        old = self.unused_place()
        self.top.rename(key, old)
        try:
            self.top.rename(new, key)
        except BaseException:
            self.top.rename(old, key)
            self.top.unlink(note)
            raise
        with suppress(OSError):  # done: a leftover note is recognised as obsolete
            self.top.unlink(note)
        return old

    def _write_note(self, meant: Note, note: str) -> None:
        draft, mark = self.stage(tree=False)
        with (
            open(mark, "w", encoding="utf-8") as file,
            self._folder("intents") as notes,
            self.top.parent(draft) as (staging, name),
        ):
            file.write(meant.text())
            file.flush()
            share_with_writers(mark, notes)
            os.replace(name, os.path.basename(note), src_dir_fd=staging, dst_dir_fd=notes.handle)

    def create(self, key: str, new: str) -> None:
        """Publish ``new`` at a path that doesn't exist.

        Raises:
            AlreadyExistsError: the path exists.
        """
        if self._is_folder(new):
            try:
                self.top.rename(new, key)  # an empty directory counts as nothing, and rename replaces it
            except OSError as error:
                if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                    raise AlreadyExistsError(f"{key!r} is already there") from error
                raise
            return
        try:
            self.top.link(new, self.top, key)
        except FileExistsError as error:
            raise AlreadyExistsError(f"{key!r} is already there") from error
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
            self.top.rename(new, key)  # no hard links here; the key is locked, and its path was just found free
            return
        with suppress(OSError):  # published: its link in staging will be swept
            self.top.unlink(new)

    def make_parents(self, key: str) -> None:
        """Create a key's parent directories.

        Raises:
            DataError: one of them is a file.
        """
        try:
            self.top.folder(os.path.dirname(key), make=True).close()
        except NotADirectoryError as error:
            raise DataError(f"{key!r} can't be made: one of its folders is a file") from error

    def recover(self, key: str) -> bool:
        """Complete an interrupted replacement at a key or above it; False if there was none.

        Readers call it too: if the folder of notes is missing or not DAO's own, there was none.
        """
        parts = key.split("/")
        above = ["/".join(parts[:length]) for length in range(1, len(parts) + 1)]
        try:
            noted = [one for one in above if self._noted(one) is not None]
        except PermissionError:
            return False
        for one in noted:
            with self._folder("locks") as locks, lock_keys(locks, (one,), self.lock_timeout):
                self._finish(one)
        return bool(noted)

    @contextmanager
    def _notes(self) -> Iterator[Folder | None]:
        try:
            notes = self.top.folder(f"{OWN_FOLDER}/intents")
        except OSError as error:
            if not is_link_error(error) and not isinstance(error, (FileNotFoundError, NotADirectoryError)):
                raise
            yield None
            return
        with notes:
            yield notes

    def _noted(self, key: str) -> Note | None:
        with self._notes() as notes:
            return None if notes is None else read_note(notes, name_of(key))

    def _finish(self, key: str) -> None:
        meant = self._noted(key)
        if meant is None:
            return
        try:
            if not self.top.has(key) and self.top.has(meant.new) and not self._is_link(meant.new):
                self.top.rename(meant.new, key)
        except OSError as error:
            if not is_link_error(error):  # else it names a path behind a link, which DAO never does
                raise
        self.top.unlink(f"{OWN_FOLDER}/intents/{name_of(key)}")

    def sweep(self) -> None:
        """Remove staged content of crashed writers and replaced content that no reader uses.

        Files whose names DAO didn't generate are foreign, and stay.
        """
        try:
            with _explain():
                directory = self.top.open(_STAGING, os.O_RDONLY | os.O_DIRECTORY)
        except FileNotFoundError:
            return
        try:
            paths = [path for name in os.listdir(directory) if is_staged(path := f"{_STAGING}/{name}")]
        finally:
            os.close(directory)
        with suppress(PermissionError):  # another user's unreadable note may refer to any of them
            meant = self._still_meant() if paths else set()
            for path in paths:
                if path not in meant:
                    self.discard(path)

    def _still_meant(self) -> set[str]:
        with self._notes() as notes:
            if notes is None:
                return set()
            directory = notes.open("", os.O_RDONLY | os.O_DIRECTORY)
            try:
                found = [read_note(notes, name) for name in os.listdir(directory)]
            finally:
                os.close(directory)
        return {note.new for note in found if note is not None}

    def discard(self, path: str) -> None:
        """Remove a path from staging; if it is in use, a later sweep does."""
        with (
            suppress(OSError),
            self.top.folder(_STAGING) as staging,
            exclusively(staging, name := os.path.basename(path)) as free,
        ):
            if free and stat.S_ISDIR(staging.stat(name).st_mode):
                _remove_tree(name, staging.handle)
            elif free:
                os.unlink(name, dir_fd=staging.handle)


@contextmanager
def _explain() -> Iterator[None]:
    """Explain errors caused by something else in the place of an internal folder of the store."""
    try:
        yield
    except NotADirectoryError as error:
        raise StoreError(f"{error.filename!r} is a file where the store keeps a directory: remove it") from error
    except OSError as error:
        if not is_link_error(error):
            raise
        raise PermissionDeniedError(
            f"{error.filename!r} is a symbolic link, but what the store keeps for itself must be directories below its "
            "root: remove the link"
        ) from error


def _remove_tree(name: str, handle: int) -> None:
    shutil.rmtree(name, ignore_errors=True, dir_fd=handle)
    with suppress(FileNotFoundError):
        for *_, directory in os.fwalk(name, dir_fd=handle):
            os.fchmod(directory, 0o700)  # it has the mode of a write-protected directory
        shutil.rmtree(name, ignore_errors=True, dir_fd=handle)
