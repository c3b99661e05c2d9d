"""Translates storage settings of objects to obstore's; settings that a store can't keep are refused, never dropped."""

from __future__ import annotations

import re
from typing import TypedDict

from attrs import evolve

from dao.errors import UnsupportedError
from dao_files.manifest import ObjectSettings, without_mark

__all__ = ["Wanted", "plain_name", "translate_settings", "with_defaults"]

_TAGGED = ("s3", "az")
_CLASSED = ("s3", "gs", "az")

_NO_IDENTIFIER = re.compile(r"[^a-z0-9_]|^[0-9]")
_ESCAPED = re.compile(r"_([0-9a-f]{2})_")


class Wanted(TypedDict, total=False):
    """Arguments of obstore's ``put`` and ``open_writer``."""

    attributes: dict[str, str]
    tags: dict[str, str]


def with_defaults(settings: ObjectSettings | None, defaults: ObjectSettings) -> ObjectSettings:
    """Settings of one object, with the store's where it has none of its own."""
    if settings is None:
        return defaults
    return evolve(
        settings,
        metadata={**defaults.metadata, **settings.metadata},
        tags={**defaults.tags, **settings.tags},
        content_type=settings.content_type or defaults.content_type,
        storage_class=settings.storage_class or defaults.storage_class,
        acl=settings.acl or defaults.acl,
    )


def translate_settings(settings: ObjectSettings, scheme: str) -> Wanted:
    """The arguments for a write.

    Raises:
        UnsupportedError: this kind of store can't keep one of them.
    """
    if scheme == "file":
        return _translate_in_folder(settings)
    if settings.acl is not None:
        raise UnsupportedError(f"acl: {scheme}:// takes none through obstore; interface: s3 can")
    if settings.tags and scheme not in _TAGGED:
        raise UnsupportedError(f"tags: a {scheme}:// store keeps none")
    if settings.storage_class is not None and scheme not in _CLASSED:
        raise UnsupportedError(f"storage_class: a {scheme}:// store has none")
    named = {name if scheme != "az" else _azure_name(name): value for name, value in settings.metadata.items()}
    if settings.content_type is not None:
        named["Content-Type"] = settings.content_type
    if settings.storage_class is not None:
        named["Storage-Class"] = settings.storage_class
    found: Wanted = {}
    if named:
        found["attributes"] = named
    if settings.tags:
        found["tags"] = dict(settings.tags)
    return found


def _translate_in_folder(settings: ObjectSettings) -> Wanted:
    # The mark by which a write knows its own success is of no use where no answer can get lost.
    given = {
        "metadata": without_mark(settings.metadata),
        "tags": settings.tags,
        "content_type": settings.content_type,
        "storage_class": settings.storage_class,
        "acl": settings.acl,
    }
    for name, value in given.items():
        if value:
            raise UnsupportedError(f"{name}: a folder keeps the content of files alone")
    return {}


def _azure_name(name: str) -> str:
    """A metadata name as Azure takes it, which wants identifiers: ``dao-write`` is ``dao_2d_write``."""
    if _ESCAPED.search(name):
        raise UnsupportedError(f"metadata: the name {name!r} can't be kept on Azure: it looks like an escaped one")
    return _NO_IDENTIFIER.sub(lambda letter: f"_{ord(letter[0]):02x}_", name)


def plain_name(name: str) -> str:
    """The name that :func:`translate_settings` made an Azure name of.

    >>> plain_name("dao_2d_write")
    'dao-write'
    """
    return _ESCAPED.sub(lambda code: chr(int(code[1], 16)), name)
