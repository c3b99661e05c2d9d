"""How each library reads and writes a Parquet table on S3: every function prepares, and gives back what is timed.

What is timed returns the number of rows, so that nobody is fast by reading less. Everybody reads the same files, which
are nobody's own: ten of pyarrow's, Zstandard. Everybody writes Zstandard of level 3.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from s3_place import BUCKET, PARTITIONED, TABLE, THREADS, Place

Run = Callable[[], int]
WANTED = ["id", "price"]
FEW = {"scattered": "k < 10", "clustered": "id >= 5000000 AND id < 5100000"}
ZSTD = {"compression": "zstd", "compression_level": 3}


def _arrow_filter(which: str | None) -> Any:
    import pyarrow.compute as pc

    if which is None:
        return None
    if which == "scattered":
        return pc.field("k") < 10
    return (pc.field("id") >= 5_000_000) & (pc.field("id") < 5_100_000)


def _arrow_arguments(which: str | None) -> dict[str, Any]:
    return {} if which is None else {"columns": WANTED, "filters": _arrow_filter(which)}


def read_dao(place: Place, which: str | None, interface: str) -> Run:
    from dao import TableObject

    dao, orders = place.dao(), TableObject(TABLE, place.dao_store(interface), format="parquet")
    arguments: dict[str, Any] = {} if which is None else {"columns": WANTED, "where": FEW[which]}
    return lambda: int(dao.read(orders, **arguments).num_rows)


def read_pyarrow(place: Place, which: str | None) -> Run:
    import pyarrow.parquet as pq

    system, arguments = place.pyarrow(), _arrow_arguments(which)
    return lambda: int(pq.read_table(f"{BUCKET}/{TABLE}", filesystem=system, **arguments).num_rows)


def read_s3fs(place: Place, which: str | None) -> Run:
    import pyarrow.parquet as pq

    system, arguments = place.s3fs(), _arrow_arguments(which)
    return lambda: int(pq.read_table(f"{BUCKET}/{TABLE}", filesystem=system, **arguments).num_rows)


def read_polars(place: Place, which: str | None) -> Run:
    import polars as pl

    where = f"s3://{BUCKET}/{TABLE}/*.parquet"
    few = {
        "scattered": pl.col("k") < 10,
        "clustered": (pl.col("id") >= 5_000_000) & (pl.col("id") < 5_100_000),
    }

    def run() -> int:
        frame = pl.scan_parquet(where, storage_options=place.polars_options)
        if which is not None:
            frame = frame.filter(few[which]).select(WANTED)
        return int(frame.collect().height)

    return run


def read_boto3(place: Place, which: str | None) -> Run:
    """Whole objects in threads, decoded in memory: what people write by hand."""
    client = place.boto3(THREADS)

    def get(key: str) -> bytes:
        return bytes(client.get_object(Bucket=BUCKET, Key=key)["Body"].read())

    def keys() -> list[str]:
        return [found["Key"] for found in client.list_objects_v2(Bucket=BUCKET, Prefix=f"{TABLE}/")["Contents"]]

    return _whole_objects(keys, get, which)


def read_obstore(place: Place, which: str | None) -> Run:
    """Whole objects in threads, decoded in memory."""
    import obstore

    store = place.obstore()

    def keys() -> list[str]:
        return [found["path"] for found in obstore.list(store, f"{TABLE}/").collect()]

    return _whole_objects(keys, lambda key: obstore.get(store, key).bytes(), which)


def _whole_objects(keys: Callable[[], list[str]], get: Callable[[str], Any], which: str | None) -> Run:
    import pyarrow as pa
    import pyarrow.parquet as pq

    arguments = _arrow_arguments(which)
    pool = ThreadPoolExecutor(4)

    def read(key: str) -> Any:
        return pq.read_table(pa.BufferReader(pa.py_buffer(get(key))), **arguments)

    return lambda: int(pa.concat_tables(pool.map(read, keys())).num_rows)


def read_awswrangler(place: Place, which: str | None) -> Run:
    import awswrangler as wr

    session = _awswrangler_session(place)
    where = f"s3://{BUCKET}/{TABLE}/"

    def run() -> int:
        if which is None:
            return len(wr.s3.read_parquet(where, path_suffix=".parquet", boto3_session=session))
        # It has no filter on rows: the column that is filtered by is read, and pandas filters.
        by = "k" if which == "scattered" else "id"
        columns = list(dict.fromkeys([*WANTED, by]))
        found = wr.s3.read_parquet(where, path_suffix=".parquet", columns=columns, boto3_session=session)
        kept = found["k"] < 10 if which == "scattered" else found["id"].between(5_000_000, 5_099_999)
        return len(found.loc[kept, WANTED])

    return run


def _awswrangler_session(place: Place) -> Any:
    import awswrangler as wr
    import boto3

    wr.config.s3_endpoint_url = place.endpoint
    return boto3.Session(
        aws_access_key_id=place.access_key, aws_secret_access_key=place.secret_key, region_name=place.region
    )


def partitions_dao(place: Place, interface: str) -> Run:
    """Many small files in folders ``day=1``, ``day=2``, ..., whose names are a column."""
    from dao import TableObject

    dao, daily = place.dao(), TableObject(PARTITIONED, place.dao_store(interface), format="parquet")
    return lambda: int(dao.read(daily).num_rows)


def partitions_pyarrow(place: Place) -> Run:
    import pyarrow.parquet as pq

    system = place.pyarrow()
    return lambda: int(pq.read_table(f"{BUCKET}/{PARTITIONED}", filesystem=system).num_rows)


def partitions_polars(place: Place) -> Run:
    import polars as pl

    where = f"s3://{BUCKET}/{PARTITIONED}/"
    return lambda: int(pl.scan_parquet(where, storage_options=place.polars_options).collect().height)


def partitions_awswrangler(place: Place) -> Run:
    import awswrangler as wr

    session = _awswrangler_session(place)
    where = f"s3://{BUCKET}/{PARTITIONED}/"
    return lambda: len(wr.s3.read_parquet(where, dataset=True, boto3_session=session))


def write_dao(place: Place, interface: str) -> Run:
    from dao import TableObject

    dao, rows = place.dao(), place.rows()
    target = TableObject(f"written/{interface}", place.dao_store(interface), format="parquet")
    return lambda: int(dao.write(rows, target, mode="overwrite").rows_inserted)


def write_pyarrow(place: Place, **how: Any) -> Run:
    import pyarrow.parquet as pq

    system, rows = place.pyarrow(), place.rows()
    return lambda: _rows(rows, pq.write_table(rows, f"{BUCKET}/written/pyarrow.parquet", filesystem=system, **how))


def write_s3fs(place: Place) -> Run:
    import pyarrow.parquet as pq

    system, rows = place.s3fs(), place.rows()

    def run() -> int:
        with system.open(f"{BUCKET}/written/s3fs.parquet", "wb") as file:
            pq.write_table(rows, file, **ZSTD)
        return int(rows.num_rows)

    return run


def write_polars(place: Place) -> Run:
    import polars as pl

    frame = pl.from_arrow(place.rows()).rechunk()
    target = f"s3://{BUCKET}/written/polars.parquet"

    def run() -> int:
        frame.write_parquet(target, storage_options=place.polars_options, **ZSTD)
        return int(frame.height)

    return run


def write_boto3(place: Place) -> Run:
    """Encoded in memory, then uploaded by boto3's own threads."""
    import io

    import pyarrow.parquet as pq

    client, rows = place.boto3(THREADS), place.rows()

    def run() -> int:
        content = io.BytesIO()
        pq.write_table(rows, content, **ZSTD)
        content.seek(0)
        client.upload_fileobj(content, BUCKET, "written/boto3.parquet")
        return int(rows.num_rows)

    return run


