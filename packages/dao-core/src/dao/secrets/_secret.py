"""Secrets: strings that are masked in every text representation."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NoReturn, TypeVar

from dao.errors import ConfigError
from dao.secrets._references import MASK, Interpolated, Reference, Template

__all__ = ["Secret", "guarded", "looks_secret", "masked", "secrets_in"]

_SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:password|passwd|passphrase|pwd|secrets?|token|credentials?|sas"
    r"|(?:api|private|account|access|secret)[_-]?key|access[_-]?key[_-]?id|(?:connection|conn)[_-]?str(?:ing)?)$",
    re.IGNORECASE,
)


def looks_secret(name: str) -> bool:
    """Whether an option or property of this name is treated as a secret by its name alone.

    >>> looks_secret("aws_secret_access_key"), looks_secret("db-password"), looks_secret("token_column")
    (True, True, False)
    """
    return _SECRET_NAME.search(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)) is not None


def masked(name: str, value: object) -> object:
    """``value`` for display under ``name``, with every value under a secret-looking name masked, at any depth.

    >>> masked("options", {"user": "me", "password": "hunter2"})
    {'user': 'me', 'password': '********'}
    """
    if value is not None and looks_secret(name):
        return MASK
    if isinstance(value, Mapping):
        return {inner: masked(str(inner), given) for inner, given in value.items()}
    if isinstance(value, list):
        return [masked("", inner) for inner in value]
    return tuple(masked("", inner) for inner in value) if isinstance(value, tuple) else value


class Secret:
    """A string that can't be shown by accident.

    It is masked in every text representation; only :meth:`reveal` returns it. Created from a literal
    (``Secret("...")``) or from a reference (``Secret.parse("${env:PGPASSWORD}")``), which is resolved at each
    ``reveal()``, not before. Pickles carry the reference without its default, never a value: a literal can't be
    revealed in another process.

    Two are equal if they were created from the same literal or the same reference; comparing resolves nothing. All
    have the same hash, so that it reveals nothing. Immutable and safe between threads.

    >>> password = Secret("hunter2")
    >>> print(password, repr(password), f"{password:>10}")
    ******** ********   ********
    >>> password.reveal()
    'hunter2'
    """

    __slots__ = ("_template", "_value")
    # A function rather than a string, so that code that walks attributes can't print it.
    _value: Callable[[], str]
    _template: Template | None
    _HASH: ClassVar[int] = 0x5EC2E7

    def __init__(self, literal: str) -> None:
        if not isinstance(literal, str):
            raise TypeError(f"a Secret is made from str, not {type(literal).__name__}")
        object.__setattr__(self, "_template", None)
        object.__setattr__(self, "_value", lambda: literal)

    @classmethod
    def parse(cls, text: str) -> Secret:
        """A secret from a config's string: a literal, or a template with references.

        Raises:
            ConfigError: a malformed reference.
        """
        return cls.of_template(Template.parse(text))

    @classmethod
    def of_template(cls, template: Template) -> Secret:
        """A secret from an already parsed template."""
        if not template.references:
            return cls(template.resolve())
        made = object.__new__(cls)
        object.__setattr__(made, "_template", template)
        object.__setattr__(made, "_value", template.resolve)
        return made

    @property
    def references(self) -> tuple[Reference, ...]:
        """The references it is resolved from; empty for a literal."""
        return self._template.references if self._template else ()

    def reveal(self) -> str:
        """The value itself.

        Raises:
            ConfigError: its reference can't be resolved, or it was a literal before it was pickled.
        """
        return self._value()

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__
    _repr_html_ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        if self._template is not None or other._template is not None:
            return self._template == other._template
        if self._value is _lost or other._value is _lost:
            return self._value is other._value
        from hmac import compare_digest

        return compare_digest(
            self._value().encode("utf-8", "surrogatepass"), other._value().encode("utf-8", "surrogatepass")
        )

    def __hash__(self) -> int:
        return self._HASH

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a Secret can't be changed")

    __delattr__ = None  # type: ignore[assignment]

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> tuple[Callable[[str | None], Secret], tuple[str | None]]:
        return _unpickle, (None if self._template is None else self._template.without_defaults().text,)


def _lost() -> str:
    raise ConfigError(
        "this secret was written into the config as it is, and such a secret does not travel to another process; "
        "use a reference such as ${env:NAME} or ${file:PATH}, which is resolved there"
    )


def _unpickle(text: str | None) -> Secret:
    if text is not None:
        return Secret.parse(text)
    made = Secret("")
    object.__setattr__(made, "_value", _lost)
    return made


T = TypeVar("T")


def guarded(
    value: Any,
    name: str = "",
    known: T | None = None,
    is_secret: Callable[[T], bool] | None = None,
    below: Callable[[T, str | int], T] | None = None,
) -> Any:
    """``value`` with each string under a secret-looking name, at any depth, replaced by a :class:`Secret`.

    Args:
        value: strings, numbers, mappings, lists, tuples and sets.
        name: its name.
        known: what else is known about it, such as its type.
        is_secret: whether ``known`` makes a string a secret.
        below: what is known about the value at one of its keys or positions.

    >>> guarded({"user": "me", "logins": [{"password": "hunter2"}]})
    {'user': 'me', 'logins': [{'password': ********}]}
    """

    def walk(value: Any, known: T | None, hidden: bool) -> Any:
        def inner(at: str | int, given: Any) -> Any:
            deeper = None if known is None or below is None else below(known, at)
            return walk(given, deeper, hidden or (isinstance(at, str) and looks_secret(at)))

        if isinstance(value, str):
            return _guard(value) if hidden or (known is not None and is_secret and is_secret(known)) else value
        if isinstance(value, Mapping):
            return {at: inner(at, given) for at, given in value.items()}
        if type(value) in (list, tuple):
            return type(value)(inner(at, given) for at, given in enumerate(value))
        if type(value) in (set, frozenset):
            return type(value)(inner(0, given) for given in value)
        return value

    return walk(value, known, looks_secret(name))


def _guard(text: str) -> Secret:
    if isinstance(text, Interpolated):
        return Secret.of_template(text.template)
    try:
        return Secret.parse(text)
    except ConfigError:  # a malformed reference: reported where the value is used; its text is not kept
        return Secret(text)


def secrets_in(value: Any, path: str = "") -> Iterator[tuple[str, Secret]]:
    """Every :class:`Secret` in a value, with its path; in records of attrs and dataclasses too."""
    if isinstance(value, Secret):
        yield path, value
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from secrets_in(inner, f"{path}.{name}")
    elif isinstance(value, (list, tuple, set, frozenset)):
        for at, inner in enumerate(value):
            yield from secrets_in(inner, f"{path}[{at}]")
    else:
        fields: Any = getattr(type(value), "__attrs_attrs__", None) or getattr(type(value), "__dataclass_fields__", ())
        for name in [getattr(field, "name", field) for field in fields]:
            yield from secrets_in(getattr(value, name, None), f"{path}.{name}")
