"""A store in memory that refuses what the store in whose place it stands declares absent."""

from __future__ import annotations

import copyreg
import inspect
import io
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import wraps
from typing import TYPE_CHECKING, Any

from attrs import evolve

from dao.capabilities import Capabilities, capabilities_of, combined, declared_capabilities
from dao.data_object import DataObject
from dao.data_store import DataStore
from dao.errors import ConfigError, DataError, NotFoundError, PluginError
from dao.file_set import FileSet

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["memory_like"]

_BYTES = (bytes, bytearray, memoryview, io.IOBase, os.PathLike, FileSet, str)

_TAKEN = ("lacks_actions", "lacks_modes", "lacks_operations", "lacks_features")


def memory_like(store: DataStore, memory: type) -> type:
    """A class of interfaces in memory that refuses what a store's interfaces declare absent.

    Args:
        store: the store that is replaced. Its interfaces' classes are imported, and not made.
        memory: the interface in memory.

    Returns:
        ``memory`` itself where the store lacks nothing beside, isn't installed here, or declares nothing.
    """
    try:
        named = [(name, kind) for name, kind in store.classes if isinstance(kind, type)]
        if any(declared_capabilities(kind) is None for _, kind in named):
            return memory
        lacking = combined([capabilities_of(kind) for _, kind in named])
    except (ConfigError, PluginError):
        return memory
    found: type = _double(memory, lacking, named[0][0])
    return found


def _double(memory: type, lacking: Capabilities, name: str) -> Any:
    own = capabilities_of(memory)
    beside = [absence for absence in lacking.absences() if absence.kind != "exactness" and not _lacks(own, absence)]
    if not beside:
        return memory
    members: dict[str, Any] = {"capabilities": _both(own, lacking, name), "__module__": memory.__module__}
    members |= {absence.name: None for absence in beside if absence.kind == "action"}
    for method in ("write", "upsert"):
        members[method] = _held(getattr(memory, method), lacking.lacks_types, name)
    return _Double(memory.__name__, (memory,), {**members, "_made_of": (memory, lacking, name)})


class _Double(type):
    """The class of such classes, which no module has: pickle carries what one was made of."""

    _made_of: tuple[type, Capabilities, str]


copyreg.pickle(_Double, lambda kind: (_double, kind._made_of))


def _lacks(own: Capabilities, absence: Any) -> bool:
    return any((known.kind, known.name) == (absence.kind, absence.name) for known in own.absences())


def _both(own: Capabilities, lacking: Capabilities, name: str) -> Capabilities:
    def merged(attribute: str) -> dict[str, str]:
        absent, mine = getattr(lacking, attribute), getattr(own, attribute)
        others = {what: f"{why} (as {name!r}, for which it stands)" for what, why in absent.items()}
        return {**others, **{what: _alone(why, what in absent, name) for what, why in mine.items()}}

    actions, modes, operations, features = map(merged, _TAKEN)
    return evolve(own, lacks_actions=actions, lacks_modes=modes, lacks_operations=operations, lacks_features=features)


def _alone(why: str, is_common: bool, name: str) -> str:
    return why if is_common else f"{why} (in memory; {name!r}, for which it stands, has it)"


def _held(method: Callable[..., Any], lacking: Mapping[str, str], name: str) -> Callable[..., Any]:
    """A method that writes rows, held to the types and values that a store lacks."""
    signature = inspect.signature(method)

    @wraps(method)
    def held(*args: Any, **named: Any) -> Any:
        call = signature.bind(*args, **named)
        given = call.arguments
        if not isinstance(given["data"], _BYTES) and not hasattr(given["data"], "readinto"):
            from dao.arrow.convert import to_reader

            replaces = given.get("mode", "error" if "mode" in signature.parameters else "") in ("error", "overwrite")
            kept = set() if replaces else _columns(given["self"], given["data_object"])
            reader = to_reader(given["data"], schema=given.get("schema"))
            _refuse_types([field for field in reader.schema if field.name not in kept], lacking, name)
            if "nan" in lacking:
                reader = type(reader).from_batches(reader.schema, _without_nan(reader, name))
            given["data"] = reader
        return method(*call.args, **call.kwargs)

    return held


def _columns(interface: Any, data_object: DataObject) -> set[str]:
    try:
        return set(interface.schema(data_object).names)
    except NotFoundError:
        return set()


def _refuse_types(fields: Collection[pa.Field], lacking: Mapping[str, str], name: str) -> None:
    from dao.testing._tables.features import features_of

    for field in fields:
        for feature in sorted(features_of([field]) & lacking.keys()):
            raise DataError(f"column {field.name!r} is {field.type}, which {name!r} doesn't keep: {lacking[feature]}")


def _without_nan(batches: pa.RecordBatchReader, name: str) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa
    import pyarrow.compute as pc

    for batch in batches:
        for field, column in zip(batch.schema, batch.columns, strict=True):
            if pa.types.is_floating(field.type) and pc.any(pc.is_nan(column)).as_py():
                raise DataError(f"column {field.name!r} has NaN, which {name!r} doesn't keep: replace it")
        yield batch
