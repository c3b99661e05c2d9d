"""Tables of Parquet files in S3, as the warehouse loads them without this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from dao.data_object import DataObject, TableObject
from dao.errors import UnsupportedError
from dao_redshift._files.places import S3Place

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["NOT_LOADED", "SourceFiles", "place_of", "source_files"]

NOT_LOADED = (
    "the files differ in their columns, which COPY takes by their places, or have a column that it doesn't load as it "
    "is: nested, unsigned, in nanoseconds, a time of day or of a type that Arrow alone has; or mode='append' meets a "
    "column of another type"
)
"""Which tables go as rows."""


@frozen
class SourceFiles:
    """The files of a table.

    Attributes:
        schema: the columns of every one of them, in their order.
        files: each one's place and its size in bytes.
    """

    schema: pa.Schema
    files: tuple[tuple[S3Place, int], ...]


def place_of(table: DataObject, endpoint: str | None) -> S3Place:
    """Where the files of a table are, if the warehouse can be given it; nothing is asked of S3.

    Args:
        table: the table.
        endpoint: the S3 that the warehouse reaches; None for Amazon's own.

    Raises:
        UnsupportedError: they aren't in that S3, aren't Parquet files, lie in folders of partitions, or their place
            can't stand in a statement.
    """
    from dao.errors import ConfigError
    from dao_s3 import S3Boto3Interface, S3ObstoreInterface

    store = table.data_store
    interface = None if store is None else store.interface
    if not isinstance(interface, (S3Boto3Interface, S3ObstoreInterface)) or not interface.bucket:
        raise UnsupportedError(f"{table.identifier!r} is in no bucket of S3")
    if interface.reached_at != endpoint:
        raise UnsupportedError(f"{table.identifier!r} is in the S3 at {interface.reached_at or 'Amazon'}, another one")
    if not isinstance(table, TableObject) or str(table.get("format", "parquet")).lower() != "parquet":
        raise UnsupportedError(f"{table.identifier!r} is no table of Parquet files")
    if table.get("partition_by"):
        raise UnsupportedError(f"{table.identifier!r} has values in the names of folders, which COPY doesn't read")
    try:
        return S3Place(interface.bucket, "/".join(part for part in (interface.prefix, table.key) if part))
    except ConfigError as error:
        raise UnsupportedError(str(error)) from error


def source_files(table: DataObject, endpoint: str | None) -> SourceFiles | None:
    """The files of a table that is there; None if COPY doesn't load them as they are.

    Raises:
        NotFoundError: there is no table.
        UnsupportedError: as :func:`place_of`.
    """
    from dao_files.storage import in_parallel

    place_of(table, endpoint)
    interface: Any = table.data_store.interface if table.data_store is not None else None
    found = [info for info in interface.list(table) if info.key.endswith(".parquet")]
    schemas = list(in_parallel(lambda info: interface.schema(table, path=info.key), found))
    schema = schemas[0] if schemas else interface.schema(table)
    if any(other.names != schema.names or other.types != schema.types for other in schemas):
        return None
    if not all(map(_is_loaded, schema.types)):
        return None
    files = tuple(
        (S3Place(interface.bucket, "/".join(part for part in (interface.prefix, info.key) if part)), info.size or 0)
        for info in found
    )
    return SourceFiles(schema, files)


def _is_loaded(kind: pa.DataType) -> bool:
    """Whether COPY loads values of a type as they are."""
    import pyarrow.types as pt

    if pt.is_timestamp(kind):
        return kind.unit in ("ms", "us")
    loaded = (pt.is_boolean, pt.is_signed_integer, pt.is_float32, pt.is_float64, pt.is_string, pt.is_large_string,
              pt.is_binary, pt.is_date32, pt.is_decimal128)  # fmt: skip
    return any(fits(kind) for fits in loaded)
