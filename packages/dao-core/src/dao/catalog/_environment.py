"""Which files are the catalog where a program names none: those of the environment, else of the working directory."""

from __future__ import annotations

import os
from pathlib import Path

from dao.errors import ConfigError

__all__ = ["VARIABLE", "environment_files"]

VARIABLE = "DAO_CATALOG"
"""The environment variable that names the catalog's files, separated as in PATH."""

_DEFAULTS = ("catalog.yaml", "catalog.yml", "catalog.json", "catalog.toml")


def environment_files(way: str) -> tuple[str, ...]:
    """The catalog's files, the base first.

    Args:
        way: how else they can be named, for messages: ``--catalog FILE``.

    Raises:
        ConfigError: there are none, or the working directory has several catalogs.
    """
    named = tuple(filter(None, os.environ.get(VARIABLE, "").split(os.pathsep)))
    if named:
        return named
    here = [name for name in _DEFAULTS if Path(name).is_file()]
    if len(here) > 1:
        raise ConfigError(f"there are {' and '.join(here)} in the working directory: say which, with {way}")
    if not here:
        raise ConfigError(
            f"no catalog was found. Name one with {way} (several times for a base and its overlays), "
            f"or in the environment variable {VARIABLE}, or have a {_DEFAULTS[0]} (or .yml, .json, .toml) "
            "in the working directory"
        )
    return (here[0],)
