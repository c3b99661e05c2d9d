"""Strict JSON (RFC 8259), parsed by the standard library in pieces of bounded size.

pyarrow's own JSON reader is fast but not safe for untrusted files: it accepts NaN and several objects on a line,
converts texts that look like timestamps to timestamps, and crashes with a segmentation fault on the line ``null``
(pyarrow 26).
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from dao.errors import StoreError
from dao_files.formats._float_digits import EVERY_WHOLE

__all__ = ["DOCUMENT_HINT", "SpelledNumber", "read_documents", "read_lines"]

_SPACE = re.compile(r"[ \t\n\r]*")
_ZEROS = frozenset({"0.0", "-0.0", "0.00", "0e0"})  # those that many columns are full of
_MINUS_ZERO = r"-0(?![0-9.eE])"  # in texts too, where it doesn't matter
_AFTER_VALUE = frozenset(" \t\n\r,]}")
_CHUNK = 1 << 20
_BYTES_BOM = codecs.BOM_UTF8
DOCUMENT_HINT = "a file that is one JSON document is read by format='json'"
_BEYOND_DECIMALS = "a number has an exponent of more than 18 digits"
_LINES = "a file of one object per line is read by format='ndjson'"


def _refuse(token: str) -> Any:
    raise ValueError(f"{token} is not JSON")


def _build_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build an object, refusing repeated keys: Python's parser would keep the last value and drop the others."""
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise StoreError(f"an object has the key {twice!r} more than once")
    return found


class SpelledNumber(Decimal):
    """A number whose text is another one than that of its Decimal, such as 1e5, which a column of texts keeps."""

    __slots__ = ("_text",)
    _text: str

    def __new__(cls, text: str) -> SpelledNumber:
        number = super().__new__(cls, text)
        number._text = text
        return number

    def __str__(self) -> str:
        return self._text


def _make_decoders(exact: bool) -> tuple[json.JSONDecoder, json.JSONDecoder]:
    """Create decoders that refuse NaN, Infinity and repeated keys; see :func:`read_lines` for ``exact``.

    The second one, for texts that may have one, tells ``-0`` from ``0``. It takes half as long again.
    """
    parse = _parse_exactly if exact else _parse_number
    plain, signed = (
        json.JSONDecoder(
            parse_constant=_refuse, parse_float=parse, parse_int=parse_int, object_pairs_hook=_build_object
        )
        for parse_int in (None, _parse_whole)
    )
    return plain, signed


def _parse_number(text: str) -> float | Decimal:
    number = float(text)
    return number if (number and -EVERY_WHOLE < number < EVERY_WHOLE) or text in _ZEROS else _parse_exactly(text)


def _parse_exactly(text: str) -> Decimal:
    number = Decimal(text)
    return number if str(number) == text else SpelledNumber(text)


def _parse_whole(text: str) -> int | Decimal:
    return Decimal(text) if text == "-0" else int(text)  # no int is a negative zero


def read_lines(read: Callable[[int], bytes], limit: int, exact: bool, name: str) -> Iterator[Any]:
    """Yield the values of a file with one JSON value per line, skipping blank lines.

    Args:
        read: returns up to the given number of bytes of the file, none at its end.
        limit: the most bytes of a line.
        exact: decode all numbers with decimals as Decimal, not only those that may be other ones as a double: those
            beyond 2^53, and zeros. To decode all takes half as long again.
        name: the name of the option that sets ``limit``, for the error.

    Raises:
        StoreError: a line that is not JSON, not UTF-8 or too long; the message has its number.
    """
    decoders = _make_decoders(exact)
    find_minus_zero = re.compile(_MINUS_ZERO.encode()).search
    number = 0
    rest = b""
    first = True
    while True:
        chunk = read(max(_CHUNK, len(rest)))
        if first and chunk:
            chunk, first = chunk.removeprefix(_BYTES_BOM), False
            if not chunk:
                continue
        block = rest + chunk
        lines = block.split(b"\n")
        rest = lines.pop() if chunk else b""
        if max(map(len, lines), default=0) > limit or len(rest) > limit:
            number += next(index for index, line in enumerate([*lines, rest], 1) if len(line) > limit)
            raise StoreError(f"line {number} is longer than {limit:,} bytes; {name}= allows more")
        decode = decoders[find_minus_zero(block) is not None].decode
        for line in lines:
            number += 1
            if not line or line.isspace():
                if line.strip(b" \t\r"):
                    raise StoreError(f"line {number} is not JSON: {line[:20]!r}")
                continue
            yield _decode_line(decode, line, number)
        if not chunk:
            return


