"""Redshift's types as PostgreSQL has them.

Names, defaults and limits as of the Database Developer Guide, "Data types" (c_Supported_data_types), "Character types"
(r_Character_types), "Numeric types" (r_Numeric_types201), "VARBYTE type" (r_VARBYTE_type).
"""

from __future__ import annotations

from attrs import frozen

from dao_redshift.testing._statements import RedshiftError
from dao_redshift.testing._translate._draft import Draft, unsupported
from dao_redshift.testing._translate._tokens import Kind, words

__all__ = ["ColumnType", "cast_type", "column_type"]

VARCHAR_LIMIT = 65535
CHAR_LIMIT = 4096
VARBYTE_LIMIT = 16_777_216
VARBYTE_DEFAULT = 64_000
PRECISION_LIMIT = 38
SCALE_LIMIT = 37

_PLAIN = {
    "SMALLINT": "smallint",
    "INT2": "smallint",
    "INTEGER": "integer",
    "INT": "integer",
    "INT4": "integer",
    "BIGINT": "bigint",
    "INT8": "bigint",
    "REAL": "real",
    "FLOAT4": "real",
    "FLOAT8": "double precision",
    "BOOLEAN": "boolean",
    "BOOL": "boolean",
    "DATE": "date",
    "TIMESTAMPTZ": "timestamptz",
    "TIMETZ": "timetz",
    "SUPER": "jsonb",
    "OID": "oid",
    "NAME": "name",
}
_VARCHAR = words("VARCHAR NVARCHAR TEXT")
_CHAR = words("CHAR CHARACTER NCHAR BPCHAR")
_VARBYTE = words("VARBYTE VARBINARY")
_ABSENT = words("GEOMETRY GEOGRAPHY HLLSKETCH")
_CATALOG = words("REGCLASS REGTYPE REGPROC REGPROCEDURE NAME OID")


@frozen
class ColumnType:
    """A type that was read.

    Attributes:
        sql: PostgreSQL's.
        end: the index of the token after it.
        bytes: how many bytes a VARBYTE holds at most; None for another type.
    """

    sql: str
    end: int
    bytes: int | None = None


def column_type(draft: Draft, index: int) -> ColumnType:
    """The type at `index` of a column's definition, with Redshift's defaults.

    Raises:
        RedshiftError: if Redshift has no such type, or the gateway hasn't.
    """
    return _type(draft, index, in_table=True)


def cast_type(draft: Draft, index: int) -> ColumnType:
    """The type at `index` of a cast, in which a text without a length has any.

    Raises:
        RedshiftError: if Redshift has no such type, or the gateway hasn't.
    """
    return _type(draft, index, in_table=False)


def _type(draft: Draft, index: int, *, in_table: bool) -> ColumnType:
    word = draft.key(index)
    if draft[index].kind is not Kind.WORD:
        draft.wrong(index)
    found = _read(draft, index, word, in_table)
    if (draft.key(found.end) == "[" and in_table) or draft.at(found.end, "[", "]"):
        unsupported("an array type")
    return found


def _read(draft: Draft, index: int, word: str, in_table: bool) -> ColumnType:
    after = index + 1
    if word in _VARCHAR or (word in _CHAR and draft.key(after) == "VARYING"):
        return _text(draft, after + (draft.key(after) == "VARYING"), "varchar", 256, VARCHAR_LIMIT, in_table)
    if word in _CHAR:
        return _text(draft, after, "char", 256 if word == "BPCHAR" else 1, CHAR_LIMIT, in_table)
    if word in _VARBYTE or (word == "BINARY" and draft.key(after) == "VARYING"):
        return _binary(draft, after + (word == "BINARY"))
    if word in ("DECIMAL", "NUMERIC"):
        return _number(draft, after)
    if word == "FLOAT":
        return _float(draft, after)
    if word == "DOUBLE":
        return ColumnType("double precision", draft.expect(after, "PRECISION"))
    if word in ("TIMESTAMP", "TIME"):
        return _moment(draft, after, word)
    if word == "INTERVAL":
        return _interval(draft, after)
    if word in _ABSENT:
        raise RedshiftError(f"the local Redshift has no type {word}", "0A000")
    if word in _PLAIN:
        return ColumnType(_PLAIN[word], after)
    if word in _CATALOG and not in_table:
        return ColumnType(word.lower(), after)
    raise RedshiftError(f'type "{draft.name(index)}" is not supported by Amazon Redshift', "0A000")


