"""Classification of the files of a table's directory: data files, markers of other programs, hidden and foreign files.

| class | files | a read | replacing or deleting the table |
|---|---|---|---|
| data files | suffix of the table's format, or no suffix | reads them | removes them |
| markers | known names: ``_SUCCESS``, ``_temporary/``, checksums, folder markers... | skips them | removes them |
| hidden files | other names that begin with ``_`` or ``.`` | skips them | keeps them, or refuses |
| foreign files | suffix of another format, documents, unfinished files | refuses | refuses |

Hive, Athena, Glue and Redshift write data files without a suffix, so such a name determines no format, regardless of
the files beside it. A reader of a binary format detects a file of another format itself; before a file is removed
without having been read, its first bytes are inspected.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dao.errors import DaoError, DataError, NotFoundError, UnsupportedError
from dao.results import FileInfo
from dao_files._actions.log import LOG_NAME, Log, fingerprint_of
from dao_files._storage.keys import is_hidden
from dao_files._workers import in_parallel

if TYPE_CHECKING:
    from dao_files._storage.storage import Snapshot
    from dao_files.formats import Format

__all__ = [
    "below",
    "check_only_rows",
    "check_replaceable",
    "format_within",
    "hidden_files",
    "holds_table",
    "is_shown",
    "no_files_error",
    "refuse_lakehouses",
    "shown_files",
]

_MARKERS = re.compile(
    rf"{re.escape(LOG_NAME)}|_SUCCESS|_committed_.*|_started_.*|_metadata|_common_metadata|_symlink_format_manifest"
    r"|\.DS_Store|\._.*|\.(git)?keep|Thumbs\.db|desktop\.ini"
    r"|.*\.(crc|md5|sha1|sha256|sha512)|.*_\$folder\$|.*\._COPYING_|manifest|.*[._-]manifest|.*\.(csv|txt)\.metadata",
    re.IGNORECASE,
)
"""File names that Spark, Hadoop, Databricks, EMR, Athena, Redshift and desktops leave beside data files."""

_MARKER_FOLDERS = re.compile(
    r"_temporary|_spark_metadata|\.(spark|hive)-staging.*|_impala_insert_staging|\.ipynb_checkpoints"
)

_LAKEHOUSES = {
    "Delta": re.compile(r"_delta_log/\d{20}\.(json|checkpoint.*\.parquet)\Z"),
    "Hudi": re.compile(r"\.hoodie/hoodie\.properties\Z"),
    "Iceberg": re.compile(r"metadata/[^/]*\.metadata\.json\Z"),
}
"""Paths that identify a table of a lakehouse format, whose log determines the current files."""

_NO_DATA = re.compile(
    r"(readme|license|licence|notice|changelog|todo)(\..*)?"
    r"|.*\.(md|rst|html?|pdf|docx?|pptx?|xlsx?|ods|png|jpe?g|gif|svg|sql|hql|py|ipynb|sh|java|scala|jar|ya?ml|toml|ini|cfg"
    r"|conf|xml|xsd|avsc|zip|tar|tgz|7z|rar|db|sqlite|tmp|temp|partial|inprogress|crdownload|bak|swp|lock)|.*~",
    re.IGNORECASE,
)
"""Names of files without rows: documents, programs, archives, unfinished files."""

_ALSO_NAMED = {"ndjson": {"json"}}
"""Formats whose suffix the files of another format often have: Firehose and Spark name NDJSON files ``.json``."""

_HEAD = 8
_MOST_NAMED = 5


def _formats_module() -> Any:
    """Import the formats late, as they need Arrow: files are written, listed and copied as bytes without it."""
    from dao_files import formats

    return formats


def below(key: str, base: str) -> str:
    """Return the part of a key below another key."""
    return key[len(base) :].lstrip("/")


def is_shown(path: str, size: int | None) -> bool:
    """Check whether a path below a table is a data or foreign file: not hidden, no marker, not empty without a format.

    >>> [is_shown(path, 9) for path in ("000000_0", "a.csv", "a.csv.crc", "_SUCCESS", "day=1_$folder$", "manifest")]
    [True, True, False, False, False, False]
    """
    if is_hidden(path) or _MARKERS.fullmatch(path.rpartition("/")[2]):
        return False
    return size != 0 or _formats_module().infer_format(path) is not None


def shown_files(snapshot: Snapshot) -> list[FileInfo]:
    """List the data files and foreign files of a snapshot, in order."""
    if snapshot.is_file:
        return list(snapshot.files)
    return [info for info in snapshot.files if is_shown(below(info.key, snapshot.key), info.size)]


def holds_table(files: Iterable[FileInfo], key: str) -> bool:
    """Check whether the files below a key make a table: data files, foreign files or a log; not markers alone."""
    return any(_is_of_table(below(info.key, key), info.size) for info in files)


def _is_of_table(path: str, size: int | None) -> bool:
    return path == LOG_NAME or any(log.match(path) for log in _LAKEHOUSES.values()) or is_shown(path, size)


def no_files_error(key: str, log: Log) -> NotFoundError:
    """Build the error about a table without data files, by the log that is left of it."""
    if log.newest is None or log.newest.fingerprint == fingerprint_of(()):
        return NotFoundError(
            f"{key!r} holds no data files, only hidden ones and markers; mode='overwrite' makes it anew"
        )
    return NotFoundError(
        f"{key!r} holds the log of a table at version {log.version}, and none of its data files: another program "
        "removed them; put them back, or mode='overwrite' writes the table anew, and deleting it removes the log"
    )


def hidden_files(snapshot: Snapshot) -> list[FileInfo]:
    """List the hidden files of a directory that aren't known markers."""
    return [info for info in snapshot.files if _is_unknown(below(info.key, snapshot.key))]


