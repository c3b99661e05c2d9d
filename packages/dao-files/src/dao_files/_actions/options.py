"""The options of a format for one call: those of the call, of the object, and of the table as it was written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from weakref import ref

from dao.data_object import DataObject
from dao.errors import DataError, UnsupportedError

if TYPE_CHECKING:  # bytes are written without Arrow, which formats need
    from dao_files.formats import Format
    from dao_files.formats._options import Direction

__all__ = ["format_options", "refuse_other_spelling", "refuse_versions", "stored_spelling"]

_NONE: Mapping[str, Any] = MappingProxyType({})


def format_options(
    format: Format,
    data_object: DataObject,
    given: Mapping[str, Any],
    *,
    direction: Direction | None = None,
    remembered: Mapping[str, Any] = _NONE,
) -> Any:
    """Build a format's options from the call, else from the object's properties, else as the table remembers them.

    The options are cached: objects are immutable, and a call passes on the same mapping of options.

    Args:
        format: the format.
        data_object: the object, whose properties may be options of either direction.
        given: the options of the call.
        direction: what the call does; None for one that reads and rewrites files, which takes all options.
        remembered: the options with which the table's files were written.

    Raises:
        UnsupportedError: an argument that neither the action nor the format has, or an option of the other direction.
        DataError: a value of the wrong kind.
    """
    cached = _cache_of(data_object)
    key = (format, direction if given else None, bool(given))
    known = cached.get(key)
    if known is None or (given and known[0] is not given) or known[1] != remembered:
        known = cached[key] = (given, remembered, _build_options(format, data_object, given, direction, remembered))
    return known[2]


_Cached = tuple[Mapping[str, Any], Mapping[str, Any], Any]

_options_cache: dict[int, tuple[ref[DataObject], dict[Any, _Cached]]] = {}
"""By the identity of each living object: the last options of a format with and without arguments of a call."""


def _forget(cache: dict[int, Any], number: int, _: object) -> None:
    cache.pop(number, None)  # a parameter, as the module's names are gone at interpreter shutdown


def _cache_of(data_object: DataObject) -> dict[Any, _Cached]:
    number = id(data_object)
    found = _options_cache.get(number)
    if found is None or found[0]() is not data_object:
        found = _options_cache[number] = (ref(data_object, partial(_forget, _options_cache, number)), {})
    return found[1]


def _build_options(
    format: Format,
    data_object: DataObject,
    given: Mapping[str, Any],
    direction: Direction | None,
    remembered: Mapping[str, Any],
) -> Any:
    refuse_versions(given)
    format.check_direction(given, direction)
    _refuse_foreign(format, given)
    return format.options({**remembered, **_declared(format, data_object), **given})


def _refuse_foreign(format: Format, given: Mapping[str, Any]) -> None:
    """Refuse options of other formats, naming these: a near name of this format's would lead astray.

    Raises:
        UnsupportedError: there is one.
    """
    from dao_files.formats import FORMATS

    for name in given:
        owners = sorted(one.name for one in FORMATS.values() if name in one.option_names)
        if owners and name not in format.option_names:
            raise UnsupportedError(
                f"format {format.name!r} has no option {name!r}, which is one of {', '.join(owners)}: leave it out, or "
                "give format="
            )


def _declared(format: Format, data_object: DataObject) -> dict[str, Any]:
    return {name: value for name in format.option_names if (value := data_object.get(name)) is not None}


_REFUSED: Mapping[str, str] = {
    **dict.fromkeys(("version", "as_of", "tag"), "asks for an older version, and plain files keep only the newest one"),
    "branch": "asks for a branch, and plain files have none",
    "idempotency_key": "is for calls that change a table, to do them once",
}


def refuse_versions(given: Mapping[str, Any]) -> None:
    """Refuse arguments about versions and idempotency, as plain files store only the current state.

    Raises:
        UnsupportedError: such an argument is given.
    """
    for name, why in _REFUSED.items():
        if given.get(name) is not None:
            raise UnsupportedError(f"{name}= {why}")


def stored_spelling(options: Any) -> dict[str, Any] | None:
    """Return what a table remembers of the options of its files: those that aren't defaults, as JSON has them.

    None for a format whose files can be read without any.
    """
    from dao_files.formats._options import spelling_of

    spelling = spelling_of(options)
    if not spelling:
        return None
    usual = spelling_of(type(options)())
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in spelling.items()
        if value != usual[name]
    }


def refuse_other_spelling(format: Format, data_object: DataObject, options: Any) -> None:
    """Refuse to write a table with options of the call that the object contradicts, as reads would use the object's.

    Args:
        format: the format.
        data_object: the object.
        options: the options that the table would be written with.

    Raises:
        DataError: such an option.
    """
    from dao_files.formats._options import same_spelling, spelling_of

    spelling = spelling_of(options)
    declared = _declared(format, data_object)
    if not spelling.keys() & declared.keys():
        return
    for name, value in spelling_of(format.options({**spelling, **declared})).items():
        if not same_spelling(format.Options, name, value, spelling[name]):
            raise DataError(
                f"option {name!r}: found {spelling[name]!r}, but the object declares {value!r}, with which the table "
                f"would be read: leave the option out, or change it in the object"
            )
