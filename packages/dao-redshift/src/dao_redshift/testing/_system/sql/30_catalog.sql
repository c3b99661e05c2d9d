-- PostgreSQL's catalogs as a client of Redshift sees them: without the gateway's schema, with keys that are recorded only,
-- and with Redshift's names of types. The translator puts them in place of those in pg_catalog.

CREATE SCHEMA _dao_information_schema;

GRANT USAGE ON SCHEMA _dao_information_schema TO PUBLIC;

CREATE FUNCTION _dao_redshift.is_hidden(namespace oid) RETURNS boolean
LANGUAGE sql STABLE AS $$
    SELECT namespace IN ('_dao_redshift'::regnamespace, '_dao_redshift_texts'::regnamespace, '_dao_information_schema'::regnamespace)
$$;

CREATE FUNCTION _dao_redshift.catalog_view(catalog text, shown text, replaced jsonb, keys_from text, keys jsonb) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT format('CREATE VIEW _dao_redshift.%I AS SELECT %s FROM pg_catalog.%I c WHERE %s', catalog,
                  string_agg(coalesce(replaced ->> attname || ' AS ' || attname, 'c.' || attname), ', ' ORDER BY attnum), catalog, shown)
        || CASE WHEN keys_from IS NULL THEN '' ELSE format(' UNION ALL SELECT %s FROM %s', string_agg(
            format('(%s)::%s', coalesce(keys ->> attname, 'NULL'), pg_catalog.format_type(atttypid, atttypmod)), ', ' ORDER BY attnum),
            keys_from) END
    FROM pg_catalog.pg_attribute
    WHERE attrelid = ('pg_catalog.' || catalog)::regclass AND attname <> 'attmissingval' AND attnum > 0
$$;

DO $$
DECLARE
    ours constant text := 'c.%s NOT IN (SELECT oid FROM pg_catalog.pg_class WHERE _dao_redshift.is_hidden(relnamespace))';
    named constant text := 'c.schemaname NOT IN (''_dao_redshift'', ''_dao_redshift_texts'', ''_dao_information_schema'')';
    keys constant text := '_dao_redshift.keys k JOIN pg_catalog.pg_class t ON t.oid = k.relid';
    indexes constant text := keys || ' WHERE k.kind IN (''p'', ''u'')';
    columns constant text := keys || ' CROSS JOIN unnest(k.columns) WITH ORDINALITY n (name, number)'
        || ' JOIN pg_catalog.pg_attribute a ON a.attrelid = t.oid AND a.attname = n.name WHERE k.kind IN (''p'', ''u'')';
    numbers constant text := '(SELECT array_agg(a.attnum ORDER BY n.number) FROM unnest(%s) WITH ORDINALITY n (name, number)'
        || ' JOIN pg_catalog.pg_attribute a ON a.attrelid = %s AND a.attname = n.name)';