def _is_unknown(path: str) -> bool:
    *folders, name = path.split("/")
    return is_hidden(path) and not _MARKERS.fullmatch(name) and not any(map(_MARKER_FOLDERS.fullmatch, folders))


def format_within(snapshot: Snapshot, shown: Sequence[FileInfo]) -> str | None:
    """Determine the format by the files' suffixes, else by the first bytes of a file; None if unknown.

    Raises:
        DataError: the suffixes are of several formats.
        UnsupportedError: the directory is a table of a lakehouse format.
    """
    refuse_lakehouses(snapshot)
    names = Counter(name for info in shown if (name := _formats_module().infer_format(info.key)) is not None)
    if len(names) > 1:
        raise DataError(
            f"no format is known for {snapshot.key!r}: its files are of several, "
            + ", ".join(f"{name} ({_example(snapshot, shown, name)})" for name in sorted(names))
            + "; give format= and move the files of other formats elsewhere"
        )
    return next(iter(names), None) or (_sniff(snapshot, shown[0]) if shown else None)


def _example(snapshot: Snapshot, shown: Sequence[FileInfo], name: str) -> str:
    return next(below(info.key, snapshot.key) for info in shown if _formats_module().infer_format(info.key) == name)


def other_formats(shown: Sequence[FileInfo], format: str) -> list[str]:
    """List the formats of the files' suffixes, if none of the files may have rows of ``format``."""
    named = {name for info in shown if (name := _formats_module().infer_format(info.key)) is not None}
    return [] if named & {format, *_ALSO_NAMED.get(format, ())} else sorted(named)


def check_only_rows(snapshot: Snapshot, shown: Sequence[FileInfo], format: Format, options: Any) -> None:
    """Check that a directory has no foreign files for a format.

    Raises:
        DataError: there are foreign files; the message names them.
        UnsupportedError: the directory is a table of a lakehouse format.
    """
    refuse_lakehouses(snapshot)
    foreign = _foreign_files(snapshot, shown, format, options)
    if foreign and len(foreign) == len(shown):
        raise DataError(
            f"{snapshot.key!r} holds no {format.name} files, but {_list_paths(snapshot, foreign)}: give their format"
        )
    if foreign:
        raise DataError(
            f"{snapshot.key!r} is a table of {format.name} files, and also holds {_list_paths(snapshot, foreign)}: no "
            "rows of it; move them elsewhere, delete them (path= names one), or let their names begin with '_'"
        )