def _decode_line(decode: Callable[[str], Any], line: bytes, number: int) -> Any:
    try:
        return decode(line.decode("utf-8"))
    except StoreError as error:
        raise StoreError(f"line {number}: {error.message}") from error
    except UnicodeDecodeError as error:
        raise StoreError(f"line {number} is not UTF-8: {error.reason} at byte {error.start}") from error
    except RecursionError as error:
        raise StoreError(f"line {number} is nested too deeply") from error
    except ArithmeticError as error:
        raise StoreError(f"line {number}: {_BEYOND_DECIMALS}") from error
    except ValueError as error:
        hint = f"; {DOCUMENT_HINT}" if line.lstrip()[:1] in (b"[", b"{") and number == 1 else ""
        raise StoreError(f"line {number} is not JSON: {error}{hint}") from error


def read_documents(read: Callable[[int], bytes], limit: int, exact: bool, name: str) -> Iterator[Any]:
    """Yield the rows of a file of one JSON document: the elements of its array, or its single value.

    Holds one element at a time, regardless of the array's length.

    Args:
        read: returns up to the given number of bytes of the file, none at its end.
        limit: the most characters of an element.
        exact: decode all numbers with decimals as Decimal, not only those that may be other ones as a double: those
            beyond 2^53, and zeros. To decode all takes half as long again.
        name: the name of the option that sets ``limit``, for the error.

    Raises:
        StoreError: a file that is not JSON, not UTF-8 or empty, or an element that is too long.
    """
    source = _Text(read, limit, name, _make_decoders(exact))
    if source.skip_space() == "":
        raise StoreError("there is no JSON value, only white space" if source.had_bytes else "the file is empty")
    if source.peek() != "[":
        yield source.value()
        source.end()
        return
    source.advance()
    if source.skip_space() == "]":
        source.advance()
        source.end()
        return
    while True:
        source.skip_space()
        yield source.value()
        mark = source.skip_space()
        if mark not in (",", "]"):
            raise StoreError(
                f"found {mark!r} after an array's element, expected ',' or ']' ({source.where()})"
                if mark
                else "the file ends inside an array"
            )
        source.advance()
        if mark == "]":
            source.end()
            return


class _Text:
    """A sliding window over the decoded text that grows until it holds the whole value at its start."""

    def __init__(
        self, read: Callable[[int], bytes], limit: int, name: str, decoders: tuple[json.JSONDecoder, json.JSONDecoder]
    ) -> None:
        self._plain, self._signed = (vars(decoder)["scan_once"] for decoder in decoders)
        self._scan: Callable[[str, int], tuple[Any, int]] = self._plain
        self._find_minus_zero = re.compile(_MINUS_ZERO).search
        self._read = read
        self._limit = limit
        self._name = name
        self._decode = codecs.getincrementaldecoder("utf-8")("strict").decode
        self._text = ""
        self._at = 0
        self._consumed = 0
        self._ended = False
        self.had_bytes = False

    def where(self) -> str:
        return f"character {self._consumed + self._at}"

    def peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def advance(self) -> None:
        self._at += 1

    def skip_space(self) -> str:
        """Advance to the next character that is not white space and return it; empty at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text) or not self._grow():
                return self.peek()

    def end(self) -> None:
        if self.skip_space():
            raise StoreError(f"there is further content after the JSON value ({self.where()}); {_LINES}")

    def value(self) -> Any:
        """Decode the value that starts here.

        A number may continue beyond the window (``1`` of ``1.5``), so the window grows unless a delimiter follows.
        """
        while True:
            try:
                value, end = self._scan(self._text, self._at)
            except StoreError as error:
                raise StoreError(f"{error.message} ({self.where()})") from error
            except RecursionError as error:
                raise StoreError("the file is nested too deeply") from error
            except ArithmeticError as error:
                raise StoreError(f"{_BEYOND_DECIMALS} ({self.where()})") from error
            except StopIteration as error:
                if not self._grow():
                    raise StoreError(f"expected a JSON value ({self.where()})") from error
            except ValueError as error:
                if not self._grow():
                    raise StoreError(f"this is not JSON: {error}") from error
            else:
                if self._text[end : end + 1] in _AFTER_VALUE or not self._grow():
                    if end - self._at > self._limit:
                        raise self._too_long()
                    self._at = end
                    return value

    def _too_long(self) -> StoreError:
        return StoreError(
            f"a value is longer than {self._limit:,} characters ({self.where()}); {self._name}= allows more"
        )

    def _grow(self) -> bool:
        """Read more text and drop consumed text. Doubling keeps the work for one long value linear."""
        if self._ended:
            return False
        kept = len(self._text) - self._at
        if kept > self._limit:
            raise self._too_long()
        chunk = self._read(max(_CHUNK, kept))
        try:
            more = self._decode(chunk, not chunk)
        except UnicodeDecodeError as error:
            raise StoreError(f"the file is not UTF-8: {error.reason}") from error
        if chunk and not self.had_bytes:
            self.had_bytes = True
            more = more.removeprefix("\ufeff")
        self._ended = not chunk
        self._consumed += self._at
        self._text = self._text[self._at :] + more
        self._at = 0
        self._scan = self._signed if self._find_minus_zero(self._text) else self._plain
        return True