BEGIN
    EXECUTE _dao_redshift.catalog_view('pg_namespace', 'NOT _dao_redshift.is_hidden(c.oid)', '{}', NULL, '{}');
    EXECUTE _dao_redshift.catalog_view('pg_proc', 'NOT _dao_redshift.is_hidden(c.pronamespace)', '{}', NULL, '{}');
    EXECUTE _dao_redshift.catalog_view('pg_type', 'NOT _dao_redshift.is_hidden(c.typnamespace)',
        '{"typname": "CASE c.oid WHEN 3802 THEN ''super''::name WHEN 17 THEN ''varbyte''::name ELSE c.typname END"}', NULL, '{}');
    EXECUTE _dao_redshift.catalog_view('pg_class', 'NOT _dao_redshift.is_hidden(c.relnamespace) AND c.relkind <> ''S''', '{}', indexes, jsonb_build_object(
        'oid', 'k.id', 'relname', 'k.name', 'relnamespace', 't.relnamespace', 'reltype', '0', 'relowner', 't.relowner',
        'relam', '403', 'relkind', '''i''', 'relnatts', 'cardinality(k.columns)', 'relpersistence', 't.relpersistence',
        'relhasindex', 'false', 'relhastriggers', 'false', 'relisshared', 'false', 'relpages', '0', 'reltuples', '0'));
    EXECUTE _dao_redshift.catalog_view('pg_attribute', format(ours, 'attrelid'), '{}', columns, jsonb_build_object(
        'attrelid', 'k.id', 'attname', 'a.attname', 'atttypid', 'a.atttypid', 'attlen', 'a.attlen', 'attnum', 'n.number',
        'atttypmod', 'a.atttypmod', 'attnotnull', 'false', 'atthasdef', 'false', 'attisdropped', 'false'));
    EXECUTE _dao_redshift.catalog_view('pg_index', format(ours, 'indrelid'), '{}', indexes, jsonb_build_object(
        'indexrelid', 'k.id', 'indrelid', 't.oid', 'indnatts', 'cardinality(k.columns)', 'indnkeyatts', 'cardinality(k.columns)',
        'indisunique', 'true', 'indisprimary', 'k.kind = ''p''', 'indisvalid', 'true', 'indisready', 'true', 'indislive', 'true',
        'indkey', 'array_to_string(' || format(numbers, 'k.columns', 'k.relid') || ', '' '')'));
    EXECUTE _dao_redshift.catalog_view('pg_constraint',
        'c.conname !~ ''^_dao_(bytes_|attributes$)'' AND c.contype <> ''n'' AND NOT _dao_redshift.is_hidden(c.connamespace)', '{}', keys, jsonb_build_object(
        'oid', 'k.id', 'conname', 'k.name', 'connamespace', 't.relnamespace', 'contype', 'k.kind', 'condeferrable', 'false',
        'condeferred', 'false', 'convalidated', 'false', 'conrelid', 't.oid', 'contypid', '0', 'conindid', 'k.id',
        'confrelid', 'coalesce(k.foreign_relid, 0)', 'conkey', format(numbers, 'k.columns', 'k.relid'),
        'confkey', format(numbers, 'k.foreign_columns', 'k.foreign_relid')));
    EXECUTE _dao_redshift.catalog_view('pg_tables', named, '{}', NULL, '{}');
    EXECUTE _dao_redshift.catalog_view('pg_views', named, '{}', NULL, '{}');
    EXECUTE _dao_redshift.catalog_view('pg_indexes', named, '{}',
        'pg_catalog.pg_namespace n JOIN pg_catalog.pg_class t ON t.relnamespace = n.oid JOIN _dao_redshift.keys k ON k.relid = t.oid'
        || ' WHERE k.kind IN (''p'', ''u'')', jsonb_build_object(
        'schemaname', 'n.nspname', 'tablename', 't.relname', 'indexname', 'k.name', 'indexdef',
        'format(''CREATE UNIQUE INDEX %I ON %I.%I USING btree (%s)'', k.name, n.nspname, t.relname, '
        || '(SELECT string_agg(format(''%I'', c), '', '') FROM unnest(k.columns) c))'));
END
$$;

CREATE VIEW _dao_redshift.pg_proc_info AS
SELECT p.oid AS prooid, p.* FROM _dao_redshift.pg_proc p;

CREATE VIEW _dao_redshift.columns_shown AS
SELECT n.nspname AS schema_name, c.relname AS table_name, c.oid AS table_id, c.relkind AS kind,
       a.attname AS column_name, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum)::integer AS ordinal_position,
       _dao_redshift.type_text(a.atttypid, a.atttypmod)
           || CASE WHEN a.atttypid = 'bytea'::regtype THEN format('(%s)', coalesce(t.lengths ->> a.attname, '64000')) ELSE '' END AS type,
       CASE a.atttypid WHEN 'bpchar'::regtype THEN 'character'
            ELSE regexp_replace(_dao_redshift.type_text(a.atttypid, a.atttypmod), '[(][^)]*[)]', '') END AS data_type,
       CASE WHEN a.atttypid IN ('varchar'::regtype, 'text'::regtype) THEN CASE a.atttypmod WHEN -1 THEN 65535 ELSE a.atttypmod - 4 END
            WHEN a.atttypid = 'bpchar'::regtype THEN a.atttypmod - 4
            WHEN a.atttypid = 'bytea'::regtype THEN coalesce((t.lengths ->> a.attname)::integer, 64000) END AS max_length,
       CASE a.atttypid WHEN 'int2'::regtype THEN 16 WHEN 'int4'::regtype THEN 32 WHEN 'int8'::regtype THEN 64
            WHEN 'float4'::regtype THEN 24 WHEN 'float8'::regtype THEN 53
            WHEN 'numeric'::regtype THEN CASE a.atttypmod WHEN -1 THEN 38 ELSE ((a.atttypmod - 4) >> 16) & 65535 END END AS precision,
       CASE WHEN a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype) THEN 0
            WHEN a.atttypid = 'numeric'::regtype THEN CASE a.atttypmod WHEN -1 THEN 0 ELSE (a.atttypmod - 4) & 2047 END END AS scale,
       a.attnotnull AS is_not_null,
       CASE WHEN a.attidentity <> '' THEN format('%s(%s, %s, ''%s,%s''::text)',
                CASE a.attidentity WHEN 'a' THEN '"identity"' ELSE 'default_identity' END, c.oid, a.attnum - 1, s.seqstart, s.seqincrement)
            ELSE pg_catalog.pg_get_expr(d.adbin, d.adrelid) END AS column_default,
       coalesce(t.encodings ->> a.attname, _dao_redshift.default_encoding(a.atttypid, coalesce(a.attname = ANY (t.sortkeys), false))) AS encoding,
       coalesce(a.attname = t.distkey, false) AS is_distkey,
       coalesce(array_position(t.sortkeys, a.attname::text), 0)
           * CASE WHEN t.sortstyle = 'INTERLEAVED' AND array_position(t.sortkeys, a.attname::text) % 2 = 0 THEN -1 ELSE 1 END AS sortkey,
       pg_catalog.col_description(c.oid, a.attnum) AS remarks
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN _dao_redshift.table_attributes t ON t.relid = c.oid
LEFT JOIN pg_catalog.pg_depend p ON p.refobjid = a.attrelid AND p.refobjsubid = a.attnum AND p.deptype = 'i'
    AND p.classid = 'pg_class'::regclass AND a.attidentity <> ''
