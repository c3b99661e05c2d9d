"""From a config's options to an interface: every option checked against the class, all faults at once.

The fields of an attrs class, or the parameters of any other class, are its options. Values are taken as they are
written: ``"yes"`` is no ``bool``, ``"8"`` is no ``int``, ``1`` is no ``str``, and an ``int`` does for a ``float``. Only
a value that comes out of references (``${env:PORT}``), which is always text, is read as the number, truth
value (``true``, ``false``, ``1``, ``0``) or enum member that the field asks for. A field of type
:class:`~dao.secrets.Secret` takes a string, with or without references. A field of
type :class:`~pathlib.Path` or :data:`Folder` is a place: ``~`` is the home, and a relative one starts where the
config's file is. A field with a converter of its own gets the value as it stands. A type that can't be resolved here,
because its library is not installed, takes anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dao.lazy import door

if TYPE_CHECKING:
    from dao.options._build import build, check, guarded_options
    from dao.options._checks import Validator, described, matching, number, one_of, refuse
    from dao.options._places import Folder, absolute_place
    from dao.options._signature import option_types

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
    __getattr__, __dir__ = door(
        __name__,
        {
            "Folder": "dao.options._places",
            "Validator": "dao.options._checks",
            "absolute_place": "dao.options._places",
            "build": "dao.options._build",
            "check": "dao.options._build",
            "described": "dao.options._checks",
            "guarded_options": "dao.options._build",
            "matching": "dao.options._checks",
            "number": "dao.options._checks",
            "one_of": "dao.options._checks",
            "option_types": "dao.options._signature",
            "refuse": "dao.options._checks",
        },
    )
