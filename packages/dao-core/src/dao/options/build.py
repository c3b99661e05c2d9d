"""Makes an interface out of its options, or says all that is wrong with them."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from functools import lru_cache
from typing import Any, TypeVar

import attrs
from attrs import frozen

from dao.errors import ConfigError, DaoError, Fault, did_you_mean
from dao.options.faults import faults_of, joined
from dao.options.values import structure
from dao.secrets import MASK, Secret, looks_secret

__all__ = ["build", "check", "option_types"]

T = TypeVar("T")


def build(cls: type[T], options: Mapping[str, Any], path: str = "") -> T:
    """Make a ``cls`` out of ``options``, references resolved now.

    Args:
        cls: the interface class.
        options: its options by name.
        path: where they stand in the user's config, for messages.

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
      expected int, found str '8' @ bronze.options.retries
      the option 'bucket' is required @ bronze.options
    """
    values, faults = _structured(cls, options, path, lookup=True)
    if faults:
        raise ConfigError(faults)
    try:
        return cls(**values)
    except DaoError:
        raise
    except Exception as error:
        refused, cause = error, _harmless(error, options)
    # Raised out here, so that an error which holds a secret is not even the context of this one.
    raise ConfigError([Fault(path, f"{cls.__qualname__} refused its options: {_told(refused, options)}")]) from cause


def check(cls: type, options: Mapping[str, Any], path: str = "") -> list[Fault]:
    """The faults that :func:`build` would raise, as far as they can be seen without calling ``cls``.

    Nothing outside is looked at: references are checked for their form, not for their value.
    """
    values, faults = _structured(cls, options, path, lookup=False)
    return faults + _validated(cls, values, path, options)


@frozen
class _Option:
    """One option of a class."""

    type: Any
    required: bool
    attribute: attrs.Attribute[Any] | None

    @property
    def converted_by_class(self) -> bool:
        return self.attribute is not None and self.attribute.converter is not None and not _is_secret(self.type)


def option_types(cls: type) -> dict[str, Any]:
    """The options of a class with their types, ``Any`` where there is none or it can't be resolved here."""
    return {name: option.type for name, option in _options(cls)[0].items()}


def _is_secret(kind: Any) -> bool:
    return kind is Secret or Secret in typing.get_args(kind)


@lru_cache(maxsize=512)
def _options(cls: type) -> tuple[dict[str, _Option], bool]:
    """The options, and whether the class takes any others too."""
    try:
        parameters = list(inspect.signature(cls).parameters.values())
    except ValueError:  # some classes written in C have no signature
        return {}, True
    # A generated __init__ repeats its fields' annotations, out of reach of what they mean in a base class's module.
    generated = attrs.has(cls) or is_dataclass(cls)
    hints = _hints(cls) if generated else {**_hints(cls), **_hints(inspect.getattr_static(cls, "__init__"))}
    attributes = {a.alias: a for a in attrs.fields(cls)} if attrs.has(cls) else {}
    found = {}
    for parameter in parameters:
        if parameter.kind in (parameter.KEYWORD_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            attribute = attributes.get(parameter.name)
            kind = hints.get(attribute.name if attribute else parameter.name, Any)
            found[parameter.name] = _Option(kind, parameter.default is parameter.empty, attribute)
    return found, any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)


def _hints(owner: Any) -> dict[str, Any]:
    """Annotations, each resolved on its own: one that names an uninstalled library must not spoil the others."""
    hints: dict[str, Any] = {}
    for holder in reversed(owner.__mro__) if isinstance(owner, type) else [owner]:
        names = vars(sys.modules.get(getattr(holder, "__module__", ""), typing))
        for name, annotation in getattr(holder, "__annotations__", {}).items():
            hints[name] = _resolved(annotation, names)
    return hints


def _resolved(annotation: Any, names: Mapping[str, Any]) -> Any:
    holder = type("_", (), {"__annotations__": {"x": annotation}})
    try:
        return typing.get_type_hints(holder, dict(names), {})["x"]
    except Exception:  # whatever goes wrong in somebody's annotation, it can't be checked then
        return Any


def _structured(
    cls: type, options: Mapping[str, Any], path: str, *, lookup: bool
) -> tuple[dict[str, Any], list[Fault]]:
    known, open_ended = _options(cls)
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, value in options.items():
        option = known.get(name)
        if option is None and not open_ended:
            faults.append(Fault(joined(path, name), f"no option {name!r}, {did_you_mean(str(name), known)}"))
            continue
        kind = Any if option is None or option.converted_by_class else option.type
        try:
            values[name] = structure(value, kind, lookup=lookup)
        except Exception as error:  # each kind of it becomes a fault
            faults.extend(faults_of(error, joined(path, name), hidden=looks_secret(str(name)) or _is_secret(kind)))
    missing = [name for name, option in known.items() if option.required and name not in options]
    faults.extend(Fault(path, f"the option {name!r} is required") for name in missing)
    return values, faults


def _validated(cls: type, values: Mapping[str, Any], path: str, options: Mapping[str, Any]) -> list[Fault]:
    """What the validators and converters of an attrs class say, on an instance that is never initialised."""
    faults = []
    bare = object.__new__(cls) if attrs.has(cls) else None
    for name, option in _options(cls)[0].items():
        attribute = option.attribute
        if attribute is None or name not in values or (attribute.converter is None and attribute.validator is None):
            continue
        value = values[name]
        try:
            if callable(attribute.converter) and not isinstance(attribute.converter, attrs.Converter):
                value = attribute.converter(value)
            if attribute.validator is not None:
                attribute.validator(bare, attribute, value)
        except (ValueError, TypeError) as error:
            faults.append(Fault(joined(path, name), _told(error, options)))
        except Exception:  # a validator that looks at other fields, which are not there yet: build() will ask it again
            continue
    return faults


def _told(error: Exception, options: Mapping[str, Any]) -> str:
    # attrs' validators put their whole argument list into args: the message is its first.
    text = str(error.args[0]) if isinstance(error, (ValueError, TypeError)) and error.args else str(error)
    for secret in _secret_texts(options):
        text = text.replace(secret, MASK)
    return text or type(error).__name__


def _harmless(error: Exception, options: Mapping[str, Any]) -> Exception | None:
    told = f"{error!r} {error} {error.__cause__!r} {error.__context__!r}"
    return None if any(secret in told for secret in _secret_texts(options)) else error


def _secret_texts(value: Any, hidden: bool = False) -> Iterator[str]:
    if isinstance(value, Secret):
        try:
            yield from filter(None, [value.reveal()])
        except ConfigError:
            return
    elif isinstance(value, str):
        if hidden and value:
            yield value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _secret_texts(inner, hidden or looks_secret(str(name)))
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _secret_texts(inner, hidden)
