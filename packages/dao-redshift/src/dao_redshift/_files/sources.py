"""Tables of Parquet files in S3, as the warehouse loads them without this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from dao.data_object import DataObject, TableObject
from dao.errors import UnsupportedError
from dao_redshift._files.places import S3Place

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["SourceFiles", "place_of", "source_files"]


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


def source_files(table: DataObject, endpoint: str | None) -> SourceFiles:
    """The files of a table that is there.

    Raises:
        NotFoundError: there is no table.
        UnsupportedError: as :func:`place_of`; or its files have columns in different orders or of different types, or
            of a type that COPY doesn't load as it is.
    """
    from dao_files.storage import in_parallel

    place_of(table, endpoint)
    interface: Any = table.data_store.interface if table.data_store is not None else None
    found = [info for info in interface.list(table) if info.key.endswith(".parquet")]
    schemas = list(in_parallel(lambda info: interface.schema(table, path=info.key), found))
    schema = schemas[0] if schemas else interface.schema(table)
    for other in schemas:
        if other.names != schema.names or other.types != schema.types:
            raise UnsupportedError(
                f"the files of {table.identifier!r} differ in their columns, and COPY takes columns by their places: "
                "write its rows, as in dao.write(dao.read_stream(source), target)"
            )
    _check_types(table, schema)
    files = tuple(
        (S3Place(interface.bucket, "/".join(part for part in (interface.prefix, info.key) if part)), info.size or 0)
        for info in found
    )
    return SourceFiles(schema, files)


def _check_types(table: DataObject, schema: pa.Schema) -> None:
    import pyarrow.types as pt

    loaded = (pt.is_boolean, pt.is_signed_integer, pt.is_float32, pt.is_float64, pt.is_string, pt.is_large_string,
              pt.is_binary, pt.is_date32, pt.is_decimal128)  # fmt: skip
    for field in schema:
        kind = field.type
        exact = pt.is_timestamp(kind) and kind.unit in ("ms", "us")
        if not exact and not any(fits(kind) for fits in loaded):
            raise UnsupportedError(
                f"column {field.name!r} of {table.identifier!r} is {kind}, which COPY doesn't load as it is: "
                "write its rows, as in dao.write(dao.read_stream(source), target)"
            )
