"""Catalogs: a project's stores and objects, declared in a mapping or in JSON, YAML and TOML files."""

from dao.catalog.catalog import Catalog

__all__ = ["Catalog"]
