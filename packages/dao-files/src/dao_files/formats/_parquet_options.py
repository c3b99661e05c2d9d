"""The options of Parquet, with the names that pyarrow, pandas and Spark use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import field, frozen

from dao.display import even_half_made
from dao_files.formats._options import (
    READING,
    RETURNING,
    WRITING,
    Check,
    boolean,
    check_level,
    columns_or_boolean,
    integer,
    number,
    one_of,
    optional,
    per_column,
    texts,
    tuple_of,
    valid,
)

__all__ = ["ParquetOptions", "check_levels"]

_CODECS = ("zstd", "snappy", "gzip", "brotli", "lz4", "none")
_LEVELS = {"zstd": (-50, 22), "gzip": (0, 9), "brotli": (0, 11), "lz4": (1, 12)}
_ENCODINGS = ("PLAIN", "BYTE_STREAM_SPLIT", "DELTA_BINARY_PACKED", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY")


def _canonical_codec(value: Any) -> Any:
    """Normalize codec names, given in any letter case; None is no compression."""
    if isinstance(value, Mapping):
        return {name: _canonical_codec(codec) for name, codec in value.items()}
    if value is None:
        return "none"
    return (
        {"uncompressed": "none", "lz4_raw": "lz4"}.get(value.lower(), value.lower())
        if isinstance(value, str)
        else value
    )


_bloom = Check(
    "a list of column names, or a mapping of column name to {'ndv': a number of values, 'fpp': a probability}",
    lambda value: (
        texts.accepts(value)
        or (
            isinstance(value, Mapping)
            and all(
                isinstance(settings, Mapping)
                and set(settings) <= {"ndv", "fpp"}
                and all(map(_positive, settings.values()))
                for settings in value.values()
            )
        )
    ),
)


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


@even_half_made
@frozen
class ParquetOptions:
    """Options of Parquet.

    Attributes:
        compression: writing: ``zstd`` (default), ``snappy``, ``gzip``, ``brotli``, ``lz4`` or ``none``; or a mapping of
            column name to codec, where columns not named get zstd.
        compression_level: writing: the codec's level, or one per column. Default: 3 for zstd, else the codec's own.
        row_group_rows: writing: the most rows of a row group; default 1,048,576.
        row_group_bytes: writing: the most bytes of a row group in Arrow memory (not in the file); default 64 MiB, so
            that a writer holds a bounded amount.
        statistics: writing: min, max and null counts for all columns, none, or the named ones.
        page_index: writing: store the statistics of pages in one index, which lets engines skip pages.
        dictionary: writing: ``"auto"`` (default) disables dictionary encoding where the first rows of a number or
            text column are nearly all distinct, as it then costs time and space; True, False or a list of columns.
        data_page_size: writing: approximate bytes of an encoded page; pyarrow's default 1 MiB.
        dictionary_page_size: writing: bytes of dictionary after which a column falls back to plain; pyarrow: 1 MiB.
        max_rows_per_page: writing: pyarrow's default 20,000.
        data_page_version: writing: ``"1.0"`` or ``"2.0"``.
        format_version: writing: ``"1.0"``, ``"2.4"`` or ``"2.6"``, which determines the available logical types.
        encoding: writing: a mapping of column name to an encoding such as ``DELTA_BINARY_PACKED``; the named columns
            get no dictionary.
        bloom_filters: writing: columns to build Bloom filters for: a list, or a mapping of column name to ``ndv``
            (distinct values) and ``fpp`` (false positive probability).
        coerce_timestamps: writing: ``"ms"`` or ``"us"``: store all timestamps in this unit; lost digits are an error.
        allow_truncated_timestamps: writing: with ``coerce_timestamps``, truncate digits without an error.
        int96_timestamps: writing: store timestamps as the deprecated INT96 for old Impala, Hive and Spark. Timestamps
            that a read in ``int96_unit`` would change are an error.
        store_schema: writing: embed the Arrow schema in the file, so that time zones, durations, dictionaries and large
            types are read back.
        checksums: writing: a CRC for each page; reading: verify the CRCs that the file has.
        int96_unit: reading: the unit of INT96 timestamps. ``us`` (default, as Spark and DuckDB) covers every date;
            ``ns`` covers 1677 to 2262. A timestamp that is not exact in the unit is an error. A table that remembers
            its types, and ``schema=``, then have their own unit.
        read_dictionary: reading: columns of texts or bytes to return as Arrow dictionaries, those inside others by
            their path in the file, such as ``tags.list.element``.
        max_decompression_ratio: reading: a column chunk that claims to decompress to more than 1 GiB and to more than
            this multiple of its compressed size is refused before decompression.
    """

    compression: str | Mapping[str, str] = field(
        metadata=WRITING, default="zstd", converter=_canonical_codec, validator=valid(per_column(one_of(*_CODECS)))
    )
    compression_level: int | Mapping[str, int] | None = field(
        metadata=WRITING, default=None, validator=valid(optional(per_column(integer(-50, 22))))
    )
    row_group_rows: int = field(metadata=WRITING, default=1 << 20, validator=valid(integer(1)))
    row_group_bytes: int = field(metadata=WRITING, default=64 << 20, validator=valid(integer(1)))
    statistics: bool | tuple[str, ...] = field(
        metadata=WRITING, default=True, converter=tuple_of, validator=valid(columns_or_boolean)
    )
    page_index: bool = field(metadata=WRITING, default=True, validator=valid(boolean))
    dictionary: bool | str | tuple[str, ...] = field(
        metadata=WRITING,
        default="auto",
        converter=tuple_of,
        validator=valid(
            Check(
                "'auto', True, False or a list of column names",
                lambda value: value == "auto" or columns_or_boolean.accepts(value),
            )
        ),
    )
    data_page_size: int | None = field(metadata=WRITING, default=None, validator=valid(optional(integer(1))))
    dictionary_page_size: int | None = field(metadata=WRITING, default=None, validator=valid(optional(integer(1))))
    max_rows_per_page: int | None = field(metadata=WRITING, default=None, validator=valid(optional(integer(1))))
    data_page_version: str = field(metadata=WRITING, default="1.0", validator=valid(one_of("1.0", "2.0")))
    format_version: str = field(metadata=WRITING, default="2.6", validator=valid(one_of("1.0", "2.4", "2.6")))
    encoding: Mapping[str, str] | None = field(
        metadata=WRITING,
        default=None,
        validator=valid(
            Check(
                f"a mapping of column name to one of {', '.join(_ENCODINGS)}",
                lambda value: (
                    value is None or (isinstance(value, Mapping) and all(item in _ENCODINGS for item in value.values()))
                ),
            )
        ),
    )
    bloom_filters: tuple[str, ...] | Mapping[str, Mapping[str, float]] | None = field(
        metadata=WRITING, default=None, converter=tuple_of, validator=valid(optional(_bloom))
    )
    coerce_timestamps: str | None = field(metadata=WRITING, default=None, validator=valid(one_of(None, "ms", "us")))
    allow_truncated_timestamps: bool = field(metadata=WRITING, default=False, validator=valid(boolean))
    int96_timestamps: bool = field(metadata=WRITING, default=False, validator=valid(boolean))
    store_schema: bool = field(metadata=WRITING, default=True, validator=valid(boolean))
    checksums: bool = field(default=False, validator=valid(boolean))
    int96_unit: str = field(metadata=READING, default="us", validator=valid(one_of("s", "ms", "us", "ns")))
    read_dictionary: tuple[str, ...] = field(metadata=RETURNING, default=(), converter=tuple_of, validator=valid(texts))
    max_decompression_ratio: float = field(metadata=READING, default=1000.0, validator=valid(number(1)))


def check_levels(options: ParquetOptions) -> None:
    """Check that each codec has the level that is asked of it.

    Raises:
        DataError: it has none, or not this one.
    """
    level, codec = options.compression_level, options.compression
    if isinstance(level, Mapping):
        for column, own in level.items():
            named = codec.get(column, codec.get(column.split(".")[0], "zstd")) if isinstance(codec, Mapping) else codec
            check_level(own, named, _LEVELS)
    elif level is not None:
        for named in codec.values() if isinstance(codec, Mapping) else (codec,):
            check_level(level, named, _LEVELS)
