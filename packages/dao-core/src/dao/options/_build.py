"""Makes an interface out of its options, or says all that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import attrs

from dao.errors import ConfigError, DaoError, Fault, did_you_mean
from dao.options._faults import NotKnownYet, faults_of, joined
from dao.options._guarding import guard_as, holds_secret
from dao.options._places import is_place, resolve_places
from dao.options._signature import Option, option_types, options_of
from dao.options._values import structure
from dao.secrets import MASK, looks_secret, secrets_in

__all__ = ["build", "check", "guarded_options"]

T = TypeVar("T")


def build(
    cls: type[T], options: Mapping[str, Any], path: str = "", folders: Mapping[str, str] = MappingProxyType({})
) -> T:
    """Make a ``cls`` out of ``options``, references resolved now.

    Args:
        cls: the interface class.
        options: its options by name.
        path: where they stand in the user's config, for messages.
        folders: where relative places among them start, by the option's path (``root``, ``volumes[0].path``), and for
            all others ``""``; the working directory where it doesn't say.

    Raises:
        ConfigError: every wrong name, wrong value, missing option and reference without a value, each with its path;
            or the class refused them.

    >>> @attrs.frozen
    ... class Bucket:
    ...     bucket: str
    ...     retries: int = 3
    >>> build(Bucket, {"bucket": "b"})
    Bucket(bucket='b', retries=3)
    >>> build(Bucket, {"buckett": "b", "retries": "8"}, "bronze.options")
    Traceback (most recent call last):
    dao.errors.ConfigError: 3 faults:
      no option 'buckett', did you mean 'bucket'? @ bronze.options.buckett
      expected int, found str @ bronze.options.retries
      the option 'bucket' is required @ bronze.options
    """
    options = guarded_options(options, cls)
    values, faults = _structure(cls, options, path, folders, lookup=True)
    if faults:
        raise ConfigError(faults)
    try:
        return cls(**values)
    except ConfigError as error:
        faulty = [Fault(fault.path or path, _without_values(fault.message, cls, options)) for fault in error.faults]
    except DaoError:
        raise
    except Exception as error:
        faulty = []
        refused, cause = error, _harmless(error, cls, options)
    # Raised out here, so that an error which holds a value is not even the context of this one.
    if faulty:
        raise ConfigError(faulty)
    told = f"{cls.__qualname__} refused its options: {_message(refused, cls, options)}"
    raise ConfigError([Fault(path, told)]) from cause


def check(cls: type, options: Mapping[str, Any], path: str = "") -> list[Fault]:
    """The faults that :func:`build` would raise, as far as they can be seen without calling ``cls``.

    Nothing outside is looked at: references are checked for their form, not for their value.
    """
    values, faults = _structure(cls, options, path, {}, lookup=False)
    return faults + _validate(cls, values, path, options)


def guarded_options(options: Mapping[str, Any], cls: type | None) -> dict[str, Any]:
    """The options with those that are secrets, by their type in ``cls`` or their name, as ``Secret``, however deep."""
    kinds = {} if cls is None else option_types(cls)
    return {name: guard_as(value, kinds.get(name, Any), str(name)) for name, value in options.items()}


def _converts_itself(option: Option) -> bool:
    return option.attribute is not None and option.attribute.converter is not None and not holds_secret(option.type)


def _structure(
    cls: type, options: Mapping[str, Any], path: str, folders: Mapping[str, str], *, lookup: bool
) -> tuple[dict[str, Any], list[Fault]]:
    known, open_ended = options_of(cls)
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in options.items():
        option = known.get(name)
        if option is None and not open_ended:
            faults.append(Fault(joined(path, name), f"no option {name!r}, {did_you_mean(str(name), known)}"))
            continue
        kind = Any if option is None or _converts_itself(option) else option.type
        misplaced: list[Fault] = []
        value = resolve_places(value, [option.type] if option else [], str(name), folders, misplaced, lookup=lookup)
        if misplaced:
            faults.extend(Fault(joined(path, fault.path), fault.message) for fault in misplaced)
            continue
        try:
            values[name] = structure(value, kind, lookup=lookup)
        except NotKnownYet:
            continue
        except Exception as error:  # each kind of it becomes a fault
            hidden = looks_secret(str(name)) or holds_secret(kind)
            mask = partial(_without_values, cls=cls, options=options)
            faults.extend(faults_of(error, joined(path, name), hidden=hidden, mask=mask))
    missing = [name for name, option in known.items() if option.required and name not in options]
    faults.extend(Fault(path, f"the option {name!r} is required") for name in missing)
    return values, faults


_TAKES_MORE: Any = getattr(attrs, "Converter", ())
"""Converters that may want the instance or the field beside the value; attrs has them from 24.1 on."""


def _validate(cls: type, values: Mapping[str, Any], path: str, options: Mapping[str, Any]) -> list[Fault]:
    """What the validators and converters of an attrs class say, on an instance that is never initialised."""
    faults = []
    bare = object.__new__(cls) if attrs.has(cls) else None
    for name, option in options_of(cls)[0].items():
        attribute = option.attribute
        if attribute is None or name not in values or (attribute.converter is None and attribute.validator is None):
            continue
        value = values[name]
        if any(secret.references for _, secret in secrets_in(value)):
            continue  # nothing outside is looked at here
        try:
            if callable(attribute.converter) and not isinstance(attribute.converter, _TAKES_MORE):
                value = attribute.converter(value)
            if attribute.validator is not None:
                attribute.validator(bare, attribute, value)
        except (ValueError, TypeError, ConfigError) as error:
            faults.append(Fault(joined(path, name), _message(error, cls, options)))
        except Exception:  # a validator that looks at other fields, which are not there yet: build() will ask it again
            continue
    return faults


def _message(error: Exception, cls: type, options: Mapping[str, Any]) -> str:
    # attrs' validators put their whole argument list into args: the message is its first.
    text = str(error.args[0]) if isinstance(error, (ValueError, TypeError)) and error.args else str(error)
    return _without_values(text, cls, options) or type(error).__name__


def _without_values(text: str, cls: type, options: Mapping[str, Any]) -> str:
    """A message with no value of the options in it: a secret may stand in any of them by mistake."""
    for value in sorted(_texts(cls, options), key=len, reverse=True):
        text = text.replace(repr(value), MASK)
        if len(value) >= _SHORTEST:
            text = text.replace(value, MASK)
    return text


def _harmless(error: Exception, cls: type, options: Mapping[str, Any]) -> Exception | None:
    told = f"{error!r} {error} {error.__cause__!r} {error.__context__!r}"
    return error if _without_values(told, cls, options) == told else None


_SHORTEST = 4
"""Masking shorter texts, where they are not in quotes, would only garble messages."""


def _texts(cls: type, options: Mapping[str, Any]) -> set[str]:
    """The texts of the options' values. A place is none of them: where something was looked for has to be said."""
    kinds = option_types(cls)
    values = [value for name, value in options.items() if not is_place([kinds.get(name, Any)])]
    found = set(_strings(values))
    for _, secret in secrets_in(options):
        try:
            found.add(secret.reveal())
        except ConfigError:  # it has no value that could leak
            continue
    return found - {""}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, (list, tuple, set, frozenset)):
        for inner in value:
            yield from _strings(inner)
