"""Classifies the files of a table's directory: rows, markers of other programs, or foreign files.

| what | which files | a read | replacing or deleting the table |
|---|---|---|---|
| rows | names that say the table's format, or none | takes them | takes them away |
| markers | known names: ``_SUCCESS``, ``_temporary/``, checksums, folder markers... | skips them | takes them away |
| hidden files | other names that begin with ``_`` or ``.`` | skips them | leaves them, or refuses |
| strangers | names that say another format, documents, unfinished files | refuses | refuses |

Hive, Athena, Glue and Redshift give files of rows no ending, so a name without one says nothing, whatever is beside it.
A reader of a binary format finds out by itself that such a file is another's; before a file is taken away without
having been read, its first bytes are looked at.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from dao.errors import DaoError, DataError, UnsupportedError
from dao.results import FileInfo
from dao_files._actions.log import LOG_NAME
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
    "refuse_lakehouses",
    "shown_files",
]

_MARKERS = re.compile(
    rf"{re.escape(LOG_NAME)}|_SUCCESS|_committed_.*|_started_.*|_metadata|_common_metadata|_symlink_format_manifest"
    r"|\.DS_Store|\._.*|\.(git)?keep|Thumbs\.db|desktop\.ini"
    r"|.*\.(crc|md5|sha1|sha256|sha512)|.*_\$folder\$|.*\._COPYING_|manifest|.*[._-]manifest|.*\.(csv|txt)\.metadata",
    re.IGNORECASE,
)
"""File names that Spark, Hadoop, Databricks, EMR, Athena, Redshift and desktops leave beside rows."""

_MARKER_FOLDERS = re.compile(
    r"_temporary|_spark_metadata|\.(spark|hive)-staging.*|_impala_insert_staging|\.ipynb_checkpoints"
)

_LAKEHOUSES = {
    "Delta": re.compile(r"_delta_log/\d{20}\.(json|checkpoint.*\.parquet)\Z"),
    "Hudi": re.compile(r"\.hoodie/hoodie\.properties\Z"),
    "Iceberg": re.compile(r"metadata/[^/]*\.metadata\.json\Z"),
}
"""Paths by which a directory is a table whose log says which of the files count."""

_NO_DATA = re.compile(
    r"(readme|license|licence|notice|changelog|todo)(\..*)?"
    r"|.*\.(md|rst|html?|pdf|docx?|pptx?|xlsx?|ods|png|jpe?g|gif|svg|sql|hql|py|ipynb|sh|java|scala|jar|ya?ml|toml|ini|cfg"
    r"|conf|xml|xsd|avsc|zip|tar|tgz|7z|rar|db|sqlite|tmp|temp|partial|inprogress|crdownload|bak|swp|lock)|.*~",
    re.IGNORECASE,
)
"""File names of what is no rows: documents, programs, archives, files that are unfinished."""

_TAKES = {"ndjson": {"json"}}
"""Endings of other formats that a format's files often have: Firehose and Spark name one object per line ``.json``."""

_HEAD = 8
_SHOWN = 5


def _formats() -> Any:
    """The formats, which need Arrow: files are written, listed and copied as bytes without it."""
    from dao_files import formats

    return formats


def below(key: str, base: str) -> str:
    """The part of a key below another one."""
    return key[len(base) :].lstrip("/")


def is_shown(path: str, size: int | None) -> bool:
    """Whether a path below a table is rows or a stranger: no hidden file, no marker, no empty file without a format.

    >>> [is_shown(path, 9) for path in ("000000_0", "a.csv", "a.csv.crc", "_SUCCESS", "day=1_$folder$", "manifest")]
    [True, True, False, False, False, False]
    """
    if is_hidden(path) or _MARKERS.fullmatch(path.rpartition("/")[2]):
        return False
    return size != 0 or _formats().infer_format(path) is not None


def shown_files(snapshot: Snapshot) -> list[FileInfo]:
    """The files of a snapshot that are rows, or strangers; in order."""
    if snapshot.is_file:
        return list(snapshot.files)
    return [info for info in snapshot.files if is_shown(below(info.key, snapshot.key), info.size)]


def holds_table(files: Iterable[FileInfo], key: str) -> bool:
    """Whether a table is among the files below a key: rows, strangers or a history; markers alone are nothing."""
    return any(_is_of_table(below(info.key, key), info.size) for info in files)


def _is_of_table(path: str, size: int | None) -> bool:
    return path == LOG_NAME or any(log.match(path) for log in _LAKEHOUSES.values()) or is_shown(path, size)


def hidden_files(snapshot: Snapshot) -> list[FileInfo]:
    """The files of a directory that no read includes and that aren't known markers."""
    return [info for info in snapshot.files if _is_unknown(below(info.key, snapshot.key))]


def _is_unknown(path: str) -> bool:
    *folders, name = path.split("/")
    return is_hidden(path) and not _MARKERS.fullmatch(name) and not any(map(_MARKER_FOLDERS.fullmatch, folders))


def format_within(snapshot: Snapshot, shown: Sequence[FileInfo]) -> str | None:
    """The format by the files' names; else by the first bytes of a file; None if unknown.

    Raises:
        DataError: they say several.
        UnsupportedError: the directory is a table of a lakehouse format.
    """
    refuse_lakehouses(snapshot)
    names = Counter(name for info in shown if (name := _formats().infer_format(info.key)) is not None)
    if len(names) > 1:
        raise DataError(
            f"no format is known for {snapshot.key!r}: its files are of several, "
            + ", ".join(f"{name} ({_example(snapshot, shown, name)})" for name in sorted(names))
            + "; give format= and move the files of other formats elsewhere"
        )
    return next(iter(names), None) or (_sniff(snapshot, shown[0]) if shown else None)


