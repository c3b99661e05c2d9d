"""The import paths ``dao.core.dao`` and ``dao.core.plugins``, kept; see ``dao`` and ``dao.plugins``."""
