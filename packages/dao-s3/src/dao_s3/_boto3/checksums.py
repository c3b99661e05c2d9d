"""Checksums as S3 has them: computed while bytes pass, sent with what is written, compared with what is read."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from awscrt import checksums as crt

if TYPE_CHECKING:
    from typing_extensions import Buffer

__all__ = ["Running", "covers_whole", "running", "running_for"]


class Running:
    """A checksum over bytes that come one after the other."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def argument(self) -> str:
        """boto3's name for it, in arguments and responses."""
        return f"Checksum{self.name}"

    def arguments(self) -> dict[str, str]:
        """The argument that selects it in a request with content."""
        return {"ChecksumAlgorithm": self.name, self.argument: self.value()}

    def update(self, data: Buffer) -> None:
        """Add bytes."""
        raise NotImplementedError

    def extend(self, other: Running, size: int) -> None:
        """Append the bytes of another checksum, which follow.

        Raises:
            NotImplementedError: it can't be combined, see :func:`covers_whole`.
        """
        raise NotImplementedError

    def value(self) -> str:
        """The checksum of all bytes so far, in Base64."""
        raise NotImplementedError


class _Crc(Running):
    def __init__(
        self, name: str, width: int, step: Callable[[Any, int], int], join: Callable[[int, int, int], int]
    ) -> None:
        super().__init__(name)
        self._width = width
        self._step = step
        self._join = join
        self._crc = 0

    def update(self, data: Buffer) -> None:
        self._crc = self._step(data, self._crc)

    def extend(self, other: Running, size: int) -> None:
        assert isinstance(other, _Crc)
        self._crc = self._join(self._crc, other._crc, size)

    def value(self) -> str:
        return b64encode(self._crc.to_bytes(self._width, "big")).decode()


class _Sha(Running):
    def __init__(self, name: str, sha: Callable[[], Any]) -> None:
        super().__init__(name)
        self._sha = sha()

    def update(self, data: Buffer) -> None:
        self._sha.update(data)

    def value(self) -> str:
        return b64encode(self._sha.digest()).decode()


_MAKERS: Mapping[str, Callable[[], Running]] = {
    "CRC64NVME": lambda: _Crc("CRC64NVME", 8, crt.crc64nvme, crt.combine_crc64nvme),
    "CRC32C": lambda: _Crc("CRC32C", 4, crt.crc32c, crt.combine_crc32c),
    "CRC32": lambda: _Crc("CRC32", 4, crt.crc32, crt.combine_crc32),
    "SHA256": lambda: _Sha("SHA256", hashlib.sha256),
    "SHA1": lambda: _Sha("SHA1", hashlib.sha1),
}


def running(name: str, data: Buffer = b"") -> Running:
    """A checksum by S3's name for it, with ``data`` taken in."""
    made = _MAKERS[name]()
    made.update(data)
    return made


def covers_whole(name: str) -> bool:
    """Whether an object uploaded in parts can have this checksum of all its content; SHA-256 can't be combined."""
    return name.startswith("CRC")


def running_for(answer: Mapping[str, Any]) -> tuple[Running, str] | None:
    """A checksum to compute while an answer's content is read, and what it must be in the end.

    None where the store has none of the whole content: some clients upload in parts with a checksum of checksums.
    """
    for name in _MAKERS:
        expected = answer.get(f"Checksum{name}")
        if expected and "-" not in expected:
            return running(name), expected
    return None
