"""Secrets: strings that are masked wherever text is made of them."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from typing import ClassVar, NoReturn

from dao.errors import ConfigError
from dao.secrets.references import MASK, Reference, Template

__all__ = ["Secret", "looks_secret", "masked"]

_SECRET_NAME = re.compile(
    r"(?:^|[_.-])(?:password|passwd|passphrase|pwd|secrets?|token|credentials?|sas"
    r"|(?:api|private|account|access|secret)[_-]?key|access[_-]?key[_-]?id|(?:connection|conn)[_-]?str(?:ing)?)$",
    re.IGNORECASE,
)


def looks_secret(name: str) -> bool:
    """Whether an option or property of this name is taken for a secret even if nothing else says so.

    >>> looks_secret("aws_secret_access_key"), looks_secret("db-password"), looks_secret("token_column")
    (True, True, False)
    """
    return _SECRET_NAME.search(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)) is not None


def masked(name: str, value: object) -> object:
    """``value`` as it may be shown under ``name``: whatever in it is called like a secret is masked, however deep.

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
    """A string that nobody sees by accident.

    It is masked wherever text is made of it; only :meth:`reveal` gives it away. Made from a literal
    (``Secret("...")``) or from a reference (``Secret.parse("${env:PGPASSWORD}")``), which is resolved at each
    ``reveal()``, not before. Pickles carry the reference without its default, never a value: a literal can't be
    revealed on the other side.

    Two are equal if they were made from the same literal or the same reference; nothing is resolved for that. All
    have the same hash, which therefore says nothing. Immutable and safe between threads.

    >>> password = Secret("hunter2")
    >>> print(password, repr(password), f"{password:>10}")
    ******** ********   ********
    >>> password.reveal()
    'hunter2'
    """

    __slots__ = ("_template", "_value")
    # A function and not the string, so that nothing that walks attributes prints it.
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
        """What it is resolved from; empty for a literal."""
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
        return hmac.compare_digest(
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
        return _unpickled, (None if self._template is None else self._template.without_defaults().text,)


def _lost() -> str:
    raise ConfigError(
        "this secret was written into the config as it is, and such a secret does not travel to another process; "
        "use a reference such as ${env:NAME} or ${file:PATH}, which is resolved there"
    )


def _unpickled(text: str | None) -> Secret:
    if text is not None:
        return Secret.parse(text)
    made = Secret("")
    object.__setattr__(made, "_value", _lost)
    return made
