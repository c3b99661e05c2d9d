"""Preserves permissions and ownership when a file or directory is replaced.

A replacement is a new file or directory. It gets the mode of the old one, and its owner and group if the process may
set them; if not, the group's permissions are reduced to those of all users, so that no other group gains access. Until
published, only its owner can read it.
"""

from __future__ import annotations

import errno
import os
import stat

from attrs import evolve, frozen

from dao_files._local.handles import Folder

__all__ = ["Protection", "give_below", "protect_new", "protect_own_folder", "share_with_writers", "without_group"]

_CANT = {errno.EPERM, errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}
"""The errors of a system without modes or owners, or that doesn't let this process change them."""


@frozen
class Protection:
    """Mode, owner and group.

    Attributes:
        mode: the permission bits; for a directory including setgid and sticky.
        uid: the owner; -1 leaves it unchanged.
        gid: the group; -1 leaves it unchanged.
    """

    mode: int
    uid: int = -1
    gid: int = -1

    @classmethod
    def of(cls, facts: os.stat_result) -> Protection:
        """The protection of an existing file or directory. A file loses setuid and setgid, as by any write."""
        bits = 0o7777 if stat.S_ISDIR(facts.st_mode) else 0o777
        return cls(facts.st_mode & bits, facts.st_uid, facts.st_gid)

    def within(self, mode: int) -> Protection:
        """A copy limited to the permissions of a mode; the owner can always read."""
        return evolve(self, mode=self.mode & (mode | 0o400 | ~0o777))

    def give(self, file: int) -> None:
        """Apply it to an open file or directory owned by this process."""
        mode = self.mode if _chown(file, self.uid, self.gid) or _chown(file, -1, self.gid) else without_group(self.mode)
        try:
            os.fchmod(file, mode)
        except OSError as error:
            if error.errno not in _CANT:
                raise


def without_group(mode: int) -> int:
    """A mode with the group's permissions reduced to those of all users."""
    return mode & ~(0o070 | stat.S_ISGID) | (mode & (mode & 0o007) << 3)


def _chown(file: int, uid: int, gid: int) -> bool:
    facts = os.fstat(file)
    if uid in (-1, facts.st_uid) and gid in (-1, facts.st_gid):
        return True
    try:
        os.fchown(file, uid, gid)
    except OSError as error:
        if error.errno not in _CANT:
            raise
        return False
    return True


def protect_new(staged: Folder, made: Protection, parent: os.stat_result, *, tree: bool) -> None:
    """Set the mode of a new file or directory; below a setgid directory it inherits the group and the bit."""
    handed_down = parent.st_mode & stat.S_ISGID
    made = evolve(made, uid=-1, gid=parent.st_gid if handed_down else -1)
    if not tree:
        made.give(staged.handle)
        return
    if handed_down and os.fstat(staged.handle).st_gid != parent.st_gid:
        for _, _, names, directory in os.fwalk(".", dir_fd=staged.handle):
            below = Folder(staged.path, directory)
            for name in names:
                give_below(below, name, evolve(Protection.of(below.stat(name)), uid=-1, gid=parent.st_gid))
            evolve(made, mode=made.mode | stat.S_ISGID).give(directory)
    evolve(made, mode=made.mode & ~stat.S_ISGID | handed_down).give(staged.handle)


def give_below(below: Folder, path: str, protection: Protection) -> None:
    """Give a protection to a file below a folder."""
    file = below.open_file(path)
    try:
        protection.give(file)
    finally:
        os.close(file)


def protect_own_folder(top: Folder, own: Folder) -> None:
    """Give access to the store's internal folder to users who may write into the root, and to no others.

    Staged and replaced content lies there, outside the folders that normally protect it.
    """
    root = os.fstat(top.handle)
    writers = sum(0o7 << shift for shift in (0, 3) if root.st_mode >> shift & 0o2)
    wanted = Protection(0o700 | writers | root.st_mode & (stat.S_ISGID | stat.S_ISVTX), root.st_uid, root.st_gid)
    facts = os.fstat(own.handle)
    mine = os.geteuid() in (0, facts.st_uid)
    if mine and Protection.of(facts) != wanted:
        directory = own.open("", os.O_RDONLY | os.O_DIRECTORY)
        try:
            wanted.give(directory)
        finally:
            os.close(directory)


def share_with_writers(file: int, folder: Folder) -> None:
    """Let users who may write into a file's folder open the file, regardless of the umask."""
    facts = os.fstat(file)
    mode = os.fstat(folder.handle).st_mode & 0o666 | 0o600
    if facts.st_uid == os.geteuid() and stat.S_IMODE(facts.st_mode) != mode:
        Protection(mode).give(file)
