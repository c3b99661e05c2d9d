"""Transcoding of the bytes of a CSV file to UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any

from dao.errors import StoreError

__all__ = ["not_encoded", "utf8_reader"]

_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def utf8_reader(stream: Any, encoding: str) -> Callable[[int], bytes]:
    """Return a function that reads up to about the given number of bytes as UTF-8, none at the end.

    It raises StoreError for bytes that are not of ``encoding``, or that are evidently of another encoding.
    """
    if codecs.lookup(encoding).name in ("utf-8", "utf-8-sig"):
        return _Utf8(stream).read
    return _Transcoder(stream, encoding).read


def not_encoded(encoding: str) -> str:
    """Build the message about bytes that are not of an encoding, with options that would read them."""
    others = [f"encoding={name!r}" for name in ("cp1252", "utf-16", "utf-8") if name != encoding.lower()]
    return f"bytes that are not {encoding}; encoding= says which encoding it is, such as {' or '.join(others[:2])}"


class _Utf8:
    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._started = False

    def read(self, size: int) -> bytes:
        data: bytes = self._stream.read(size)
        if not self._started:
            self._started = True
            _refuse_wide(data)
        return data


def _refuse_wide(head: bytes) -> None:
    """Refuse a file read as UTF-8 whose first bytes are UTF-16 or UTF-32."""
    found = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)
    if found is None and len(head) >= 4:
        even, odd = head[:64:2], head[1:64:2]
        found = "utf-16-le" if not any(odd) else "utf-16-be" if not any(even) else None
    if found is not None:
        raise StoreError(f"its text is not UTF-8 but looks like {found}: encoding={found!r} reads it")


class _Transcoder:
    def __init__(self, stream: Any, encoding: str) -> None:
        self._stream = stream
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()

    def read(self, size: int) -> bytes:
        while True:
            data = self._stream.read(size)
            try:
                text = self._decoder.decode(data, final=not data).encode()
            except UnicodeError as error:
                raise StoreError(f"it has {not_encoded(self._encoding)} ({error})") from error
            if text or not data:
                return text
