"""References to values outside a config: ``${env:NAME}``, ``${file:/run/secrets/x}``.

A *reference* is ``${scheme:argument}``, or ``${scheme:argument:-default}`` as in a shell: the default is used if
the value is missing or empty. References may occur anywhere in a string; ``$${`` is a literal ``${``. A reference
inside a reference is refused, and a value that is itself a reference is refused too, so nothing can loop.

The schemes ``env`` and ``file`` are built in, :func:`register_scheme` adds more.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from attrs import evolve, frozen

from dao.errors import ConfigError, DaoError, did_you_mean

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "BUILT_IN_SCHEMES",
    "MASK",
    "Interpolated",
    "Reference",
    "SchemeResolver",
    "Template",
    "check_schemes",
    "interpolated",
    "register_scheme",
    "register_scheme_source",
    "scheme_names",
]

MASK: Final = "********"

SchemeResolver = Callable[[str], str]
"""Returns the value for a reference's argument; raises ``LookupError`` if there is none, so that a default applies."""

_MAX_FILE = 1024 * 1024  # no secret is larger, and /dev/zero must not exhaust memory
_TOKEN = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")
_REFERENCE = re.compile(r"([A-Za-z][A-Za-z0-9_.+-]*):(.+?)(?::-(.*))?", re.DOTALL)


def _from_env(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise LookupError(f"the environment variable {name!r} is not set")
    return value


def _from_file(argument: str) -> str:
    from pathlib import Path

    path = Path(argument).expanduser()
    problem = ""
    content = b""
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_FILE + 1)
    except FileNotFoundError:
        raise LookupError(f"there is no file {str(path)!r}") from None
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or str(error)
    if problem:
        raise ConfigError(f"the file {str(path)!r} can't be read: {problem}")
    if len(content) > _MAX_FILE:
        raise ConfigError(f"the file {str(path)!r} is larger than {_MAX_FILE:,} bytes, which no secret is")
    text = _decode(content)
    if text is None:
        raise ConfigError(f"the file {str(path)!r} is not UTF-8 text")
    return text.removesuffix("\n").removesuffix("\r")


def _decode(content: bytes) -> str | None:
    # A UnicodeDecodeError carries the bytes: it must not become another error's context.
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return None


BUILT_IN_SCHEMES: Mapping[str, SchemeResolver] = MappingProxyType({"env": _from_env, "file": _from_file})
"""The built-in schemes."""

_schemes: dict[str, SchemeResolver] = dict(BUILT_IN_SCHEMES)
_sources: list[Callable[[], Mapping[str, SchemeResolver]]] = []
_doubts: list[Callable[[], bool]] = []


def register_scheme(name: str, resolver: SchemeResolver) -> None:
    """Resolve ``${name:argument}`` by ``resolver(argument) -> str``. The last registration wins.

    The resolver is called each time a value is needed, so that rotated secrets take effect; a slow one should cache.
    It raises ``LookupError`` if there is no such value. Its error messages must not contain the value.
    """
    _schemes[name] = resolver


def register_scheme_source(
    source: Callable[[], Mapping[str, SchemeResolver]], is_incomplete: Callable[[], bool] = lambda: False
) -> None:
    """Look up unregistered schemes by ``source()``, which is how plugins provide theirs.

    If ``is_incomplete()``, the source may lack schemes that it should provide: unknown schemes are then not a fault.
    """
    _sources.append(source)
    _doubts.append(is_incomplete)


def _resolver_of(scheme: str) -> SchemeResolver | None:
    found = _schemes.get(scheme)
    for source in _sources if found is None else ():
        found = found or source().get(scheme)
    return found


def scheme_names() -> tuple[str, ...]:
    """The schemes that can be resolved now, sorted."""
    return tuple(sorted({*_schemes, *(name for source in _sources for name in source())}))


def check_schemes(template: Template) -> None:
    """Refuse an unknown scheme that is close to a known one.

    Other unknown schemes pass: their plugin may be installed where the value is needed.

    Raises:
        ConfigError: names the nearest known scheme.
    """
    for reference in template.references:
        if reference.scheme not in _schemes and _resolver_of(reference.scheme) is None:
            hint = did_you_mean(reference.scheme, scheme_names())
            if hint.startswith("did you mean") and not any(is_incomplete() for is_incomplete in _doubts):
                raise ConfigError(f"no scheme {reference.scheme!r} for {reference}, {hint}")


