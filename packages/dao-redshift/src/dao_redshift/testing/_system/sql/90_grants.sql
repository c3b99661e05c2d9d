-- Views show what is there to every role, as Redshift's do.

GRANT SELECT ON ALL TABLES IN SCHEMA _dao_redshift TO PUBLIC;

GRANT SELECT ON ALL TABLES IN SCHEMA _dao_information_schema TO PUBLIC;