def _text(draft: Draft, index: int, name: str, default: int, limit: int, in_table: bool) -> ColumnType:
    if draft.key(index) != "(":
        # In an expression the size is the value's: `char` alone is one character in PostgreSQL, so it gets a name
        # with none.
        return ColumnType(f"{name}({default})" if in_table else {"char": "bpchar"}.get(name, name), index)
    if draft.key(index + 1) == "MAX":
        return ColumnType(f"{name}({limit})", draft.expect(index + 2, ")"))
    length, end = _integer(draft, index)
    if not 1 <= length <= limit:
        raise RedshiftError(f"length for type {name} must be between 1 and {limit}: {length}", "22023")
    return ColumnType(f"{name}({length})", end)


def _binary(draft: Draft, index: int) -> ColumnType:
    if draft.key(index) != "(":
        return ColumnType("bytea", index, VARBYTE_DEFAULT)
    length, end = _integer(draft, index)
    if not 1 <= length <= VARBYTE_LIMIT:
        raise RedshiftError(f"length for type varbyte must be between 1 and {VARBYTE_LIMIT}: {length}", "22023")
    return ColumnType("bytea", end, length)


def _integer(draft: Draft, index: int) -> tuple[int, int]:
    """The number in parentheses at `index`, and the index after them."""
    if draft[index + 1].kind is not Kind.NUMBER or not draft.text(index + 1).isdecimal():
        draft.wrong(index + 1)
    return int(draft.text(index + 1)), draft.expect(index + 2, ")")


def _number(draft: Draft, index: int) -> ColumnType:
    if draft.key(index) != "(":
        return ColumnType("numeric(18,0)", index)
    end = draft.close(index)
    given = [draft.text(position) for position in range(index + 1, end)]
    if not (len(given) in (1, 3) and all(text.isdecimal() for text in given[::2])):
        draft.wrong(index + 1)
    precision, scale = int(given[0]), int(given[-1]) if len(given) == 3 else 0
    if not 1 <= precision <= PRECISION_LIMIT:
        raise RedshiftError(f"DECIMAL precision {precision} must be between 1 and {PRECISION_LIMIT}", "22023")
    if scale > min(precision, SCALE_LIMIT):
        raise RedshiftError(f"DECIMAL scale {scale} must be between 0 and {min(precision, SCALE_LIMIT)}", "22023")
    return ColumnType(f"numeric({precision},{scale})", end + 1)


def _float(draft: Draft, index: int) -> ColumnType:
    if draft.key(index) != "(":
        return ColumnType("double precision", index)
    digits, end = _integer(draft, index)
    return ColumnType(f"float({digits})", end)


def _moment(draft: Draft, index: int, word: str) -> ColumnType:
    if draft.key(index) == "(":
        unsupported(f"a precision of {word}")
    if draft.at(index, "WITHOUT", "TIME", "ZONE"):
        return ColumnType(word.lower(), index + 3)
    if draft.at(index, "WITH", "TIME", "ZONE"):
        return ColumnType(f"{word.lower()}tz", index + 3)
    return ColumnType(word.lower(), index)


def _interval(draft: Draft, index: int) -> ColumnType:
    """Redshift has two types, by their qualifiers; see "Interval data types" (r_interval_data_types)."""
    if draft.at(index, "YEAR", "TO", "MONTH"):
        return ColumnType("interval year to month", index + 3)
    if draft.at(index, "DAY", "TO", "SECOND"):
        return ColumnType("interval day to second", index + 3)
    return ColumnType("interval", index)
