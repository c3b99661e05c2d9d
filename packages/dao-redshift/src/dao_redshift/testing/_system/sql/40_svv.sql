-- SVV views and PG_TABLE_DEF; columns as the pages of the Database Developer Guide list them (docs.aws.amazon.com/redshift/latest/dg).

CREATE VIEW _dao_redshift.pg_table_def AS
SELECT schema_name AS schemaname, table_name AS tablename, column_name AS "column", type, encoding, is_distkey AS distkey,
       sortkey, is_not_null AS "notnull"
FROM _dao_redshift.columns_shown
WHERE kind IN ('r', 'p') AND schema_name = ANY (pg_catalog.current_schemas(true))
ORDER BY schema_name, table_name, ordinal_position;

CREATE VIEW _dao_redshift.svv_tables AS
SELECT current_database()::text AS table_catalog, schema_name::text AS table_schema, table_name::text,
       CASE WHEN kind IN ('v', 'm') THEN 'VIEW' WHEN schema_name ~ '^pg_temp_' THEN 'LOCAL TEMPORARY' ELSE 'BASE TABLE' END AS table_type,
       remarks
FROM _dao_redshift.tables_shown;

CREATE VIEW _dao_redshift.svv_columns AS
SELECT current_database()::text AS table_catalog, schema_name::text AS table_schema, table_name::text, column_name::text,
       ordinal_position, column_default::text, CASE WHEN is_not_null THEN 'NO' ELSE 'YES' END AS is_nullable, data_type,
       max_length AS character_maximum_length, precision AS numeric_precision,
       CASE WHEN data_type = 'numeric' THEN 10 WHEN precision IS NOT NULL THEN 2 END AS numeric_precision_radix,
       scale AS numeric_scale, CASE WHEN data_type ~ '^time' THEN 6 END AS datetime_precision, NULL::text AS interval_type,
       NULL::text AS interval_precision, NULL::text AS character_set_catalog, NULL::text AS character_set_schema,
       NULL::text AS character_set_name, NULL::text AS collation_catalog, NULL::text AS collation_schema, NULL::text AS collation_name,
       NULL::text AS domain_name, remarks
FROM _dao_redshift.columns_shown;

CREATE VIEW _dao_redshift.svv_redshift_columns AS
SELECT current_database()::text AS database_name, schema_name::text, table_name::text, column_name::text, ordinal_position,
       data_type, column_default::text, CASE WHEN is_not_null THEN 'NO' ELSE 'YES' END AS is_nullable, encoding,
       is_distkey AS distkey, sortkey, NULL::text AS column_acl, remarks
FROM _dao_redshift.columns_shown;

CREATE VIEW _dao_redshift.svv_all_columns AS
SELECT current_database()::text AS database_name, schema_name::text, table_name::text, column_name::text, ordinal_position,
       column_default::text, CASE WHEN is_not_null THEN 'NO' ELSE 'YES' END AS is_nullable, data_type,
       max_length AS character_maximum_length, precision AS numeric_precision, scale AS numeric_scale, remarks
FROM _dao_redshift.columns_shown;

CREATE VIEW _dao_redshift.svv_redshift_tables AS
SELECT current_database()::text AS database_name, schema_name::text, table_name::text,
       CASE WHEN kind IN ('v', 'm') THEN 'VIEW' ELSE 'TABLE' END AS table_type, acl AS table_acl, remarks, owner::text AS table_owner
FROM _dao_redshift.tables_shown;

CREATE VIEW _dao_redshift.svv_all_tables AS
SELECT database_name, schema_name, table_name, table_acl, table_type, remarks, table_owner AS owner
FROM _dao_redshift.svv_redshift_tables;

CREATE VIEW _dao_redshift.svv_redshift_schemas AS
SELECT current_database()::text AS database_name, nspname::text AS schema_name, nspowner::integer AS schema_owner,
       'local'::text AS schema_type, array_to_string(nspacl, ',') AS schema_acl, NULL::text AS schema_option
FROM _dao_redshift.pg_namespace WHERE nspname <> 'pg_toast' AND nspname !~ '^pg_(toast_)?temp_';

CREATE VIEW _dao_redshift.svv_all_schemas AS
SELECT database_name, schema_name, schema_owner, schema_type, schema_acl, NULL::text AS source_database, schema_option
FROM _dao_redshift.svv_redshift_schemas;

