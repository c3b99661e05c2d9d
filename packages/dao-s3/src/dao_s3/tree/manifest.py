"""The manifest of a tree: the one object that says which files it has.

S3 changes one object at a time. What makes the change of a whole directory one step is that a single object,
``<directory>/.dao/manifest.json``, names the files that count, and is replaced on the condition that nobody else has
replaced it. It also holds the tree's own log, so that a version and its history are published together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from attrs import evolve, field, frozen

from dao.errors import StoreError, UnsupportedError
from dao_s3.transport import Stat

__all__ = ["FOLDER", "MANIFEST", "Busy", "Gone", "Manifest"]

FOLDER = ".dao/"
"""Where a tree keeps what is its own."""

MANIFEST = ".dao/manifest.json"
"""Where a tree's manifest is, from the tree's own place."""

_FORMAT = 1
_RECENT = 64
"""Commits that a manifest remembers: a writer that lost the answer to its own finds it there."""

_BUSY_FOR = timedelta(hours=1)
"""How long a request about one place may be under way, retries and a stopped process included."""


@frozen
class Gone:
    """A file that is no part of the tree any more, and may not have been deleted yet.

    Another file that has been put into its place since is told from it by both attributes.

    Attributes:
        etag: the store's mark of its content.
        modified: when it was written.
    """

    etag: str | None
    modified: datetime | None

    @classmethod
    def of(cls, stat: Stat) -> Gone:
        """What an object is remembered by."""
        return cls(stat.etag, stat.modified)


@frozen
class Busy:
    """A place that a change deletes or copies to after it was published, and has not said to be done with.

    A request that was sent may arrive late. So until then no other change puts a file to this place, where it would
    be deleted or replaced: it waits below ``.dao/`` instead.

    Attributes:
        since: when the change was published, in UTC.
        etag: of what is copied there; None where nothing is.
    """

    since: datetime
    etag: str | None = None


@frozen
class Manifest:
    """What counts.

    Attributes:
        commit: the change that made it.
        recent: the changes before, the newest first.
        files: for each file's path below the tree where it is: the same path, or a place below ``.dao/`` that it has
            not been moved away from yet.
        gone: places of former files.
        busy: places that other changes may still be at work on.
        log: the content of the tree's log.
    """

    commit: str
    recent: tuple[str, ...] = ()
    files: Mapping[str, str] = field(factory=dict)
    gone: Mapping[str, Gone] = field(factory=dict)
    busy: Mapping[str, Busy] = field(factory=dict)
    log: bytes | None = None

    def followed_by(
        self,
        commit: str,
        files: Mapping[str, str],
        gone: Mapping[str, Gone],
        busy: Mapping[str, Busy],
        log: bytes | None,
    ) -> Manifest:
        """The manifest of the next change."""
        places = set(files.values())
        rest = {path: entry for path, entry in gone.items() if path not in places}
        return Manifest(commit, (self.commit, *self.recent)[:_RECENT], files, rest, busy, log)

    def busy_at(self, now: datetime) -> dict[str, Busy]:
        """The places that other changes may still be at work on."""
        return {place: entry for place, entry in self.busy.items() if now - entry.since < _BUSY_FOR}

    def fenced(self, commit: str) -> Manifest:
        """The same content under another name, so that no write under the old one's condition can succeed any more."""
        return evolve(self, commit=commit, recent=(self.commit, *self.recent)[:_RECENT])

    def has(self, commit: str) -> bool:
        """Whether a change is part of it."""
        return commit == self.commit or commit in self.recent

    def to_bytes(self) -> bytes:
        """The manifest as it is stored."""
        told = {
            "dao_manifest": _FORMAT,
            "commit": self.commit,
            "recent": list(self.recent),
            "files": [path if path == at else [path, at] for path, at in sorted(self.files.items())],
            "gone": [[path, entry.etag, _told(entry.modified)] for path, entry in sorted(self.gone.items())],
            "busy": [[place, entry.since.isoformat(), entry.etag] for place, entry in sorted(self.busy.items())],
            "log": None if self.log is None else self.log.decode(),
        }
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def from_bytes(cls, content: bytes, key: str) -> Manifest:
        """Read a manifest.

        Raises:
            UnsupportedError: a later version of DAO wrote it.
            StoreError: it is damaged.
        """
        try:
            told = json.loads(content)
            number = told["dao_manifest"]
            if isinstance(number, int) and number > _FORMAT:
                raise UnsupportedError(f"{key!r} was written by a later version of DAO (format {number})")
            return cls._of(told)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f"{key!r} is damaged: {error!r}; without it all files below its directory count, replaced ones too"
            ) from error

    @classmethod
    def _of(cls, told: Mapping[str, Any]) -> Manifest:
        entries = (entry if isinstance(entry, list) else [entry, entry] for entry in told["files"])
        return cls(
            commit=str(told["commit"]),
            recent=tuple(map(str, told["recent"])),
            files={str(path): str(at) for path, at in entries},
            gone={str(path): Gone(etag, _moment(modified)) for path, etag, modified in told["gone"]},
            busy={str(place): Busy(datetime.fromisoformat(since), etag) for place, since, etag in told["busy"]},
            log=None if told["log"] is None else told["log"].encode(),
        )


def _told(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)
