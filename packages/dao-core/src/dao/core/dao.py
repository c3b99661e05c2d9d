"""The same as ``from dao import DataAccessObject``."""

from dao._core.dao import DataAccessObject

__all__ = ["DataAccessObject"]