def _example(snapshot: Snapshot, shown: Sequence[FileInfo], name: str) -> str:
    return next(below(info.key, snapshot.key) for info in shown if _formats().infer_format(info.key) == name)


def other_formats(shown: Sequence[FileInfo], format: str) -> list[str]:
    """The formats that the names of files say, where none of them may hold rows of ``format``."""
    said = {name for info in shown if (name := _formats().infer_format(info.key)) is not None}
    return [] if said & {format, *_TAKES.get(format, ())} else sorted(said)


def check_only_rows(snapshot: Snapshot, shown: Sequence[FileInfo], format: Format, options: Any) -> None:
    """Check that all files of a directory are markers or rows of a format.

    Raises:
        DataError: some are not; the message names them.
        UnsupportedError: the directory is a table of a lakehouse format.
    """
    refuse_lakehouses(snapshot)
    strange = _strangers(snapshot, shown, format, options)
    if strange and len(strange) == len(shown):
        raise DataError(
            f"{snapshot.key!r} holds no {format.name} files, but {_named(snapshot, strange)}: give their format"
        )
    if strange:
        raise DataError(
            f"{snapshot.key!r} is a table of {format.name} files, and also holds {_named(snapshot, strange)}: no rows "
            "of it; move them elsewhere, delete them (path= names one), or let their names begin with '_'"
        )


def check_replaceable(snapshot: Snapshot, format: str | None, *, leaves_hidden: bool = False) -> None:
    """Check that only rows and markers are lost when a directory is replaced or deleted unread.

    Args:
        snapshot: the directory.
        format: the format that its files are to be judged by first, such as the object's own.
        leaves_hidden: unknown hidden files stay where they are.

    Raises:
        DataError: there is something else; the message names it.
        UnsupportedError: the directory is a table of a lakehouse format.
    """
    refuse_lakehouses(snapshot)
    shown = shown_files(snapshot)
    said = Counter(name for info in shown if (name := _formats().infer_format(info.key)) is not None)
    formats = [_formats().get_format(one) for one in dict.fromkeys([*([format] if format else []), *said])]
    judged = [_strangers(snapshot, shown, one, one.options({})) for one in formats]
    strange = min(judged, key=len, default=[info for info in shown if _NO_DATA.fullmatch(_name(info.key))])
    if not strange:
        strange = _of_other_content(snapshot, shown, said.most_common(1)[0][0] if said else format)
    if not leaves_hidden:
        strange = [*strange, *hidden_files(snapshot)]
    if strange:
        raise DataError(
            f"{snapshot.key!r} holds {_named(snapshot, strange)}, which no read of the table takes, so it is neither "
            "replaced nor deleted: move them elsewhere or delete them (path= names one); a DirectoryObject is all that "
            "is below it"
        )


def refuse_lakehouses(snapshot: Snapshot) -> None:
    """Raise an UnsupportedError if a directory is a table of a lakehouse format."""
    for name, pattern in _LAKEHOUSES.items():
        if any(pattern.match(below(info.key, snapshot.key)) for info in snapshot.files):
            raise UnsupportedError(
                f"{snapshot.key!r} is a {name} table: its log says which of its files count, and older versions are "
                f"among them; use an interface for {name}"
            )


def _strangers(snapshot: Snapshot, shown: Sequence[FileInfo], format: Format, options: Any) -> list[FileInfo]:
    """The files that aren't rows of a format.

    A name tells, except for text beside files whose names say the format: CSV takes any lines, so notes, or rows
    without a header, would be rows of columns of their own. A file of the table has a column of the others.
    """
    said = {info.key: _formats().infer_format(info.key) for info in shown}
    strange, doubtful = [], []
    for info in shown:
        named = said[info.key]
        if named == format.name:
            continue
        if named not in (None, *_TAKES.get(format.name, ())) or _NO_DATA.fullmatch(_name(info.key)):
            strange.append(info)
        elif not format.magic:
            doubtful.append(info)
    first = next((info for info in shown if said[info.key] == format.name), None)
    if first is not None and doubtful:
        columns = _columns(snapshot, first, format, options)
        strange += [info for info in doubtful if not columns & _columns(snapshot, info, format, options)]
    return strange


def _columns(snapshot: Snapshot, info: FileInfo, format: Format, options: Any) -> set[str]:
    """The columns of one file, none if it isn't text of the format."""
    try:
        return set(format.infer_schema([info.key], snapshot.filesystem(), options).names)
    except DaoError:
        return set()


def _name(key: str) -> str:
    return str(_formats().strip_compression(key.rpartition("/")[2]))


def _of_other_content(snapshot: Snapshot, shown: Sequence[FileInfo], format: str | None) -> list[FileInfo]:
    """The files whose names say nothing and whose first bytes aren't those of a format that has such."""
    if format is None or not _formats().get_format(format).magic:
        return []
    nameless = [info for info in shown if _formats().infer_format(info.key) is None]
    found = in_parallel(lambda info: _sniff(snapshot, info), nameless)
    return [info for info, name in zip(nameless, found, strict=True) if name != format]


def _sniff(snapshot: Snapshot, info: FileInfo) -> str | None:
    """The format by a file's first bytes."""
    with snapshot.open(info.key) as file:
        head = file.read(_HEAD)
    return next((one.name for one in _formats().FORMATS.values() if one.magic and head.startswith(one.magic)), None)


def _named(snapshot: Snapshot, infos: Iterable[FileInfo]) -> str:
    paths = [below(info.key, snapshot.key) for info in infos]
    more = f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else ""
    return ", ".join(map(repr, paths[:_SHOWN])) + more
