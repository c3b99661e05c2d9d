"""Stores from an external service as a source of a catalog."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from dao.data_store import DataStore
from dao.interface import InterfaceSpec

__all__ = ["StoreSource"]


class StoreSource(Mapping[str, DataStore]):
    """Stores by name from an external service, such as a metastore: a source of a :class:`~dao.catalog.Catalog`.

    A look-up queries one store, iteration the names of all; nothing is queried before. A store's ``objects`` may be
    a mapping that queries lazily too. Safe between threads. Pickles carry neither secrets nor connections.
    """

    @property
    @abstractmethod
    def label(self) -> str:
        """Its name in messages."""

    @abstractmethod
    def at_hand(self) -> Sequence[DataStore]:
        """The stores that are cached already; queries nothing."""

    def specs_at_hand(self) -> dict[str, Sequence[InterfaceSpec]]:
        """The interfaces of the stores that are cached already, by store name; queries nothing, creates no store."""
        return {store.name: store.specs for store in self.at_hand()}

    def names_at_hand(self) -> list[str]:
        """The full names of the objects of those stores, and their name patterns."""
        return [f"{store.name}.{name}" for store in self.at_hand() for name in store.declared_names]

    @abstractmethod
    def __getitem__(self, name: str) -> DataStore:
        """The store of a name; the same instance each time, until its definition changes.

        Raises:
            KeyError: no store has that name.
            StoreError: the service could not be queried.
        """

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<stores of {self.label}>"