CREATE VIEW _dao_redshift.svv_redshift_databases AS
SELECT datname::text AS database_name, datdba::integer AS database_owner, 'local'::text AS database_type,
       array_to_string(datacl, ',') AS database_acl, NULL::text AS database_options, 'Serializable'::text AS database_isolation_level
FROM pg_catalog.pg_database WHERE NOT datistemplate;

CREATE VIEW _dao_redshift.svv_external_schemas AS
SELECT NULL::oid AS esoid, NULL::smallint AS eskind, NULL::name AS schemaname, NULL::integer AS esowner, NULL::text AS databasename,
       NULL::text AS esoptions WHERE false;

CREATE VIEW _dao_redshift.svv_external_databases AS
SELECT NULL::integer AS eskind, NULL::text AS esoptions, NULL::text AS databasename, NULL::text AS location, NULL::text AS parameters
WHERE false;

CREATE VIEW _dao_redshift.svv_external_tables AS
SELECT NULL::text AS redshift_database_name, NULL::text AS schemaname, NULL::text AS tablename, NULL::text AS tabletype,
       NULL::text AS location, NULL::text AS input_format, NULL::text AS output_format, NULL::text AS serialization_lib,
       NULL::text AS serde_parameters, NULL::integer AS compressed, NULL::text AS parameters WHERE false;

CREATE VIEW _dao_redshift.svv_external_columns AS
SELECT NULL::text AS redshift_database_name, NULL::text AS schemaname, NULL::text AS tablename, NULL::text AS columnname,
       NULL::text AS external_type, NULL::integer AS columnnum, NULL::integer AS part_key, NULL::text AS is_nullable WHERE false;

CREATE FUNCTION _dao_redshift.row_count(table_id regclass) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    counted bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %s', table_id) INTO counted;
    RETURN counted;
END
$$;

CREATE VIEW _dao_redshift.svv_table_info AS
SELECT current_database()::text AS database, schema_name::text AS schema, table_id, table_name::text AS "table",
       CASE WHEN encodings = '{}' THEN 'Y, AUTO(ENCODE)' WHEN c.encoded THEN 'Y' ELSE 'N' END AS encoded,
       CASE diststyle WHEN 'KEY' THEN format('KEY(%s)', distkey) WHEN 'AUTO' THEN 'AUTO(ALL)' ELSE diststyle END AS diststyle,
       coalesce(sortkeys[1], CASE sortstyle WHEN 'AUTO' THEN 'AUTO(SORTKEY)' END) AS sortkey1, c.max_varchar,
       c.sortkey1_enc::character(32), cardinality(sortkeys) AS sortkey_num,
       (pg_catalog.pg_relation_size(table_id) / 1048576 + 1)::bigint AS size, 0::numeric(10, 4) AS pct_used, 0::bigint AS empty,
       CASE WHEN cardinality(sortkeys) > 0 THEN 0::numeric(5, 2) END AS unsorted, 0::numeric(5, 2) AS stats_off,
       r.rows::numeric(38, 0) AS tbl_rows, CASE WHEN cardinality(sortkeys) > 0 THEN 1::numeric(19, 2) END AS skew_sortkey1,
       1::numeric(19, 2) AS skew_rows, r.rows::numeric(38, 0) AS estimated_visible_rows, NULL::text AS risk_event,
       0::numeric(12, 2) AS vacuum_sort_benefit, NULL::timestamp AS create_time
FROM _dao_redshift.tables_shown t
CROSS JOIN LATERAL (
    SELECT max(max_length) FILTER (WHERE data_type = 'character varying') AS max_varchar, bool_or(encoding <> 'none') AS encoded,
           max(encoding) FILTER (WHERE abs(sortkey) = 1) AS sortkey1_enc
    FROM _dao_redshift.columns_shown s WHERE s.table_id = t.table_id) c
CROSS JOIN LATERAL (SELECT _dao_redshift.row_count(t.table_id) AS rows) r
WHERE NOT is_system AND kind IN ('r', 'p') AND r.rows > 0;

CREATE VIEW _dao_redshift.stv_slices AS
SELECT n / 2 AS node, n AS slice, n % 2 AS localslice, 'D'::character(1) AS type FROM generate_series(0, 1) n;
