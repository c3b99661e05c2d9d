"""COPY's grammar: its text becomes a record, and what can't be done is refused by name.

The grammar: https://docs.aws.amazon.com/redshift/latest/dg/r_COPY.html, and the pages of its parameters.
"""

from __future__ import annotations

from dao_redshift.testing._bulk._credentials import check_credentials, take_credentials
from dao_redshift.testing._bulk._words import Words
from dao_redshift.testing._statements import Copy, Option, RedshiftError

__all__ = ["parse_copy"]

_FLAGS = (
    "MANIFEST", "GZIP", "ZSTD", "BZIP2", "LZOP", "EMPTYASNULL", "BLANKSASNULL", "TRUNCATECOLUMNS", "ACCEPTANYDATE",
    "FILLRECORD", "IGNOREBLANKLINES", "IGNOREALLERRORS", "REMOVEQUOTES", "ESCAPE", "TRIMBLANKS", "ROUNDEC",
    "EXPLICIT_IDS", "NOLOAD", "ENCRYPTED", "SERIALIZETOJSON",
)  # fmt: skip
_TEXTS = ("DELIMITER", "QUOTE", "DATEFORMAT", "TIMEFORMAT", "REGION")
_NUMBERS = ("MAXERROR", "IGNOREHEADER", "COMPROWS")
_SWITCHES = {"STATUPDATE": ("ON", "TRUE", "OFF", "FALSE"), "COMPUPDATE": ("PRESET", "ON", "TRUE", "OFF", "FALSE")}
_REFUSED = {
    "LZOP": "LZOP compression",
    "ENCRYPTED": "client-side encryption (ENCRYPTED)",
    "IGNOREALLERRORS": "IGNOREALLERRORS",
    "MASTER_SYMMETRIC_KEY": "client-side encryption (MASTER_SYMMETRIC_KEY)",
    "SHAPEFILE": "FORMAT SHAPEFILE",
    "SSH": "COPY from SSH",
    "READRATIO": "COPY from DynamoDB (READRATIO)",
    "JOB": "COPY JOB",
}
_COMPRESSIONS = ("GZIP", "ZSTD", "BZIP2", "LZOP")
_FORMATS = ("PARQUET", "ORC", "AVRO", "CSV", "JSON", "FIXEDWIDTH", "SHAPEFILE")
_COLUMNAR = ("PARQUET", "ORC")
_WITH_COLUMNAR = {
    "MANIFEST",
    "FILLRECORD",
    "ACCEPTINVCHARS",
    "STATUPDATE",
    "EXPLICIT_IDS",
    "SERIALIZETOJSON",
    "MAXERROR",
}
_TEXT_ONLY = {"DELIMITER", "QUOTE", "ESCAPE", "REMOVEQUOTES", "IGNOREHEADER", "FIXEDWIDTH", "FILLRECORD", "NULL",
              "IGNOREBLANKLINES"}  # fmt: skip
_CONFLICTS = {
    "CSV": {"FIXEDWIDTH", "REMOVEQUOTES", "ESCAPE"},
    "TEXT": {"QUOTE"},
    "FIXEDWIDTH": {"DELIMITER", "ESCAPE", "QUOTE", "REMOVEQUOTES"},
    "JSON": _TEXT_ONLY - {"FIXEDWIDTH", "NULL"} | {"FIXEDWIDTH"},
    "AVRO": _TEXT_ONLY - {"NULL"} | {"ENCODING"},
}
MAXERROR_LIMIT = 100_000


def parse_copy(sql: str) -> Copy:
    """The record of a COPY.

    Raises:
        RedshiftError: it is wrong (SQLSTATE 42601), or asks for what isn't supported (0A000).

    >>> copy = parse_copy("COPY Sales (id, day) FROM 's3://lake/sales/' IAM_ROLE default PARQUET MANIFEST")
    >>> copy.table, copy.columns, copy.format, dict(copy.options)
    ('"sales"', ('id', 'day'), 'PARQUET', {'MANIFEST': True})
    """
    words = Words.of(sql)
    words.expect("COPY")
    table, columns = _target(words)
    words.expect("FROM")
    location = words.string("the URL of files on S3")
    options: dict[str, Option] = {}
    credentials: dict[str, str] = {}
    formats: list[str] = []
    while words.next is not None and not words.accept(";"):
        if not take_credentials(words, credentials):
            _take_option(words, options, formats)
    words.end()
    if not location.startswith("s3://"):
        raise RedshiftError(f"COPY is supported from S3 alone, by a URL that begins with s3://, found {location!r}")
    check_credentials(credentials)
    return _checked(Copy(table, columns, location, _format(formats, options), options, credentials))


