"""What the interface to Redshift can't do."""

from __future__ import annotations

from dao.capabilities import Capabilities

__all__ = ["CAPABILITIES"]

_TABLES = "a warehouse keeps tables alone"
_ONE = "a table of a warehouse is what it is now"

CAPABILITIES = Capabilities(
    lacks_modes={"overwrite_partitions": "a table of a warehouse has no partitions"},
    lacks_operations={
        "compact": "vacuum rewrites blocks",
        "expire": _ONE,
        "orphans": "nothing is left outside of tables",
        "restore": _ONE,
    },
    lacks_features={
        "files": _TABLES,
        "foreign_files": _TABLES,
        "partitions": "rows are distributed and sorted: distkey and sortkey",
        "time_travel": _ONE,
        "branches": _ONE,
        "tags": _ONE,
    },
    lacks_types={
        "uint64": "Redshift has no unsigned integers",
        "decimal256": "Redshift's decimals have up to 38 digits",
        "time_ns": "Redshift's times are of microseconds",
        "timestamp_ns": "Redshift's timestamps are of microseconds",
        "fraction_38": "Redshift's decimals have up to 37 digits after the point",
        "long_text": "Redshift's texts have up to 65,535 bytes",
        "control_text": "Redshift's texts have no NUL",
        "duration": "Redshift has no lengths of time that are kept",
    },
    relaxes={
        "null": "a column without values is one of text",
        "layout": "Redshift has one type of text and one of bytes",
        "dictionary": "Redshift has values alone",
        "fixed_size": "Redshift has bytes of any length alone",
        "integers": "Redshift has signed integers of 16, 32 and 64 bits",
        "floats": "Redshift has floats of 32 and 64 bits",
        "units": "Redshift has microseconds alone, and dates in days",
        "zones": "Redshift keeps instants, in UTC",
        "uuid": "Redshift has no such type",
    },
)
