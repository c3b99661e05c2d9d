"""The statements that are Redshift's own: COPY, UNLOAD, tables with their distribution, errors of loads."""
