"""What a table has in Redshift beside its columns: distribution, sort key, encodings, identity, keys, lengths."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from dao.errors import DataError, UnsupportedError
from dao_redshift._sql.shown import shown
from dao_redshift._sql.texts import name

__all__ = ["NAMES", "TableProperties"]

NAMES = ("diststyle", "distkey", "sortkey", "sortstyle", "encode", "identity", "primary_key", "lengths")
_ENCODINGS = frozenset(
    ("raw", "az64", "bytedict", "delta", "delta32k", "lzo", "mostly8", "mostly16", "mostly32", "runlength", "text255")
) | {"text32k", "zstd"}
_LONGEST = 65_535


@frozen(kw_only=True)
class TableProperties:
    """The properties of a new table.

    Attributes:
        diststyle: ``auto``, ``even``, ``all`` or ``key``.
        distkey: the column by which rows are distributed.
        sortkey: the columns by which they are sorted; ``("auto",)`` leaves it to the warehouse.
        sortstyle: ``compound`` or ``interleaved``.
        encode: the compression of columns; of the whole table under ``*``, where it is ``auto``.
        identity: columns that the warehouse numbers, each with its first number and its step.
        primary_key: the columns of the key, which the warehouse doesn't check.
        lengths: the most bytes of columns of text, 1 to 65,535.
    """

    diststyle: str | None = None
    distkey: str | None = None
    sortkey: tuple[str, ...] = ()
    sortstyle: str = "compound"
    encode: Mapping[str, str] = {}
    identity: Mapping[str, tuple[int, int]] = {}
    primary_key: tuple[str, ...] = ()
    lengths: Mapping[str, int] = {}

    @staticmethod
    def of(given: Mapping[str, Any], columns: Sequence[str]) -> TableProperties:
        """The properties that a caller or a catalog gives, for a table with these columns.

        Raises:
            DataError: a value can't be one, or names no column.
            UnsupportedError: Redshift has no such property.
        """
        for found in given:
            if found not in NAMES:
                raise UnsupportedError(f"properties: Redshift has no {found!r}; it has {', '.join(NAMES)}")
        made = TableProperties(
            diststyle=_word("diststyle", given.get("diststyle"), ("auto", "even", "all", "key")),
            distkey=given.get("distkey"),
            sortkey=_names("sortkey", given.get("sortkey")),
            sortstyle=_word("sortstyle", given.get("sortstyle"), ("compound", "interleaved")) or "compound",
            encode=_encodings(given.get("encode")),
            identity={column: _steps(column, value) for column, value in (given.get("identity") or {}).items()},
            primary_key=_names("primary_key", given.get("primary_key")),
            lengths={column: _length(column, value) for column, value in (given.get("lengths") or {}).items()},
        )
        made._check({*columns, *made.identity})
        if made.distkey is not None and made.diststyle not in (None, "key"):
            raise DataError(f"distkey: found with diststyle {made.diststyle!r}, expected 'key' or none beside it")
        if made.distkey is None and made.diststyle == "key":
            raise DataError("diststyle: found 'key' without distkey, expected the column's name there")
        return made

    def _check(self, columns: set[str]) -> None:
        named = {
            "distkey": [self.distkey] if self.distkey is not None else [],
            "sortkey": [one for one in self.sortkey if self.sortkey != ("auto",)],
            "primary_key": list(self.primary_key),
            "encode": [one for one in self.encode if one != "*"],
            "lengths": list(self.lengths),
        }
        for argument, found in named.items():
            for one in found:
                if one not in columns:
                    raise DataError(
                        f"{argument}: there is no column {one!r}; the table has {', '.join(sorted(columns))}"
                    )

    def column_suffix(self, column: str) -> str:
        """What follows a column's type."""
        return f" ENCODE {self.encode[column]}" if column in self.encode else ""

    def identity_columns(self) -> list[str]:
        """The definitions of the columns that the warehouse numbers."""
        return [
            f"{name(column)} BIGINT IDENTITY({first}, {step}){self.column_suffix(column)}"
            for column, (first, step) in self.identity.items()
        ]

    def constraints(self) -> list[str]:
        """The definitions that follow the columns."""
        return [f"PRIMARY KEY ({', '.join(map(name, self.primary_key))})"] if self.primary_key else []

    def table_suffix(self) -> str:
        """What follows the list of columns."""
        parts = []
        if self.diststyle is not None or self.distkey is not None:
            parts.append(f"DISTSTYLE {(self.diststyle or 'key').upper()}")
        if self.distkey is not None:
            parts.append(f"DISTKEY ({name(self.distkey)})")
        if self.sortkey == ("auto",):
            parts.append("SORTKEY AUTO")
        elif self.sortkey:
            parts.append(f"{self.sortstyle.upper()} SORTKEY ({', '.join(map(name, self.sortkey))})")
        if self.encode.get("*") == "auto":
            parts.append("ENCODE AUTO")
        return "".join(f" {part}" for part in parts)


def _word(argument: str, value: Any, allowed: Sequence[str]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str) or value.lower() not in allowed:
        raise DataError(f"{argument}: found {shown(value)}, expected one of {', '.join(allowed)}")
    return value.lower()


def _names(argument: str, value: Any) -> tuple[str, ...]:
    found = () if value is None else (value,) if isinstance(value, str) else tuple(value)
    for one in found:
        if found.count(one) > 1:
            raise DataError(f"{argument}: found {one!r} more than once, expected each column once")
    return found


def _encodings(value: Any) -> Mapping[str, str]:
    if value is None:
        return {}
    given = {"*": value} if isinstance(value, str) else dict(value)
    for column, word in given.items():
        known = {"auto"} if column == "*" else _ENCODINGS
        if not isinstance(word, str) or word.lower() not in known:
            raise DataError(f"encode: found {shown(word)} for {column!r}, expected one of {', '.join(sorted(known))}")
    return {column: word.lower() for column, word in given.items()}


def _steps(column: str, value: Any) -> tuple[int, int]:
    first, step = value if isinstance(value, (list, tuple)) and len(value) == 2 else (None, None)
    if type(first) is not int or type(step) is not int or step == 0:
        raise DataError(f"identity: found {shown(value)} for {column!r}, expected its first number and its step")
    return first, step


def _length(column: str, value: Any) -> int:
    if type(value) is not int or not 1 <= value <= _LONGEST:
        raise DataError(f"lengths: found {shown(value)} for {column!r}, expected 1 to {_LONGEST:,} bytes")
    return value
