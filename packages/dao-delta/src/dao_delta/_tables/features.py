"""The features that a table's protocol names, and those that can be written to."""

from __future__ import annotations

from typing import Any

__all__ = ["WRITABLE", "named_features"]

WRITABLE = frozenset({
    "appendOnly", "invariants", "checkConstraints", "changeDataFeed", "generatedColumns", "timestampNtz",
    "v2Checkpoint", "deletionVectors", "domainMetadata", "vacuumProtocolCheck",
})  # fmt: skip
"""The features of tables that DAO and deltalake can write to."""

_BY_VERSION = {
    "appendOnly": 2,
    "invariants": 2,
    "checkConstraints": 3,
    "changeDataFeed": 4,
    "generatedColumns": 4,
    "columnMapping": 5,
    "identityColumns": 6,
}
"""The writer version below 7 that features come with; there they bind only where the table uses them."""


def named_features(protocol: Any) -> tuple[set[str], set[str]]:
    """The features of readers and of writers that a protocol names, or that its older versions stand for.

    Args:
        protocol: deltalake's ``ProtocolVersions``.
    """
    readers = {_camel(name) for name in protocol.reader_features or ()}
    writers = {_camel(name) for name in protocol.writer_features or ()}
    if protocol.min_reader_version == 2:
        readers.add("columnMapping")
    if protocol.min_writer_version < 7:
        writers |= {name for name, version in _BY_VERSION.items() if version <= protocol.min_writer_version}
    return readers, writers


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