def write_obstore(place: Place) -> Run:
    import io

    import obstore
    import pyarrow.parquet as pq

    store, rows = place.obstore(), place.rows()

    def run() -> int:
        content = io.BytesIO()
        pq.write_table(rows, content, **ZSTD)
        content.seek(0)
        obstore.put(store, "written/obstore.parquet", content)
        return int(rows.num_rows)

    return run


def write_awswrangler(place: Place) -> Run:
    import awswrangler as wr

    session, frame = _awswrangler_session(place), place.rows().to_pandas()

    def run() -> int:
        wr.s3.to_parquet(
            frame,
            f"s3://{BUCKET}/written/awswrangler/",
            dataset=True,
            mode="overwrite",
            compression="zstd",
            boto3_session=session,
        )
        return len(frame)

    return run


def _rows(rows: Any, _written: None) -> int:
    return int(rows.num_rows)


def stream_dao(place: Place, interface: str) -> Run:
    """All rows, batch by batch, in bounded memory."""
    from dao import TableObject

    dao, orders = place.dao(), TableObject(TABLE, place.dao_store(interface), format="parquet")
    return lambda: sum(batch.num_rows for batch in dao.read_stream(orders))


def stream_in_dao(place: Place, interface: str) -> Run:
    """Rows written as they come, in bounded memory."""
    import pyarrow as pa

    from dao import TableObject

    dao = place.dao()
    target = TableObject(f"streamed/{interface}", place.dao_store(interface), format="parquet")

    def run() -> int:
        # Read from the file and not mapped: pages of a mapping would count as this process's memory.
        with pa.OSFile(place.rows_file) as file:
            reader = pa.ipc.open_file(file)
            batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
            written = dao.write(pa.RecordBatchReader.from_batches(reader.schema, batches), target, mode="overwrite")
        return int(written.rows_inserted)

    return run