LEFT JOIN pg_catalog.pg_sequence s ON s.seqrelid = p.objid
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
  AND NOT _dao_redshift.is_hidden(n.oid) AND n.nspname <> 'pg_toast' AND n.nspname !~ '^pg_toast_temp_'
  AND (n.nspname !~ '^pg_temp_' OR c.relnamespace = pg_catalog.pg_my_temp_schema());

CREATE VIEW _dao_redshift.tables_shown AS
SELECT n.nspname AS schema_name, c.relname AS table_name, c.oid AS table_id, c.relkind AS kind,
       n.nspname IN ('pg_catalog', 'information_schema') AS is_system,
       coalesce(t.diststyle, 'AUTO') AS diststyle, t.distkey, coalesce(t.sortstyle, 'AUTO') AS sortstyle,
       coalesce(t.sortkeys, '{}') AS sortkeys, coalesce(t.encodings, '{}') AS encodings,
       array_to_string(c.relacl, ',') AS acl, pg_catalog.pg_get_userbyid(c.relowner) AS owner,
       pg_catalog.obj_description(c.oid, 'pg_class') AS remarks
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN _dao_redshift.table_attributes t ON t.relid = c.oid
WHERE c.relkind IN ('r', 'p', 'v', 'm') AND NOT _dao_redshift.is_hidden(n.oid) AND n.nspname <> 'pg_toast' AND n.nspname !~ '^pg_toast_temp_'
  AND (n.nspname !~ '^pg_temp_' OR c.relnamespace = pg_catalog.pg_my_temp_schema());

DO $$
DECLARE
    shown record;
BEGIN
    FOR shown IN SELECT * FROM (VALUES ('tables', 'table_schema'), ('columns', 'table_schema'), ('schemata', 'schema_name'),
        ('views', 'table_schema'), ('table_constraints', 'table_schema'), ('key_column_usage', 'table_schema')) v (name, schema_column)
    LOOP
        EXECUTE (
            SELECT format('CREATE VIEW _dao_information_schema.%I AS SELECT %s FROM information_schema.%I WHERE %I NOT IN (%L, %L, %L)', shown.name,
                          string_agg(CASE attname WHEN 'data_type' THEN $type$CASE data_type WHEN 'jsonb' THEN 'super'
                              WHEN 'bytea' THEN 'binary varying' ELSE data_type END AS data_type$type$ ELSE format(CASE WHEN attname ~ '^collation_'
                              THEN 'NULL::information_schema.sql_identifier AS %I' ELSE '%I' END, attname) END, ', ' ORDER BY attnum),
                          shown.name, shown.schema_column, '_dao_redshift', '_dao_redshift_texts', '_dao_information_schema')
            FROM pg_catalog.pg_attribute WHERE attrelid = ('information_schema.' || shown.name)::regclass AND attnum > 0);
    END LOOP;
END
$$;
