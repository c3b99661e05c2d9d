"""Build an interface from a config's options: every option is checked against the class, all faults are reported.

The fields of an attrs class, or the parameters of any other class, are its options. Values are not coerced: ``"yes"``
is no ``bool``, ``"8"`` is no ``int``, ``1`` is no ``str``; only an ``int`` is accepted for a ``float``. A value that
results from references (``${env:PORT}``) is always text, and is parsed as the number, boolean (``true``, ``false``,
``1``, ``0``) or enum member that the field declares. A field of type :class:`~dao.secrets.Secret` accepts a string,
with or without references. A field of type :class:`~pathlib.Path` or :data:`Folder` is a local path: ``~`` is expanded
to the home directory, and a relative path starts in the directory of the config file. A field with a converter receives
the value unchanged. A type that can't be resolved, because its library is not installed, accepts any value.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao.options._build import build, check
    from dao.options._checks import Validator, described, matching, number, one_of, refuse
    from dao.options._guarding import guarded_options
    from dao.options._places import Folder, absolute_place
    from dao.options._signature import option_types

_HOMES = {
    "Folder": "dao.options._places",
    "Validator": "dao.options._checks",
    "absolute_place": "dao.options._places",
    "build": "dao.options._build",
    "check": "dao.options._build",
    "described": "dao.options._checks",
    "guarded_options": "dao.options._guarding",
    "matching": "dao.options._checks",
    "number": "dao.options._checks",
    "one_of": "dao.options._checks",
    "option_types": "dao.options._signature",
    "refuse": "dao.options._checks",
}

__all__ = [
    "Folder",
    "Validator",
    "absolute_place",
    "build",
    "check",
    "described",
    "guarded_options",
    "matching",
    "number",
    "one_of",
    "option_types",
    "refuse",
]

if not TYPE_CHECKING:  # else type checkers let any name pass
    __getattr__, __dir__ = door(__name__, _HOMES)
