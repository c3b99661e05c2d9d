-- Redshift's names of types, and what its columns may hold.

CREATE FUNCTION _dao_redshift.type_text(type_id oid, modifier integer) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE type_id
        WHEN 'jsonb'::regtype THEN 'super'
        WHEN 'bytea'::regtype THEN 'binary varying'
        WHEN 'text'::regtype THEN 'character varying(65535)'
        WHEN 'varchar'::regtype THEN format('character varying(%s)', CASE modifier WHEN -1 THEN 65535 ELSE modifier - 4 END)
        ELSE pg_catalog.format_type(type_id, modifier)
    END
$$;

CREATE FUNCTION _dao_redshift.default_encoding(type_id oid, is_sort_key boolean) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN is_sort_key THEN 'none'
        WHEN type_id IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype, 'numeric'::regtype, 'date'::regtype, 'time'::regtype,
                         'timetz'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype, 'interval'::regtype) THEN 'az64'
        WHEN type_id IN ('varchar'::regtype, 'text'::regtype, 'bpchar'::regtype, 'bytea'::regtype) THEN 'lzo'
        WHEN type_id = 'jsonb'::regtype THEN 'zstd'
        ELSE 'none'
    END
$$;

-- Volatile, for PostgreSQL calls an immutable one with constant arguments before it looks at a row.
CREATE FUNCTION _dao_redshift.too_long(type_name text) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'value too long for type %', type_name USING ERRCODE = 'string_data_right_truncation';
END
$$;

CREATE FUNCTION _dao_redshift.limit_name(column_name text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT '_dao_bytes_' || pg_catalog.md5(column_name)
$$;

CREATE FUNCTION _dao_redshift.byte_limit(column_name text, type_id oid, modifier integer, bytes integer) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN type_id IN ('varchar'::regtype, 'bpchar'::regtype) AND modifier > 4 THEN format(
            'CASE WHEN octet_length(%I) > %s THEN _dao_redshift.too_long(%L) END',
            column_name, modifier - 4, _dao_redshift.type_text(type_id, modifier))
        WHEN type_id = 'bytea'::regtype THEN format(
            'CASE WHEN octet_length(%I) > %s THEN _dao_redshift.too_long(%L) END',
            column_name, coalesce(bytes, 64000), format('binary varying(%s)', coalesce(bytes, 64000)))
    END
$$;

CREATE PROCEDURE _dao_redshift.limit_bytes(table_id regclass, column_name text, bytes integer)
LANGUAGE plpgsql AS $$
DECLARE
    limited text;
BEGIN
    SELECT _dao_redshift.byte_limit(attname, atttypid, atttypmod, bytes) INTO STRICT limited
    FROM pg_catalog.pg_attribute WHERE attrelid = table_id AND attname = column_name AND NOT attisdropped;
    EXECUTE format('ALTER TABLE %s DROP CONSTRAINT IF EXISTS %I', table_id, _dao_redshift.limit_name(column_name));
    IF limited IS NOT NULL THEN
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I CHECK (%s)', table_id, _dao_redshift.limit_name(column_name), limited);
    END IF;
END
$$;
