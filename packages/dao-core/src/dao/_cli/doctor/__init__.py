"""What ``dao doctor`` looks at: the environment, the plugins, the catalog, and every store in it."""
