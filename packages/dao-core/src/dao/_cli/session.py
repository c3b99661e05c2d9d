"""The state of one run of the command: the catalog, and the output format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define

from dao.catalog._environment import environment_files

if TYPE_CHECKING:
    from dao._core.dao import DataAccessObject
    from dao.catalog import Catalog
    from dao.data_object import DataObject

__all__ = ["Session"]


@define
class Session:
    """One run of the command.

    Attributes:
        files: the catalog's files as ``--catalog`` gave them.
        untrusted: the catalog isn't trusted.
        as_json: results are JSON.
        debug: errors show their traceback.
    """

    files: tuple[str, ...] = ()
    untrusted: bool = False
    as_json: bool = False
    debug: bool = False
    _access: DataAccessObject | None = None
    _catalog: Catalog | None = None

    def sources(self) -> tuple[str, ...]:
        """The catalog's files: those of ``--catalog``, else of the environment, else of the working directory.

        Raises:
            ConfigError: there are no such files.
        """
        return self.files or environment_files("--catalog FILE")

    def catalog(self) -> Catalog:
        """The catalog, without a data access object.

        Raises:
            ConfigError: there is no catalog, or it has faults.
        """
        if self._catalog is None:
            from dao.catalog import Catalog

            self._catalog = Catalog(*self.sources(), untrusted=self.untrusted)
        return self._catalog

    def access(self) -> DataAccessObject:
        """The data access object over the catalog; closed at the end of the run.

        Raises:
            ConfigError: there is no catalog, or it has faults.
        """
        if self._access is None:
            from dao._core.dao import DataAccessObject
            from dao.data_store import DataStoreRegistry

            self._access = DataAccessObject(*self.sources(), registry=DataStoreRegistry(), untrusted=self.untrusted)
            self._catalog = self._access.catalog
        return self._access

    def object(self, name: str) -> DataObject:
        """The object of that name.

        Raises:
            ConfigError: no store or no object of that name is declared.
        """
        return self.access().catalog[name]

    def opened(self) -> Catalog | None:
        """The catalog if this run has loaded it."""
        return self._catalog

    def close(self) -> None:
        """Close all open resources."""
        if self._access is not None:
            self._access.close()
