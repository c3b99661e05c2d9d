"""Detects tables that aren't plain files below a prefix: Iceberg, Delta, Hudi, views, links."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dao_s3.glue._table import GlueTable

__all__ = ["SYMLINKS", "TABLE_FORMATS", "markers", "table_format"]

SYMLINKS = "_symlink_format_manifest"
"""The folder of a Delta table with lists of its files for engines without Delta support."""

TABLE_FORMATS = ("iceberg", "delta", "hudi")
"""Table formats recognised even without a plugin, because their files alone aren't the table."""

_BY_PACKAGE = (
    ("org.apache.iceberg.", "iceberg"),
    ("io.delta.", "delta"),
    ("org.apache.hudi.", "hudi"),
    ("com.uber.hoodie.", "hudi"),
)


def table_format(table: GlueTable) -> str | None:
    """``iceberg``, ``delta``, ``hudi`` or a format that a plugin claims; None for all others.

    They are recognised by ``table_type`` (Iceberg, Trino), ``spark.sql.sources.provider`` (Spark), ``classification``
    (Glue's crawlers), the classes that read them, or, for Delta, a location that is a folder of symlink manifests.
    """
    told = [table.parameters.get("table_type", ""), table.provider, table.parameters.get("classification", "")]
    for marker in told:
        if marker.lower() in TABLE_FORMATS or marker.lower() in table.claimed:
            return marker.lower()
    for package, found in _BY_PACKAGE:
        if table.input_format.startswith(package) or table.serde.startswith(package):
            return found
    return "delta" if f"/{SYMLINKS}" in table.location else None


def markers(table: GlueTable) -> Mapping[str, Any]:
    """``type``, by the kind of table; else ``unreadable``."""
    found = table_format(table)
    if found is not None:
        place = table.parameters.get("metadata_location")
        return {"type": found, "metadata_location": place} if found == "iceberg" and place else {"type": found}
    reason = _no_data(table)
    return {"type": "object", "unreadable": reason} if reason else {}


def _no_data(table: GlueTable) -> str:
    if "VIEW" in table.type.upper():
        return f"it is a view ({table.type}), a query without data of its own: only the engine of its making runs it"
    if table.is_link:
        link = table.raw["TargetTable"]
        target = ".".join(link.get(part) or "?" for part in ("CatalogId", "DatabaseName", "Name"))
        return f"it is a link to {target}, which these credentials may not see"
    if "SymlinkTextInputFormat" in table.input_format:
        return "it is a list of files elsewhere (SymlinkTextInputFormat), which DAO doesn't follow"
    return ""
