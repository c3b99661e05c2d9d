"""Hides rows of a table's data files by deletion vectors, as Spark does.

Source: the Delta protocol, "Deletion Vectors" and "Deletion Vector Format"; the bitmaps are those of the specification
of Roaring, with one array container.
"""

from __future__ import annotations

import json
import struct
import zlib
from base64 import b85encode
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from deltalake import DeltaTable

__all__ = ["hide", "with_vectors"]

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_Z85 = str.maketrans(
    f"{_LETTERS}!#$%&()*+-;<=>?@^_`{{|}}~",
    f"{_LETTERS[:10]}{_LETTERS[36:]}{_LETTERS[10:36]}.-:+=^!/*?&<>()[]{{}}@%$#",
)
FEATURE = {
    "minReaderVersion": 3, "minWriterVersion": 7, "readerFeatures": ["deletionVectors"],
    "writerFeatures": ["deletionVectors", "changeDataFeed", "appendOnly", "checkConstraints"],
}  # fmt: skip


def with_vectors(path: str) -> None:
    """Give a table the feature."""
    _commit(path, [{"protocol": FEATURE}])


def hide(path: str, rows: dict[str, list[int]], *, inline: bool = False) -> None:
    """Hide rows of files, by their numbers; those that were hidden before are visible unless they are among them.

    Args:
        path: the table's folder.
        rows: by the file's path in the log.
        inline: keep the vectors in the log, else in a file.
    """
    log = Path(path, "_delta_log")
    active: dict[str, Any] = {}
    for commit in sorted(log.glob("*.json")):
        for action in map(json.loads, commit.read_text().splitlines()):
            if "add" in action:
                active[action["add"]["path"]] = action["add"]
    actions: list[dict[str, Any]] = []
    for file, numbers in rows.items():
        old = active[file]
        removed = {name: old[name] for name in ("path", "partitionValues", "size", "deletionVector") if name in old}
        actions.append(
            {"remove": {**removed, "deletionTimestamp": 0, "dataChange": True, "extendedFileMetadata": True}}
        )
        actions.append({"add": {**old, "dataChange": True, "deletionVector": _vector(path, numbers, inline)}})
    _commit(path, actions)


def _vector(path: str, rows: list[int], inline: bool) -> dict[str, Any]:
    bitmap = struct.pack(f"<IIHHI{len(rows)}H", 12346, 1, 0, len(rows) - 1, 16, *sorted(rows))
    content = struct.pack("<iqi", 1681511377, 1, 0) + bitmap
    size = {"sizeInBytes": len(content), "cardinality": len(rows)}
    if inline:
        return {"storageType": "i", "pathOrInlineDv": _z85(content + b"\0" * (-len(content) % 4)), **size}
    name = uuid4()
    whole = b"\1" + struct.pack(">i", len(content)) + content + struct.pack(">I", zlib.crc32(content))
    Path(path, f"deletion_vector_{name}.bin").write_bytes(whole)
    return {"storageType": "u", "pathOrInlineDv": _z85(UUID(str(name)).bytes), "offset": 1, **size}


def _z85(content: bytes) -> str:
    return b85encode(content).decode().translate(_Z85)


def _commit(path: str, actions: list[dict[str, Any]]) -> None:
    version = DeltaTable(path).version() + 1
    lines = [{"commitInfo": {"timestamp": 0, "operation": "DELETE"}}, *actions]
    Path(path, "_delta_log", f"{version:020d}.json").write_text("\n".join(map(json.dumps, lines)))
