"""The words of a COPY or an UNLOAD, as a cursor that parsers take them from.

sqlglot splits the text; its parser isn't used, since it takes an option's value for the next option. Literals are
decoded here, because an option's text has rules of its own: ``'\\N'`` stays as it is, and ``'\\t'`` is a tab.
"""

from __future__ import annotations

import re
from typing import Literal, NoReturn

from attrs import define, frozen
from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from dao_redshift.testing._statements import RedshiftError

__all__ = ["Word", "Words", "decoded"]

_ESCAPE = re.compile(r"''|\\([0-7]{1,3})|\\(.)", re.DOTALL)
_LETTERS = {"t": "\t", "n": "\n", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "N": "\\N"}
_STRINGS = {TokenType.STRING, TokenType.NATIONAL_STRING, TokenType.RAW_STRING}


def decoded(literal: str) -> str:
    r"""A literal's text.

    >>> decoded(r"'it''s \'A\' \\ \N'")
    "it's 'A' \\ \\N"
    >>> decoded(r"'\t'"), decoded(r"'\000'")
    ('\t', '\x00')
    """

    def letter(found: re.Match[str]) -> str:
        octal, escaped = found.groups()
        if octal is not None:
            return chr(int(octal, 8))
        return "'" if escaped is None else _LETTERS.get(escaped, escaped)

    return _ESCAPE.sub(letter, literal[1:-1])


@frozen
class Word:
    """One word: `text` in upper case for a keyword, decoded for a string, unquoted for a quoted name."""

    kind: Literal["word", "name", "string", "number", "symbol"]
    text: str
    source: str


def _words(sql: str, token: Token) -> list[Word]:
    source = sql[token.start : token.end + 1]
    if token.token_type in _STRINGS:
        return [Word("string", decoded(source[source.index("'") :]), source)]
    if token.token_type is TokenType.HEREDOC_STRING:
        return [Word("string", token.text, source)]
    if token.token_type is TokenType.IDENTIFIER:
        return [Word("name", token.text, source)]
    if token.token_type is TokenType.NUMBER:
        return [Word("number", source, source)]
    if re.fullmatch(r"[#\w\s$]+", source):  # PARTITION BY is one token
        return [Word("word", part.upper(), part) for part in source.split()]
    return [Word("symbol", source, source)]


def _tokens(sql: str) -> list[Token]:
    try:
        return list(Redshift().tokenize(sql))
    except SqlglotError as error:
        raise RedshiftError(f"syntax error: {str(error).splitlines()[0]}", "42601") from None


@define
class Words:
    """A cursor over the words of a statement."""

    words: list[Word]
    at: int = 0

    @classmethod
    def of(cls, sql: str) -> Words:
        """The words of `sql`.

        Raises:
            RedshiftError: a string or comment has no end.
        """
        tokens = _tokens(sql)
        if tokens and tokens[0].token_type is TokenType.COMMAND:  # UNLOAD, whose rest sqlglot leaves in one piece
            start = tokens[0].end + 1
            rest = sql[start:]
            return cls([*_words(sql, tokens[0]), *(word for token in _tokens(rest) for word in _words(rest, token))])
        return cls([word for token in tokens for word in _words(sql, token)])

    @property
    def next(self) -> Word | None:
        """The next word; None at the end."""
        return self.words[self.at] if self.at < len(self.words) else None

    def accept(self, *texts: str) -> bool:
        """Take these keywords or symbols if they are next."""
        coming = self.words[self.at : self.at + len(texts)]
        if [word.text for word in coming if word.kind in ("word", "symbol")] != list(texts):
            return False
        self.at += len(texts)
        return True

    def expect(self, *texts: str) -> None:
        """Take these keywords or symbols.

        Raises:
            RedshiftError: other words are next.
        """
        if not self.accept(*texts):
            self.fail()

    def take(self, kind: str, what: str) -> str:
        """Take a word of this kind; give its text.

        Raises:
            RedshiftError: another kind is next; `what` says what should be.
        """
        word = self.next
        if word is None or word.kind != kind:
            self.fail(f"expected {what}")
        self.at += 1
        return word.text

    def string(self, what: str) -> str:
        """Take a literal, with AS before it or without.

        Raises:
            RedshiftError: no literal is next.
        """
        self.accept("AS")
        return self.take("string", what)

    def integer(self, what: str) -> int:
        """Take a whole number, with AS before it or without.

        Raises:
            RedshiftError: none is next.
        """
        self.accept("AS")
        text = self.take("number", what)
        if not text.isdigit():
            raise RedshiftError(f"syntax error: expected {what}, found {text}", "42601")
        return int(text)

    def name(self) -> str:
        """Take a name; one without quotes is in lower case.

        Raises:
            RedshiftError: none is next.
        """
        word = self.next
        if word is None or word.kind not in ("word", "name"):
            self.fail("expected a name")
        self.at += 1
        return word.text if word.kind == "name" else word.text.lower()

    def names(self) -> tuple[str, ...]:
        """Take names with commas between them, in parentheses.

        Raises:
            RedshiftError: others are next.
        """
        self.expect("(")
        found = [self.name()]
        while self.accept(","):
            found.append(self.name())
        self.expect(")")
        return tuple(found)

    def end(self) -> None:
        """Take the semicolon, if there is one, and nothing after it.

        Raises:
            RedshiftError: something follows.
        """
        self.accept(";")
        if self.next is not None:
            self.fail()

    def fail(self, expected: str = "") -> NoReturn:
        """Refuse the next word; a literal isn't shown, since it may be a secret.

        Raises:
            RedshiftError: always.
        """
        word = self.next
        found = (
            "end of input"
            if word is None
            else 'or near "\'..."'
            if word.kind == "string"
            else f'or near "{word.source}"'
        )
        raise RedshiftError(f"syntax error at {found}" + (f": {expected}" if expected else ""), "42601")
