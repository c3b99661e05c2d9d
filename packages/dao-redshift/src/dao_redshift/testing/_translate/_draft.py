"""A statement under translation: its tokens, and what becomes of each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from attrs import define, field

from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._translate._tokens import Kind, Token, tokens

__all__ = ["Draft", "literal", "quoted", "unsupported"]

END = Token(Kind.SYMBOL, "", 0, 0)
_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def quoted(name: str) -> str:
    """`name` as an identifier.

    >>> quoted('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """`text` as a string, the same whatever ``standard_conforming_strings`` says.

    >>> literal("it's")
    "E'it''s'"
    """
    return "E'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def unsupported(what: str) -> NoReturn:
    """Refuse what Redshift hasn't.

    Raises:
        RedshiftError: always.
    """
    raise RedshiftError(f"{what} is not supported by Amazon Redshift", "0A000")


@define
class Draft:
    """A statement's tokens with their texts, which may be replaced; what is between tokens stays.

    Attributes:
        sql: the client's text.
        tokens: its tokens.
        folds: whether quoted identifiers become lower case, as they do unless ``enable_case_sensitive_identifier`` is
        on.
    """

    sql: str
    folds: bool = True
    tokens: list[Token] = field(init=False)
    _texts: dict[int, str] = field(init=False, factory=dict)
    _before: dict[int, str] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        self.tokens = tokens(self.sql)
        while self.tokens and self.tokens[-1].key == ";":
            self.tokens.pop()

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, index: int) -> Token:
        return self.tokens[index] if 0 <= index < len(self.tokens) else END

    def key(self, index: int) -> str:
        """The word or symbol at `index`; empty outside the statement and for strings and quoted names."""
        return self.tokens[index].key if 0 <= index < len(self.tokens) else ""

    def text(self, index: int) -> str:
        """The text of the token at `index` as the client wrote it."""
        token = self[index]
        return self.sql[token.start : token.end]

    def is_name(self, index: int) -> bool:
        """Whether an identifier is at `index`, quoted or not."""
        return 0 <= index < len(self.tokens) and self.tokens[index].kind in (Kind.WORD, Kind.QUOTED, Kind.TEMPORARY)

    def name(self, index: int) -> str:
        """The identifier at `index`, as PostgreSQL stores it.

        Raises:
            RedshiftError: if there is none.
        """
        if not self.is_name(index):
            self.wrong(index)
        text = self.text(index)
        if self[index].kind is not Kind.QUOTED:
            return text.translate(_LOWER)
        inner = text[1:-1].replace('""', '"')
        return inner.translate(_LOWER) if self.folds else inner

    def wrong(self, index: int) -> NoReturn:
        """Refuse what is at `index`.

        Raises:
            RedshiftError: a syntax error there.
        """
        if index >= len(self.tokens):
            raise RedshiftError("syntax error at end of input", "42601")
        raise RedshiftError(f'syntax error at or near "{self.text(index)}"', "42601")

    def expect(self, index: int, *keys: str) -> int:
        """The index after `keys`, which must be at `index`.

        Raises:
            RedshiftError: if they aren't.
        """
        for key in keys:
            if self.key(index) != key:
                self.wrong(index)
            index += 1
        return index

    def at(self, index: int, *keys: str) -> bool:
        """Whether the words or symbols `keys` are at `index`, in order."""
        return all(self.key(index + offset) == key for offset, key in enumerate(keys))

    def close(self, index: int) -> int:
        """The index of the parenthesis that closes the one at `index`.

        Raises:
            RedshiftError: if none does.
        """
        self.expect(index, "(")
        depth = 0
        for position in range(index, len(self.tokens)):
            key = self.tokens[position].key
            if key == "(":
                depth += 1
            elif key == ")":
                depth -= 1
                if depth == 0:
                    return position
        return self.wrong(len(self.tokens))

    def opening(self, index: int) -> int:
        """The index of the parenthesis that the one at `index` closes; -1 if there is none."""
        depth = 0
        for position in range(index, -1, -1):
            key = self.tokens[position].key
            depth += (key == ")") - (key == "(")
            if depth == 0:
                return position
        return -1

    def parts(self, start: int, end: int) -> list[tuple[int, int]]:
        """The ranges between commas in `start` to `end` (exclusive) that are in no parenthesis."""
        found, depth, begin = [], 0, start
        for position in range(start, end):
            key = self.tokens[position].key
            if key in ("(", "["):
                depth += 1
            elif key in (")", "]"):
                depth -= 1
            elif key == "," and depth == 0:
                found.append((begin, position))
                begin = position + 1
        return [*found, (begin, end)] if end > start else []

    def replace(self, index: int, text: str) -> None:
        """Put `text` in place of the token at `index`."""
        self._texts[index] = text

    def remove(self, indexes: Iterable[int]) -> None:
        """Leave out these tokens."""
        for index in indexes:
            self._texts[index] = ""
            self._before.pop(index, None)

    def insert(self, index: int, text: str) -> None:
        """Put `text` before the token at `index`, after what was put there before; at the end if there is no such
        token.
        """
        self._before[index] = self._before.get(index, "") + text

    def insert_first(self, index: int, text: str) -> None:
        """Put `text` before the token at `index`, before what was put there before."""
        self._before[index] = text + self._before.get(index, "")

    @property
    def changed(self) -> bool:
        """Whether anything was replaced or put in."""
        return bool(self._texts or self._before)

    def argument(self, start: int, end: int) -> str:
        """What `render` gives, and what was put before the token at `end`: a call's comma or parenthesis."""
        return self.render(start, end) + (
            f" {self._before[end]}" if end < len(self.tokens) and end in self._before else ""
        )

    def render(self, start: int = 0, end: int | None = None) -> str:
        """The text of the tokens from `start` to `end` (exclusive), as it has become; without comments."""
        last = len(self.tokens) if end is None else end
        pieces: list[str] = []
        for index in range(start, last):
            token = self.tokens[index]
            if index in self._before:
                pieces.append(f" {self._before[index]}")
            if index > start and (gap := self.sql[self.tokens[index - 1].end : token.start]):
                pieces.append("\n" if "\n" in gap else " ")  # strings on two lines are one string
            pieces.append(self._texts[index] if index in self._texts else self.sql[token.start : token.end])
        if last == len(self.tokens) and last in self._before:
            pieces.append(f" {self._before[last]}")
        return "".join(pieces)
