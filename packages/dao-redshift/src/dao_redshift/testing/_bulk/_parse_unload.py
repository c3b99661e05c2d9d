"""UNLOAD's grammar: its text becomes a record, and what can't be done is refused by name.

The grammar: https://docs.aws.amazon.com/redshift/latest/dg/r_UNLOAD.html
"""

from __future__ import annotations

from decimal import Decimal

import sqlglot
from sqlglot.errors import SqlglotError

from dao_redshift.testing._bulk._credentials import check_credentials, take_credentials
from dao_redshift.testing._bulk._words import Words
from dao_redshift.testing._statements import Option, RedshiftError, Unload

__all__ = ["parse_unload"]

_FLAGS = ("HEADER", "ADDQUOTES", "ESCAPE", "ALLOWOVERWRITE", "CLEANPATH", "GZIP", "ZSTD", "BZIP2")
_TEXTS = ("DELIMITER", "FIXEDWIDTH", "REGION", "EXTENSION", "KMS_KEY_ID")
_TEXT_ONLY = {"HEADER", "ADDQUOTES", "ESCAPE", "DELIMITER", "FIXEDWIDTH", "NULL"}
_COMPRESSIONS = {"GZIP", "ZSTD", "BZIP2"}
_CONFLICTS = {
    "PARQUET": _TEXT_ONLY | _COMPRESSIONS,
    "JSON": _TEXT_ONLY | {"ROWGROUPSIZE"},
    "CSV": {"FIXEDWIDTH", "ESCAPE", "ADDQUOTES", "ROWGROUPSIZE"},
    "TEXT": {"ROWGROUPSIZE"},
}
_PAIRS = (
    ("CLEANPATH", "ALLOWOVERWRITE"), ("FIXEDWIDTH", "DELIMITER"), ("FIXEDWIDTH", "HEADER"), ("FIXEDWIDTH", "ESCAPE"),
    ("FIXEDWIDTH", "ADDQUOTES"),
)  # fmt: skip
_UNITS = {"MB": 2**20, "GB": 2**30}


def parse_unload(sql: str) -> Unload:
    """The record of an UNLOAD. Its `query` is the client's, not yet PostgreSQL's.

    Raises:
        RedshiftError: it is wrong (SQLSTATE 42601), or asks for what isn't supported (0A000).

    >>> unload = parse_unload("UNLOAD ('select * from t where a = ''x''') TO 's3://lake/t_' IAM_ROLE default PARQUET")
    >>> unload.query, unload.location, unload.format
    ("select * from t where a = 'x'", 's3://lake/t_', 'PARQUET')
    """
    words = Words.of(sql)
    words.expect("UNLOAD")
    words.expect("(")
    query = words.take("string", "a query in quotes").strip().removesuffix(";")
    words.expect(")")
    words.expect("TO")
    location = words.string("the URL of a prefix on S3")
    options: dict[str, Option] = {}
    credentials: dict[str, str] = {}
    formats: list[str] = []
    while words.next is not None and not words.accept(";"):
        if not take_credentials(words, credentials) and not _take_format(words, formats):
            _take_option(words, options)
    words.end()
    if not location.startswith("s3://"):
        raise RedshiftError(f"UNLOAD destination must be a URL that begins with s3://, found {location!r}", "42601")
    if len(formats) > 1:
        raise RedshiftError(f"conflicting or redundant options: {' and '.join(formats)}", "42601")
    check_credentials(credentials)
    _refuse_limit(query)
    return _checked(Unload(query, location, formats[0] if formats else "TEXT", options, credentials))


def _take_format(words: Words, formats: list[str]) -> bool:
    named = words.accept("FORMAT")
    if named:
        words.accept("AS")
    for name in ("PARQUET", "CSV", "JSON", "TEXT"):
        if (name != "TEXT" or named) and words.accept(name):
            formats.append(name)
            return True
    if named:
        words.fail("expected PARQUET, CSV, JSON or TEXT")
    return False


def _put(options: dict[str, Option], name: str, value: Option) -> None:
    if name in options:
        raise RedshiftError(f"conflicting or redundant options: {name} is given twice", "42601")
    options[name] = value


def _take_option(words: Words, options: dict[str, Option]) -> None:
    word = words.next
    name = word.text if word is not None and word.kind == "word" else ""
    if name in _FLAGS:
        words.accept(name)
        _put(options, name, True)
    elif name in _TEXTS:
        words.accept(name)
        _put(options, name, words.string(f"the text of {name}"))
    elif words.accept("NULL"):
        _put(options, "NULL", words.string("the text of NULL AS"))
    elif words.accept("MANIFEST"):
        _put(options, "MANIFEST", "VERBOSE" if words.accept("VERBOSE") else True)
    elif words.accept("ENCRYPTED"):
        _put(options, "ENCRYPTED", "AUTO" if words.accept("AUTO") else True)
    elif words.accept("PARTITION", "BY"):
        _put(options, "PARTITION BY", words.names())
        if words.accept("INCLUDE"):
            _put(options, "INCLUDE", True)
    elif words.accept("PARALLEL"):
        _put(options, "PARALLEL", next((one for one in ("ON", "TRUE", "OFF", "FALSE") if words.accept(one)), "ON"))
    elif name in ("MAXFILESIZE", "ROWGROUPSIZE"):
        words.accept(name)
        _put(options, name, _size(words, name))
    elif name == "MASTER_SYMMETRIC_KEY":
        raise RedshiftError("Client-side encryption (MASTER_SYMMETRIC_KEY) is not supported by this gateway")
    else:
        words.fail()


def _size(words: Words, name: str) -> int:
    words.accept("AS")
    number = Decimal(words.take("number", f"the size of {name}"))
    unit = next((unit for unit in _UNITS if words.accept(unit)), "MB")
    size = int(number * _UNITS[unit])
    least, most = (5 * 2**20, int(Decimal("6.2") * 2**30)) if name == "MAXFILESIZE" else (32 * 2**20, 128 * 2**20)
    if not least <= size <= most:
        bounds = "5 MB and 6.2 GB" if name == "MAXFILESIZE" else "32 MB and 128 MB"
        raise RedshiftError(f"{name} must be between {bounds}, found {number} {unit}", "22023")
    return size


def _refuse_limit(query: str) -> None:
    """Refuse a LIMIT of the outermost SELECT. A query that sqlglot can't read is left to the database."""
    try:
        parsed = sqlglot.parse_one(query, read="redshift")
    except SqlglotError:
        return
    if parsed.args.get("limit") is not None:
        raise RedshiftError("Limit clause is not supported in the outermost SELECT of an UNLOAD: use a nested LIMIT")


def _checked(unload: Unload) -> Unload:
    options = set(unload.options)
    for name in sorted(options & _CONFLICTS[unload.format]):
        raise RedshiftError(f"{name} option is not supported for UNLOAD to {unload.format}")
    for one, other in _PAIRS:
        if {one, other} <= options:
            raise RedshiftError(f"{one} can't be used with {other}", "42601")
    if len(options & _COMPRESSIONS) > 1:
        raise RedshiftError(f"conflicting or redundant options: {sorted(options & _COMPRESSIONS)}", "42601")
    if "KMS_KEY_ID" in options and "ENCRYPTED" not in options:
        raise RedshiftError("KMS_KEY_ID needs ENCRYPTED", "42601")
    delimiter = unload.options.get("DELIMITER")
    if isinstance(delimiter, str) and (len(delimiter) != 1 or not delimiter.isascii()):
        raise RedshiftError(f"UNLOAD delimiter must be a single ASCII character, found {delimiter!r}")
    return unload
