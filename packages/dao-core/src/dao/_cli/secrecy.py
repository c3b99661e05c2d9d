"""Masks every secret of the catalog in messages, wherever the message comes from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dao.secrets import MASK, Secret, secrets_in

if TYPE_CHECKING:
    from dao.catalog import Catalog

__all__ = ["secrets_of", "without_secrets"]

_SHORTEST = 4
"""Masking shorter texts would only garble messages."""

_AT_HAND = {"env", "file"}
"""Schemes that resolve instantly; others might query a service, which a message doesn't justify."""


def without_secrets(text: str, catalog: Catalog | None) -> str:
    """``text`` with every value of a secret of the catalog masked."""
    if catalog is None:
        return text
    values = {value for _, secret in secrets_of(catalog) for value in _values(secret) if len(value) >= _SHORTEST}
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, MASK)
    return text


def _values(secret: Secret) -> Iterator[str]:
    if all(reference.scheme in _AT_HAND for reference in secret.references):
        try:
            yield secret.reveal()
        except Exception:  # a secret without a value can't leak
            return


def secrets_of(catalog: Catalog) -> Iterator[tuple[str, Secret]]:
    """Every secret among the options and properties of a catalog's stores, with its path."""
    for name in catalog.stores:
        try:
            store = catalog.store(name)
        except Exception:  # its references have no value, so it was never used
            continue
        for spec in store.specs:
            yield from secrets_in(spec.options, spec.path or name)
        yield from secrets_in(store.properties, f"{name}.properties")
