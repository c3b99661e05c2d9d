"""Who staged a file: one process on one machine. A name says enough to tell whether that process is gone.

>>> mine = Owner.current()
>>> Owner.parse(mine.text) == mine, mine.is_gone(mine)
(True, False)
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from platform import node

from attrs import frozen

__all__ = ["Owner"]

_OWNER = re.compile(r"dao-([0-9a-f]{12})-(\d{1,10})-([0-9a-z]{1,20})")


@frozen
class Owner:
    """A process.

    Attributes:
        machine: a digest of the machine's name, its boot and the process's namespace: equal where numbers of processes
            are of the same processes.
        process: its number.
        started: when it was started, in ticks since the machine's boot; ``x`` where the system doesn't say.
    """

    machine: str
    process: int
    started: str

    @staticmethod
    def current() -> Owner:
        """This process."""
        known = (node(), _content("/proc/sys/kernel/random/boot_id"), _link("/proc/self/ns/pid"))
        return Owner(sha256("\n".join(known).encode()).hexdigest()[:12], os.getpid(), _started(os.getpid()) or "x")

    @staticmethod
    def parse(text: str) -> Owner | None:
        """The owner of a text that :attr:`text` gave; None for any other text."""
        found = _OWNER.fullmatch(text)
        return Owner(found[1], int(found[2]), found[3]) if found else None

    @property
    def text(self) -> str:
        """It as a part of a key."""
        return f"dao-{self.machine}-{self.process}-{self.started}"

    def is_gone(self, here: Owner) -> bool:
        """Whether it certainly runs no more, as seen by a process: False where that can't be known from there."""
        if self.machine != here.machine or self.started == "x" or here.started == "x":
            return False
        return _started(self.process) != self.started


def _started(process: int) -> str | None:
    """When a process was started, in ticks; None if there is none, or if the system doesn't say."""
    content = _content(f"/proc/{process}/stat")
    return content.rpartition(")")[2].split()[19] if content else None


def _content(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""
