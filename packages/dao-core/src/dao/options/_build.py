"""Instances of interface classes, built from options; or one error with every fault of the options."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

import attrs

from dao.errors import ConfigError, DaoError, Fault, did_you_mean
from dao.options._faults import NotKnownYet, faults_of, joined
from dao.options._guarding import guarded_options, holds_secret
from dao.options._instances import check_declaration
from dao.options._masking import harmless, masked_message
from dao.options._places import resolve_places
from dao.options._signature import Option, options_of
from dao.options._values import structure
from dao.secrets import looks_secret, secrets_in

__all__ = ["build", "check"]

T = TypeVar("T")


def build(
    cls: type[T], options: Mapping[str, Any], path: str = "", folders: Mapping[str, str] = MappingProxyType({})
) -> T:
    """Build an instance of ``cls`` from ``options``, with references resolved.

    Args:
        cls: the interface class.
        options: its options by name.
        path: the path of the options in the user's config, for messages.
        folders: the directories in which relative local paths start, by the path of the option (``root``,
            ``volumes[0].path``), with ``""`` as the default for all others; without either, the working directory.

    Raises:
        ConfigError: unknown names, wrong values, missing options and references without a value, all of them, each
            with its path; the error with which the class refused its options, without what may be a secret; or the
            instance has ``capabilities`` of its own, which belong to the class.

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
        made = cls(**values)
        check_declaration(made)
        return made
    except ConfigError as error:
        faulty = [Fault(fault.path or path, masked_message(fault.message, cls, options)) for fault in error.faults]
    except DaoError:
        raise
    except Exception as error:
        faulty = []
        refused, cause = error, harmless(error, cls, options)
    # Raised outside the handlers, so that an error whose text has an option's value is not the context of this one.
    if faulty:
        raise ConfigError(faulty)
    message = f"{cls.__qualname__} refused its options: {_message(refused, cls, options)}"
    raise ConfigError([Fault(path, message)]) from cause


def check(cls: type, options: Mapping[str, Any], path: str = "") -> list[Fault]:
    """Return the faults that :func:`build` would raise, as far as they can be found without calling ``cls``.

    References are not resolved (no environment variable, file or secret store is read), only their syntax is checked.

    Args:
        cls: the interface class.
        options: its options by name.
        path: the path of the options in the user's config, for messages.
    """
    values, faults = _structure(cls, options, path, {}, lookup=False)
    return faults + _validate(cls, values, path, options)


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
            mask = partial(masked_message, cls=cls, options=options)
            faults.extend(faults_of(error, joined(path, name), hidden=hidden, mask=mask))
    missing = [name for name, option in known.items() if option.required and name not in options]
    faults.extend(Fault(path, f"the option {name!r} is required") for name in missing)
    return values, faults


_TAKES_MORE: Any = getattr(attrs, "Converter", ())
"""The class of converters that may take the instance or the field beside the value; attrs has it from 24.1 on."""


def _validate(cls: type, values: Mapping[str, Any], path: str, options: Mapping[str, Any]) -> list[Fault]:
    """The faults found by the validators and converters of an attrs class, run on an uninitialised instance."""
    faults = []
    bare = object.__new__(cls) if attrs.has(cls) else None
    for name, option in options_of(cls)[0].items():
        attribute = option.attribute
        if attribute is None or name not in values or (attribute.converter is None and attribute.validator is None):
            continue
        value = values[name]
        if any(secret.references for _, secret in secrets_in(value)):
            continue  # its value isn't known without resolving the references
        try:
            if callable(attribute.converter) and not isinstance(attribute.converter, _TAKES_MORE):
                value = attribute.converter(value)
            if attribute.validator is not None:
                attribute.validator(bare, attribute, value)
        except (ValueError, TypeError, ConfigError) as error:
            faults.append(Fault(joined(path, name), _message(error, cls, options)))
        except Exception:  # a validator may read other fields, which aren't set on this instance; build() runs it again
            continue
    return faults


def _message(error: Exception, cls: type, options: Mapping[str, Any]) -> str:
    # attrs' validators put their whole argument list into args: the message is its first.
    text = str(error.args[0]) if isinstance(error, (ValueError, TypeError)) and error.args else str(error)
    return masked_message(text, cls, options) or type(error).__name__