@frozen
class Reference:
    """One ``${scheme:argument:-default}``. Its text form masks the default, which may be a secret."""

    scheme: str
    argument: str
    default: str | None = None

    def __str__(self) -> str:
        return "${" + self.scheme + ":" + self.argument + ("" if self.default is None else ":-" + MASK) + "}"

    __repr__ = __str__

    @property
    def text(self) -> str:
        """The reference as written in a config, including its default."""
        return "${" + self.scheme + ":" + self.argument + ("" if self.default is None else ":-" + self.default) + "}"

    def resolve(self) -> str:
        """Resolve the current value.

        Raises:
            ConfigError: the scheme is unknown, there is neither value nor default, or the value is itself a reference.
        """
        resolver = _resolver_of(self.scheme)
        if resolver is None:
            raise ConfigError(f"no scheme {self.scheme!r} for {self}, {did_you_mean(self.scheme, scheme_names())}")
        value, missing = self._ask(resolver)
        if not value and self.default is not None:
            return self.default
        if value is None:
            raise ConfigError(f"{self} has no value: {missing}; set it, or give a default: {self.hint}")
        if any(f"${{{scheme}:" in value for scheme in scheme_names()):
            raise ConfigError(f"the value of {self} holds a reference itself, which is not followed: it could loop")
        return value

    def _ask(self, resolver: SchemeResolver) -> tuple[str | None, str]:
        try:
            value = resolver(self.argument)
        except LookupError as error:
            return None, str(error.args[0]) if error.args else "not found"
        except DaoError:
            raise
        except Exception as error:
            raise ConfigError(f"{self} can't be resolved: {type(error).__name__}") from error
        if not isinstance(value, str):
            raise ConfigError(f"the scheme {self.scheme!r} gave {type(value).__name__} for {self}, not str")
        return value, ""

    @property
    def hint(self) -> str:
        """The reference with a placeholder for a default, for messages."""
        return "${" + self.scheme + ":" + self.argument + ":-...}"


@frozen
class Template:
    """A string with references in it, parsed: literal text and :class:`Reference` in turn.

    >>> Template.parse("s3://${env:BUCKET:-dev}/x").references
    (${env:BUCKET:-********},)
    >>> Template.parse("$${env:HOME} stays").resolve()
    '${env:HOME} stays'
    """

    parts: tuple[str | Reference, ...]

    @classmethod
    def parse(cls, text: str) -> Template:
        """Parse ``text``.

        Raises:
            ConfigError: a reference that is not closed, is nested, or has no scheme.
        """
        parts: list[str | Reference] = []
        literal = ""
        end = 0
        for token in _TOKEN.finditer(text):
            literal += text[end : token.start()]
            end = token.end()
            if token[0] == "$${":
                literal += "${"
                continue
            if literal:
                parts.append(literal)
                literal = ""
            parts.append(_reference(token[1]))
        literal += text[end:]
        if literal:
            parts.append(literal)
        return cls(tuple(parts))

    @property
    def references(self) -> tuple[Reference, ...]:
        """The references in it; empty for a plain string."""
        return tuple(part for part in self.parts if isinstance(part, Reference))

    def resolve(self) -> str:
        """The string with every reference replaced by its current value.

        Raises:
            ConfigError: see :meth:`Reference.resolve`.
        """
        return "".join(part if isinstance(part, str) else part.resolve() for part in self.parts)

    def __str__(self) -> str:
        return self._written(str)

    __repr__ = __str__

    @property
    def text(self) -> str:
        """As it is written in a config: ``Template.parse(template.text) == template``."""
        return self._written(lambda reference: reference.text)

    def _written(self, spell: Callable[[Reference], str]) -> str:
        return "".join(part.replace("${", "$${") if isinstance(part, str) else spell(part) for part in self.parts)

    def map_text(self, change: Callable[[str], str]) -> Template:
        """Apply ``change`` to each literal part; its results are never parsed as references."""
        return Template(tuple(change(part) if isinstance(part, str) else part for part in self.parts))

    def without_defaults(self) -> Template:
        """A copy without defaults."""
        return Template(tuple(part if isinstance(part, str) else evolve(part, default=None) for part in self.parts))

    def rebased(self, folder: Path) -> Template:
        """A copy with relative ``${file:...}`` paths made absolute, relative to ``folder``."""
        return Template(tuple(part if isinstance(part, str) else _rebase(part, folder) for part in self.parts))


def _reference(inside: str | None) -> Reference:
    if inside is None:
        raise ConfigError(
            "a '${' that is nested or not closed: references can't hold references; write '$${' for a literal '${'"
        )
    found = _REFERENCE.fullmatch(inside)
    if found is None:
        # The content is not shown: a password may contain '${'.
        raise ConfigError("a '${...}' without a scheme: write ${env:NAME} or ${file:PATH}, or '$${' for a literal '${'")
    return Reference(found[1], found[2], found[3])


def _rebase(reference: Reference, folder: Path) -> Reference:
    if reference.scheme != "file" or reference.argument.startswith("~"):
        return reference
    return evolve(reference, argument=str(folder / reference.argument))


class Interpolated(str):
    """A plain string resolved from references: its value is the resolved one, but its repr shows the references.

    Pickles carry the references and resolve them again when loaded.
    """

    __slots__ = ("template",)
    template: Template

    def __new__(cls, template: Template) -> Interpolated:
        made = super().__new__(cls, template.resolve())
        made.template = template
        return made

    def __repr__(self) -> str:
        return repr(str(self.template))

    def __reduce__(self) -> tuple[Callable[[str], Interpolated], tuple[str]]:
        return _interpolate_again, (self.template.text,)


def _interpolate_again(text: str) -> Interpolated:
    return Interpolated(Template.parse(text))


def interpolated(text: str) -> str:
    """Resolve the references in ``text``; returns the same string if there are none.

    Raises:
        ConfigError: a malformed reference, or one without a value.
    """
    if "${" not in text:
        return text
    template = Template.parse(text)
    return Interpolated(template) if template.references else template.resolve()
