"""Every error that DAO raises, drawn as one tree.

    DaoError
      ConfigError                 a config's faults, all at once, each with its path
      PluginError                 a plugin that is missing, broken or registered twice
      RoutingError
        NoRouteError              no interface method fits the call; one reason per candidate
        AmbiguousRouteError       two interface methods fit it equally well
      DataError                   the data or an argument handed in is not usable
      StoreError                  the store refused, or what it holds can't be read
        NotFoundError             also FileNotFoundError
        AlreadyExistsError        also FileExistsError
        PermissionDeniedError     also PermissionError
        ConflictError             someone else committed first
        UnsupportedError          the store or format can't do that, also NotImplementedError
        TransientError            retries are exhausted; may be tried again as it stands

A message says what was asked, what was found and what would have worked. It never holds a secret.
Every error says which action, object, store and interface it is about. All can be pickled, so that they travel between
processes whole.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

from attrs import frozen

__all__ = [
    "AlreadyExistsError",
    "AmbiguousRouteError",
    "ConfigError",
    "ConflictError",
    "DaoError",
    "DataError",
    "Fault",
    "NoRouteError",
    "NotFoundError",
    "PermissionDeniedError",
    "PluginError",
    "RoutingError",
    "StoreError",
    "TransientError",
    "UnsupportedError",
    "did_you_mean",
]


def did_you_mean(wrong: str, known: Iterable[str], most: int = 12) -> str:
    """The end of a message about an unknown name: the nearest known names, else ``most`` of them.

    >>> did_you_mean("formt", ["format", "prefix"])
    "did you mean 'format'?"
    >>> did_you_mean("ID", ["id", "idle"])
    "did you mean 'id'?"
    >>> did_you_mean("x", ["format", "prefix"])
    "known: 'format', 'prefix'"
    >>> did_you_mean("x", [])
    'none are known'
    >>> did_you_mean("x", ["format", "prefix"], most=1)
    "known: 'format' and 1 more"
    """
    from difflib import get_close_matches

    names = sorted(set(known))
    twins = [name for name in names if name.casefold() == wrong.casefold()]
    near = twins or get_close_matches(wrong, names, n=3, cutoff=0.6)
    if near:
        return f"did you mean {' or '.join(map(repr, near))}?"
    if not names:
        return "none are known"
    shown = ", ".join(map(repr, names[:most]))
    return f"known: {shown}" + (f" and {len(names) - most} more" if len(names) > most else "")


class DaoError(Exception):
    """The root of the tree: catch this to catch whatever DAO raises on purpose.

    Attributes:
        action: the action that was asked for, such as ``read``.
        data_object: the object's full name, ``store.object``.
        store: the store's name.
        interface: the name of the interface that was at work; None where the call didn't get that far.
        hook: the plugin whose ``dao_before_action`` stopped the action, where one did.

    DAO fills them in, as far as known, while the error propagates; the code that raises it only gives the message.
    Outside of an action, as when a catalog is loaded, they are None. ``str()`` puts them before the message. It has no
    lone surrogates, which can't be printed: they are escaped.
    """

    def __init__(
        self,
        message: str = "",
        *,
        action: str | None = None,
        data_object: str | None = None,
        store: str | None = None,
        interface: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.action = action
        self.data_object = data_object
        self.store = store
        self.interface = interface
        self.hook: str | None = None

    def about(
        self, action: str, data_object: str | None, store: str | None = None, interface: str | None = None
    ) -> Self:
        """Fill in what the error is about, unless set already: the call nearest to the fault knows best."""
        if self.action is None:
            self.action, self.data_object, self.store, self.interface = action, data_object, store, interface
        return self

    def __str__(self) -> str:
        if self.action is None:
            return _printable(self._said())
        subject = self.data_object or self.store
        by = f" by {self.interface}" if self.interface else ""
        by = f" stopped by a hook of plugin {self.hook!r}" if self.hook else by
        return _printable(f"{self.action}{f' {subject!r}' if subject else ''}{by}: {self._said()}")

    def _said(self) -> str:
        return self.message

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in the place of the traceback."""
        from dao._traces import notebook_lines

        return notebook_lines(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.args), self.__dict__


def _printable(text: str) -> str:
    """Escape lone surrogates, such as those of a name that was not text: no terminal, log or file takes them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def _rebuild(kind: type[DaoError], args: tuple[Any, ...]) -> DaoError:
    return kind(*args)


@frozen
class Fault:
    """One fault of a config: what is wrong, and where in the user's own file.

    Attributes:
        path: where, as a dotted path from the top of the config, such as ``bronze.options.root``; empty for the whole.
        message: what was found there and what would have worked.
    """

    path: str
    message: str

    def __str__(self) -> str:
        return _printable(f"{self.message} @ {self.path}" if self.path else self.message)


class ConfigError(DaoError):
    """A config can't be used. Holds every fault found, not only the first.

    Attributes:
        faults: the faults, in the order of the file.
        source: what was read: a file's path, or ``dict``.
    """

    def __init__(self, faults: Iterable[Fault] | str, source: str = "") -> None:
        self.faults = (Fault("", faults),) if isinstance(faults, str) else tuple(faults)
        self.source = source
        super().__init__()
        self.args = (self.faults, source)
        self.message = self._said()

    def _said(self) -> str:
        where = f" in {self.source}" if self.source else ""
        if len(self.faults) == 1:
            return f"{self.faults[0]}{where}"
        lines = "".join(f"\n  {fault}" for fault in self.faults)
        return f"{len(self.faults)} faults{where}:{lines}"


class PluginError(DaoError):
    """A plugin is missing, broken (the cause is kept) or registered twice; or a class is no interface."""


class RoutingError(DaoError):
    """No single interface method could be chosen for a call."""


class NoRouteError(RoutingError):
    """No interface method fits the call; the message has one line per candidate with its reason."""


class AmbiguousRouteError(RoutingError):
    """Two interface methods fit the call equally well; the message names both."""


class DataError(DaoError):
    """The data or an argument handed in can't be used: wrong schema, null or duplicate keys, a bad predicate."""


class StoreError(DaoError):
    """The store refused, or what it holds can't be read. The driver's own error is the ``__cause__``."""


class NotFoundError(StoreError, FileNotFoundError):
    """What was asked for is not there."""


class AlreadyExistsError(StoreError, FileExistsError):
    """What was to be created is already there. Nothing was changed."""


class PermissionDeniedError(StoreError, PermissionError):
    """The store knows who asks and says no, or the credentials are wrong or expired."""


class ConflictError(StoreError):
    """Someone else committed first. Nothing of this call was kept."""


class UnsupportedError(StoreError, NotImplementedError):
    """The store or the format can't do what was asked; nothing was changed."""


class TransientError(StoreError):
    """The store did not answer as it should within the retries. The call may be made again as it stands."""
