"""The same as ``dao.plugins``."""

from dao.plugins import Plugins, default_plugins, load_class

__all__ = ["Plugins", "default_plugins", "load_class"]
