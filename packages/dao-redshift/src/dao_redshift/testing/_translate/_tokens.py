"""The tokens of a statement, cut exactly as PostgreSQL cuts them in the gateway's sessions.

A library's tokenizer for Redshift differs from PostgreSQL's lexer in details (dollar quotes' tags, what follows a
backslash
in a string, a quote in a comment); where they differ, text of the client's would be taken for SQL or the reverse. This
one follows PostgreSQL's ``scan.l`` with ``standard_conforming_strings = off``, which the gateway sets in every session.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from dao_redshift.testing._statements import RedshiftError

__all__ = ["Kind", "Token", "tokens", "words"]


class Kind(Enum):
    """What a token is. A ``TEMPORARY`` is a name such as ``#stage``."""

    WORD = "word"
    QUOTED = "quoted identifier"
    STRING = "string"
    NUMBER = "number"
    PARAMETER = "parameter"
    TEMPORARY = "temporary table's name"
    SYMBOL = "symbol"


class Token(NamedTuple):
    """One token.

    Attributes:
        kind: what it is.
        key: a word in upper case, a symbol as it is; empty for what is no SQL of its own.
        start: the index of its first character in the statement.
        end: that of the first character after it.
    """

    kind: Kind
    key: str
    start: int
    end: int


_LEX = re.compile(
    r"""
      (?P<space>     [ \t\n\r\f\v]+ | --[^\n\r]* )
    | (?P<STRING>    [eEnN]?'(?:[^'\\]|''|\\.)*' | [bBxX]'[^']*' )
    | (?P<QUOTED>    "(?:[^"]|"")*" )
    | (?P<refused>   [uU]&['"] )
    | (?P<WORD>      [A-Za-z_\x80-\U0010FFFF][A-Za-z0-9_$\x80-\U0010FFFF]* )
    | (?P<NUMBER>    (?:\d+(?:\.(?!\.)\d*)?|\.\d+)(?:[eE][+-]?\d+)? )
    | (?P<PARAMETER> \$\d+ )
    | (?P<dollar>    \$(?:[A-Za-z_\x80-\U0010FFFF][A-Za-z0-9_\x80-\U0010FFFF]*)?\$ )
    | (?P<TEMPORARY> \#[A-Za-z_][A-Za-z0-9_$]* )
    | (?P<block>     /\* )
    | (?P<SYMBOL>    :: | [^'"\x00] )
    """,
    re.VERBOSE | re.DOTALL,
)
_NAMES = {"WORD", "QUOTED", "TEMPORARY"}
_POSTGRES_BYTES = 63
_SHORT = _POSTGRES_BYTES // 4  # letters, of which a name has that many bytes at most
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def tokens(sql: str) -> list[Token]:
    """The tokens of `sql`, without blanks and comments.

    Raises:
        RedshiftError: if a string, a quoted identifier or a comment has no end, or a name is longer than PostgreSQL's.

    >>> [token.key or token.kind.value for token in tokens("SELECT 'it\\\\'s', \\"A\\" -- a comment")]
    ['SELECT', 'string', ',', 'quoted identifier']
    """
    found: list[Token] = []
    position, length = 0, len(sql)
    while position < length:
        match = _LEX.match(sql, position)
        if match is None:
            raise RedshiftError(f"unterminated quoted string at or near {sql[position : position + 40]!r}", "42601")
        name, end = match.lastgroup or "", match.end()
        if end - position > _SHORT and name in _NAMES:
            _refuse_long(match[0])
        if name == "WORD":
            found.append(Token(Kind.WORD, match[0].upper(), position, end))
        elif name == "SYMBOL":
            found.append(Token(Kind.SYMBOL, match[0], position, end))
        elif name == "dollar":
            end = _after(sql, match[0], end)
            found.append(Token(Kind.STRING, "", position, end))
        elif name == "block":
            end = _after_comment(sql, end)
        elif name == "refused":
            raise RedshiftError("strings and identifiers with Unicode escapes (U&) are not supported", "0A000")
        elif name != "space":
            found.append(Token(Kind[name], "", position, end))
        position = end
    return found


def _refuse_long(name: str) -> None:
    """Refuse what PostgreSQL would cut to another name, although Redshift's names have up to 127 bytes."""
    plain = name[1:-1].replace('""', '"') if name.startswith('"') else name
    if len(plain.encode()) > _POSTGRES_BYTES:
        raise RedshiftError(
            f"the name {name} has more than {_POSTGRES_BYTES} bytes, all that the PostgreSQL behind this local "
            "Redshift keeps; Redshift keeps 127"
        )


def _after(sql: str, tag: str, start: int) -> int:
    end = sql.find(tag, start)
    if end < 0:
        raise RedshiftError(f"unterminated dollar-quoted string at or near {tag!r}", "42601")
    return end + len(tag)


def _after_comment(sql: str, start: int) -> int:
    """Comments nest."""
    depth = 1
    for edge in _COMMENT_EDGE.finditer(sql, start):
        depth += 1 if edge[0] == "/*" else -1
        if depth == 0:
            return edge.end()
    raise RedshiftError("unterminated /* comment", "42601")


def words(text: str) -> frozenset[str]:
    """The words of a text.

    >>> sorted(words("A B"))
    ['A', 'B']
    """
    return frozenset(text.split())