def check_replaceable(snapshot: Snapshot, format: str | None, *, leaves_hidden: bool = False) -> None:
    """Check that only data files and markers are lost when a directory is replaced or deleted without being read.

    Args:
        snapshot: the directory.
        format: the format to classify its files by first, such as the object's own.
        leaves_hidden: True if the operation keeps unknown hidden files.

    Raises:
        DataError: there are other files; the message names them.
        UnsupportedError: the directory is a table of a lakehouse format.
    """
    refuse_lakehouses(snapshot)
    shown = shown_files(snapshot)
    named = Counter(name for info in shown if (name := _formats_module().infer_format(info.key)) is not None)
    formats = [_formats_module().get_format(one) for one in dict.fromkeys([*([format] if format else []), *named])]
    candidates = [_foreign_files(snapshot, shown, one, one.options({})) for one in formats]
    foreign = min(candidates, key=len, default=[info for info in shown if _NO_DATA.fullmatch(_name(info.key))])
    if not foreign:
        foreign = _of_other_content(snapshot, shown, named.most_common(1)[0][0] if named else format)
    if not leaves_hidden:
        foreign = [*foreign, *hidden_files(snapshot)]
    if foreign:
        raise DataError(
            f"{snapshot.key!r} holds {_list_paths(snapshot, foreign)}, which no read of the table takes, so it is "
            "neither replaced nor deleted: move them elsewhere or delete them (path= names one); a DirectoryObject is "
            "all that is below it"
        )


def refuse_lakehouses(snapshot: Snapshot) -> None:
    """Raise an UnsupportedError if a directory is a table of a lakehouse format."""
    for name, pattern in _LAKEHOUSES.items():
        if any(pattern.match(below(info.key, snapshot.key)) for info in snapshot.files):
            raise UnsupportedError(
                f"{snapshot.key!r} is a {name} table: its log says which of its files count, and older versions are "
                f"among them; use an interface for {name}"
            )


def _foreign_files(snapshot: Snapshot, shown: Sequence[FileInfo], format: Format, options: Any) -> list[FileInfo]:
    """Find the files that don't hold rows of a format.

    The name decides, except for files without a suffix beside files with the suffix of a text format: CSV parses any
    lines, so notes, or rows without a header, would add columns of their own. A data file shares a column with the
    others.
    """
    names = {info.key: _formats_module().infer_format(info.key) for info in shown}
    foreign, doubtful = [], []
    for info in shown:
        named = names[info.key]
        if named == format.name:
            continue
        if named not in (None, *_ALSO_NAMED.get(format.name, ())) or _NO_DATA.fullmatch(_name(info.key)):
            foreign.append(info)
        elif not format.magic:
            doubtful.append(info)
    first = next((info for info in shown if names[info.key] == format.name), None)
    if first is not None and doubtful:
        columns = _columns(snapshot, first, format, options)
        foreign += [info for info in doubtful if not columns & _columns(snapshot, info, format, options)]
    return foreign


def _columns(snapshot: Snapshot, info: FileInfo, format: Format, options: Any) -> set[str]:
    """Return the columns of one file, none if it isn't readable by the format."""
    try:
        return set(format.infer_schema([info.key], snapshot.filesystem(), options).names)
    except DaoError:
        return set()


def _name(key: str) -> str:
    return str(_formats_module().strip_compression(key.rpartition("/")[2]))


def _of_other_content(snapshot: Snapshot, shown: Sequence[FileInfo], format: str | None) -> list[FileInfo]:
    """Find the files without a suffix whose first bytes are not the format's; none for formats without magic bytes."""
    if format is None or not _formats_module().get_format(format).magic:
        return []
    nameless = [info for info in shown if _formats_module().infer_format(info.key) is None]
    found = in_parallel(lambda info: _sniff(snapshot, info), nameless)
    return [info for info, name in zip(nameless, found, strict=True) if name != format]


def _sniff(snapshot: Snapshot, info: FileInfo) -> str | None:
    """Determine the format by a file's first bytes."""
    with snapshot.open(info.key) as file:
        head = file.read(_HEAD)
    return next(
        (one.name for one in _formats_module().FORMATS.values() if one.magic and head.startswith(one.magic)), None
    )


def _list_paths(snapshot: Snapshot, infos: Iterable[FileInfo]) -> str:
    paths = [below(info.key, snapshot.key) for info in infos]
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    return ", ".join(map(repr, paths[:_MOST_NAMED])) + more
