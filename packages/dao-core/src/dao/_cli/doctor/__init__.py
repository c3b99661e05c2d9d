"""The checks of ``dao doctor``: the environment, the plugins, the catalog, and every store in it."""