def _target(words: Words) -> tuple[str, tuple[str, ...] | None]:
    parts = [words.name()]
    while words.accept("."):
        parts.append(words.name())
    table = ".".join('"' + part.replace('"', '""') + '"' for part in parts[-2:])  # a database's name is the session's
    following = words.next
    return table, words.names() if following is not None and following.text == "(" else None


def _put(options: dict[str, Option], name: str, value: Option) -> None:
    if name in options:
        raise RedshiftError(f"conflicting or redundant options: {name} is given twice", "42601")
    options[name] = value


def _take_option(words: Words, options: dict[str, Option], formats: list[str]) -> None:
    if _take_format(words, options, formats):
        return
    word = words.next
    name = word.text if word is not None and word.kind == "word" else ""
    if name in _REFUSED:
        raise RedshiftError(f"{_REFUSED[name]} is not supported by this gateway")
    if name in _FLAGS:
        words.accept(name)
        _put(options, name, True)
    elif name in _TEXTS:
        words.accept(name)
        _put(options, name, words.string(f"the text of {name}"))
    elif name in _NUMBERS:
        words.accept(name)
        _put(options, name, words.integer(f"the number of {name}"))
    elif name in _SWITCHES:
        words.accept(name)
        _put(options, name, next((one for one in _SWITCHES[name] if words.accept(one)), "ON"))
    elif words.accept("NULL"):
        _put(options, "NULL", words.string("the text of NULL AS"))
    elif words.accept("ACCEPTINVCHARS"):
        words.accept("AS")
        following = words.next
        given = following is not None and following.kind == "string"
        _put(options, "ACCEPTINVCHARS", words.string("a character") if given else "?")
    elif words.accept("ENCODING"):
        words.accept("AS")
        following = words.next
        quoted = following is not None and following.kind == "string"
        _put(options, "ENCODING", (words.string("an encoding") if quoted else words.name()).upper())
    else:
        words.fail()


def _take_format(words: Words, options: dict[str, Option], formats: list[str]) -> bool:
    if words.accept("FORMAT"):
        words.accept("AS")
        following = words.next
        if following is None or following.text not in (
            "PARQUET",
            "ORC",
            "AVRO",
            "CSV",
            "JSON",
            "FIXEDWIDTH",
            "SHAPEFILE",
        ):
            words.fail("expected PARQUET, ORC, AVRO, CSV, JSON or FIXEDWIDTH")
    for name in ("PARQUET", "ORC", "CSV"):
        if words.accept(name):
            formats.append(name)
            return True
    for name in ("JSON", "AVRO"):
        if words.accept(name):
            formats.append(name)
            words.accept("AS")
            following = words.next
            given = following is not None and following.kind == "string"
            _put(options, name, words.string("'auto'") if given else "auto")
            return True
    if words.accept("FIXEDWIDTH"):
        formats.append("FIXEDWIDTH")
        _put(options, "FIXEDWIDTH", words.string("the widths of columns"))
        return True
    return False


def _format(formats: list[str], options: dict[str, Option]) -> str:
    if len(formats) > 1:
        raise RedshiftError(f"conflicting or redundant options: {' and '.join(formats)}", "42601")
    return formats[0] if formats else "TEXT"


def _checked(copy: Copy) -> Copy:
    options = set(copy.options)
    if copy.format in _COLUMNAR:
        for name in sorted(options - _WITH_COLUMNAR):
            raise RedshiftError(f"{name} argument is not supported for {copy.format} based COPY")
        if copy.options.get("MAXERROR"):  # dlt sends MAXERROR 0, which changes nothing
            raise RedshiftError(f"MAXERROR argument is not supported for {copy.format} based COPY")
    elif "SERIALIZETOJSON" in options:
        raise RedshiftError("SERIALIZETOJSON is only supported for columnar formats", "42601")
    for name in sorted(options & _CONFLICTS.get(copy.format, set())):
        raise RedshiftError(f"{name} option is not supported with {copy.format}", "42601")
    if len(options & set(_COMPRESSIONS)) > 1:
        raise RedshiftError(f"conflicting or redundant options: {sorted(options & set(_COMPRESSIONS))}", "42601")
    most = copy.options.get("MAXERROR", 0)
    if isinstance(most, int) and most > MAXERROR_LIMIT:
        raise RedshiftError(f"MAXERROR must be between 0 and {MAXERROR_LIMIT}, found {most}", "42601")
    for name in ("DELIMITER", "QUOTE"):
        text = copy.options.get(name)
        if isinstance(text, str) and (len(text) != 1 or not text.isascii()):
            raise RedshiftError(f"COPY {name.lower()} must be a single ASCII character, found {text!r}")
    return copy
