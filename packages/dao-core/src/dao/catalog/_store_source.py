"""Stores that somebody else knows of, as a source of a catalog."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from dao.data_store import DataStore
from dao.interface import InterfaceSpec

__all__ = ["StoreSource"]


class StoreSource(Mapping[str, DataStore]):
    """Stores by name that somebody else knows of, such as a metastore: a source of a :class:`~dao.catalog.Catalog`.

    A look-up asks for one store, iteration for the names of all; nothing is asked before. A store's ``objects`` may be
    a mapping that asks in the same way. Safe between threads. Pickles carry neither secrets nor connections.
    """

    @property
    @abstractmethod
    def label(self) -> str:
        """What messages call it."""

    @abstractmethod
    def at_hand(self) -> Sequence[DataStore]:
        """The stores that are made already; nobody is asked for more."""

    def specs_at_hand(self) -> dict[str, Sequence[InterfaceSpec]]:
        """The interfaces of the stores that are known already, by the stores' names; nobody is asked, no store made."""
        return {store.name: store.specs for store in self.at_hand()}

    def names_at_hand(self) -> list[str]:
        """The full names of the objects of those stores, and their name patterns."""
        return [f"{store.name}.{name}" for store in self.at_hand() for name in store.declared_names]

    @abstractmethod
    def __getitem__(self, name: str) -> DataStore:
        """The store of a name; the same one each time, as long as nothing about it changes.

        Raises:
            KeyError: there is none.
            StoreError: whoever knows them could not be asked.
        """

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<stores of {self.label}>"
