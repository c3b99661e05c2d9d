"""What of a table is recorded beside PostgreSQL's: distribution, sort key, encodings, keys; and how it is written."""

from __future__ import annotations

import json
from typing import Any

from attrs import define, field

from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._translate._draft import Draft
from dao_redshift.testing._translate._tokens import words

__all__ = ["ENCODINGS", "Attributes", "encoding", "names_in", "sortkey", "table_attributes"]

ENCODINGS = words(
    """
    RAW AZ64 BYTEDICT DELTA DELTA32K LZO MOSTLY8 MOSTLY16 MOSTLY32 RUNLENGTH TEXT255 TEXT32K ZSTD AUTO NONE
    """
)
_STYLES = ("AUTO", "EVEN", "KEY", "ALL")


@define
class Attributes:
    """What of a table is recorded beside it."""

    diststyle: str | None = None
    distkey: str | None = None
    sortstyle: str | None = None
    sortkeys: list[str] = field(factory=list)
    backup: bool = True
    encodings: dict[str, str] = field(factory=dict)
    lengths: dict[str, int] = field(factory=dict)
    keys: list[dict[str, Any]] = field(factory=list)

    def set_distkey(self, name: str) -> None:
        """Make `name` the distribution key."""
        if self.distkey is not None:
            raise RedshiftError("multiple DISTKEYs are not allowed for a table", "42P16")
        if self.diststyle not in (None, "KEY"):
            raise RedshiftError(f"DISTKEY is not compatible with DISTSTYLE {self.diststyle}", "42P16")
        self.diststyle, self.distkey = "KEY", name

    def set_diststyle(self, style: str) -> None:
        """Make `style` the distribution's style."""
        if self.distkey is not None and style != "KEY":
            raise RedshiftError(f"DISTKEY is not compatible with DISTSTYLE {style}", "42P16")
        self.diststyle = style

    def set_sortkeys(self, style: str, names: list[str]) -> None:
        """Make `names` the sort key."""
        if self.sortstyle is not None:
            raise RedshiftError("multiple SORTKEYs are not allowed for a table", "42P16")
        self.sortstyle, self.sortkeys = style, names

    def new_table(self) -> str:
        """The attributes of a new table as JSON."""
        if self.diststyle == "KEY" and self.distkey is None:
            raise RedshiftError("DISTSTYLE KEY needs a DISTKEY", "42P16")
        return json.dumps(
            {
                "diststyle": self.diststyle or "AUTO",
                "distkey": self.distkey,
                "sortstyle": self.sortstyle or "AUTO",
                "sortkeys": self.sortkeys,
                "backup": self.backup,
                "encodings": self.encodings,
                "lengths": self.lengths,
                "keys": self.keys,
            }
        )


def names_in(draft: Draft, start: int, end: int) -> list[str]:
    """The names between the parentheses at `start` and `end`.

    Raises:
        RedshiftError: if there is anything else.
    """
    names = []
    for begin, stop in draft.parts(start + 1, end):
        if stop != begin + 1:
            draft.wrong(begin + 1)
        names.append(draft.name(begin))
    if not names:
        draft.wrong(end)
    return names


def encoding(draft: Draft, index: int) -> str:
    """The encoding at `index`, as the catalog shows it.

    Raises:
        RedshiftError: if Redshift has none of that name.
    """
    if draft.key(index) not in ENCODINGS:
        raise RedshiftError(f'invalid encoding type "{draft.text(index)}"', "42601")
    name = draft.key(index).lower()
    return {"raw": "none"}.get(name, name)


def table_attributes(draft: Draft, index: int, attributes: Attributes) -> int:
    """Reads what follows a new table's columns into `attributes`; the index of the ``AS``, or the end.

    Raises:
        RedshiftError: if Redshift has no such attribute.
    """
    while index < len(draft) and draft.key(index) != "AS":
        word = draft.key(index)
        if word == "BACKUP" and draft.key(index + 1) in ("YES", "NO"):
            attributes.backup = draft.key(index + 1) == "YES"
            index += 2
        elif word == "DISTSTYLE" and draft.key(index + 1) in _STYLES:
            attributes.set_diststyle(draft.key(index + 1))
            index += 2
        elif word == "DISTKEY":
            close = draft.close(index + 1)
            (name,) = names_in(draft, index + 1, close)
            attributes.set_distkey(name)
            index = close + 1
        elif word in ("COMPOUND", "INTERLEAVED", "SORTKEY"):
            index = sortkey(draft, index, attributes)
        elif draft.at(index, "ENCODE", "AUTO"):
            index += 2
        else:
            draft.wrong(index)
    return index


def sortkey(draft: Draft, index: int, attributes: Attributes) -> int:
    """Reads ``[COMPOUND | INTERLEAVED] SORTKEY (a, b)`` or ``SORTKEY AUTO | NONE``; the index after it.

    Raises:
        RedshiftError: if there is something else.
    """
    style = draft.key(index) if draft.key(index) != "SORTKEY" else "COMPOUND"
    index = draft.expect(index + (draft.key(index) != "SORTKEY"), "SORTKEY")
    if draft.key(index) in ("AUTO", "NONE"):
        attributes.set_sortkeys(draft.key(index), [])
        return index + 1
    close = draft.close(index)
    names = names_in(draft, index, close)
    if style == "INTERLEAVED" and len(names) > 8:
        raise RedshiftError("an interleaved sort key has 8 columns at most", "42P16")
    attributes.set_sortkeys(style, names)
    return close + 1
