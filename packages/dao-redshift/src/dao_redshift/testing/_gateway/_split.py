"""A simple query's statements, one by one."""

from __future__ import annotations

import re

_TOKENS = re.compile(
    r"""
      (?P<space>\s+|--[^\n]*)
    | (?P<comment>/\*)
    | (?P<text>'(?:[^'\\]|\\.|'')*'?)
    | (?P<name>"(?:[^"]|"")*"?)
    | (?P<dollar>\$(?:[A-Za-z_]\w*)?\$)
    | (?P<end>;)
    | (?P<other>[\w]+\$?|[^\s\w])
    """,
    re.VERBOSE | re.DOTALL,
)
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def statements_of(sql: str) -> list[str]:
    """The statements between the semicolons, without those that say nothing.

    Texts, quoted names, dollar quotes and comments, nested ones too, are passed over. A backslash escapes in texts, as
    it does in Redshift.
    """
    found, start, at, says = [], 0, 0, False
    while at < len(sql):
        token = _TOKENS.match(sql, at)
        assert token is not None  # the last alternative takes any character
        at = token.end()
        match token.lastgroup:
            case "space":
                pass
            case "comment":
                at = _end_of_comment(sql, at)
            case "dollar":
                closing = sql.find(token[0], at)
                at, says = (len(sql) if closing < 0 else closing + len(token[0])), True
            case "end":
                if says:
                    found.append(sql[start : token.start()].strip())
                start, says = at, False
            case _:
                says = True
    if says:
        found.append(sql[start:].strip())
    return found


def _end_of_comment(sql: str, at: int) -> int:
    depth = 1
    while depth:
        edge = _COMMENT_EDGE.search(sql, at)
        if edge is None:
            return len(sql)
        depth += 1 if edge[0] == "/*" else -1
        at = edge.end()
    return at
