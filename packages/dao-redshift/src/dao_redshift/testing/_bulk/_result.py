"""The rows of an UNLOAD's query: what columns they have, and batches of them."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from attrs import evolve, frozen
from pyarrow import csv as arrow_csv

from dao_redshift.testing._statements import RedshiftError, Upstream

__all__ = ["ResultColumn", "described", "result_batches"]

_OUT = "(FORMAT csv, NULL '', ENCODING 'UTF8')"
_BLOCK = 4 * 2**20
_SHOWN = {
    "bytea": "pg_catalog.encode({0}, 'hex')",
    "timestamptz": "({0} AT TIME ZONE 'UTC')",  # whatever zone the session has
}
_SHOWN_WITH_ZONE = _SHOWN | {
    "timestamptz": (
        "CASE WHEN {0} >= '0001-01-01 00:00:00+00' THEN ({0} AT TIME ZONE 'UTC')::text || '+00'"
        " ELSE pg_catalog.replace(({0} AT TIME ZONE 'UTC')::text, ' BC', '+00 BC') END"
    )
}
_SETTINGS = {"DateStyle": "ISO", "extra_float_digits": "1"}


@frozen
class ResultColumn:
    """A column of the result.

    Attributes:
        name: its name.
        type: its type as PostgreSQL calls it, such as ``int4``.
        modifier: PostgreSQL's type modifier; -1 for none.
        scale: of a DECIMAL.
    """

    name: str
    type: str
    modifier: int = -1
    scale: int = 0

    @property
    def precision(self) -> int:
        """Of a DECIMAL."""
        return (self.modifier - 4) >> 16 if self.modifier > 4 else 38


def _aliases(count: int) -> str:
    return ", ".join(f"c{index}" for index in range(count))


def described(query: str, upstream: Upstream) -> tuple[ResultColumn, ...]:
    """The columns of a query's result, in order. Names may be there twice.

    Raises:
        RedshiftError: PostgreSQL refuses the query, or it is none.
    """
    found = upstream.describe(f"SELECT * FROM ({query}\n) AS q")  # which only a query can stand in
    if not found:
        raise RedshiftError("UNLOAD needs a query with columns", "42601")
    oids = ", ".join(str(oid) for oid in {oid for _, oid, _ in found})
    types = upstream.query(f"SELECT oid, typname FROM pg_catalog.pg_type WHERE oid IN ({oids})")
    by_oid = {str(oid): kind or "" for oid, kind in types}
    columns = tuple(ResultColumn(name, by_oid[str(oid)], modifier) for name, oid, modifier in found)
    return _with_scales(query, columns, upstream)


def _with_scales(query: str, columns: tuple[ResultColumn, ...], upstream: Upstream) -> tuple[ResultColumn, ...]:
    """DECIMALs with their scale, which is measured where the query doesn't say it, as for a sum."""
    unknown = [index for index, column in enumerate(columns) if column.type == "numeric" and column.modifier < 4]
    measured: dict[int, int] = {}
    if unknown:
        scales = ", ".join(f"pg_catalog.max(pg_catalog.scale(c{index}))" for index in unknown)
        [found] = upstream.query(f"SELECT {scales} FROM ({query}\n) AS q ({_aliases(len(columns))})")
        measured = {index: int(scale or 0) for index, scale in zip(unknown, found, strict=True)}
    return tuple(
        evolve(column, scale=measured.get(index, (column.modifier - 4) & 0x7FF)) if column.type == "numeric" else column
        for index, column in enumerate(columns)
    )


def result_batches(
    query: str, columns: tuple[ResultColumn, ...], types: list[pa.DataType] | None, upstream: Upstream
) -> Iterator[pa.RecordBatch]:
    """The rows, in batches of some megabytes: what PostgreSQL writes, read as these Arrow types.

    Without types all are texts. Bytes are hexadecimal digits, and a TIMESTAMPTZ is its moment in UTC: without a zone
    if there are types, else with it.

    Raises:
        RedshiftError: PostgreSQL refuses the query, or a value isn't one of the type.
    """
    how = _SHOWN_WITH_ZONE if types is None else _SHOWN
    shown = ", ".join(how.get(column.type, "{0}").format(f"c{index}") for index, column in enumerate(columns))
    sql = f"COPY (SELECT {shown} FROM ({query}\n) AS q ({_aliases(len(columns))})) TO STDOUT {_OUT}"
    names = [str(index) for index in range(len(columns))]
    read_as = [pa.string()] * len(names) if types is None else types
    with _settings(upstream):
        source = _Stream(upstream.copy_out(sql))
        try:
            if not source.peek():
                return
            source.put_back(codecs.BOM_UTF8)  # Arrow drops one, which else would be a character of the first value
            yield from arrow_csv.open_csv(
                source,
                read_options=arrow_csv.ReadOptions(column_names=names, block_size=_BLOCK),
                parse_options=arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
                convert_options=arrow_csv.ConvertOptions(
                    column_types=dict(zip(names, read_as, strict=True)),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                    true_values=["t"],
                    false_values=["f"],
                ),
            )
        except pa.ArrowException as error:
            if source.error is not None:
                raise source.error from None
            raise RedshiftError(f"UNLOAD: {error}", "22000") from None
        finally:
            source.close()


@contextmanager
def _settings(upstream: Upstream) -> Iterator[None]:
    """Set how values are written, for the time of a block."""
    asked = ", ".join(f"pg_catalog.current_setting('{name}')" for name in _SETTINGS)
    [found] = upstream.query(f"SELECT {asked}")
    wrong = {
        name: before
        for (name, wanted), before in zip(_SETTINGS.items(), found, strict=True)
        if not (before or "").startswith(wanted) and not (name == "extra_float_digits" and (before or "0") > "0")
    }
    for name in wrong:
        upstream.query(f"SELECT pg_catalog.set_config('{name}', '{_SETTINGS[name]}', true)")
    yield
    for name, before in wrong.items():
        upstream.query(f"SELECT pg_catalog.set_config('{name}', '{before}', true)")


class _Stream(io.RawIOBase):
    """Chunks as a file. Arrow hides what they raise, so it is kept."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks, self._left, self.error = chunks, b"", None

    error: BaseException | None

    def readable(self) -> bool:
        return True

    def peek(self) -> bytes:
        """The next bytes, which stay; empty at the end."""
        if not self._left:
            self._left = next(self._chunks, b"")
        return self._left

    def put_back(self, content: bytes) -> None:
        """Have bytes come before the next ones."""
        self._left = content + self._left

    def read(self, size: int | None = -1) -> bytes:
        parts, wanted = [], size if size is not None and size >= 0 else 2**62
        try:
            while wanted and self.peek():
                part, self._left = self._left[:wanted], self._left[wanted:]
                parts.append(part)
                wanted -= len(part)
        except BaseException as error:
            self.error = error
            raise
        return b"".join(parts)

    def close(self) -> None:
        if not self.closed and hasattr(self._chunks, "close"):
            self._chunks.close()
        super().close()
